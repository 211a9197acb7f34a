import type { Parcel } from './delivery.ts';
import type { Delivery, Json, SlackMessage } from './types.ts';
import { messageToWire } from './wire.ts';
import { APP_ID, BOT_USER, randomToken, type World } from './world.ts';

/** Slack's waits before the three retries of an event. */
const RETRY_DELAYS_MS = [0, 60_000, 300_000] as const;

/** Sends events, repeats what was not taken, and knows what is still under way. */
export interface Events {
  /** Resolves with the first attempt's outcome, or null when the app has not subscribed to it. */
  emit(subscription: string, event: Json): Promise<Delivery | null>;
  /** Sends an event that was sent before once more, as Slack does when it missed the answer. */
  resend(eventId: string): Promise<Delivery>;
  /** Runs the retries that are waiting for their time now. */
  flushRetries(): Promise<void>;
  /** Resolves when no first attempt is under way any more. */
  idle(): Promise<void>;
  stop(): void;
}

export function createEvents(world: World): Events {
  const delays = world.options.retryDelaysMs ?? RETRY_DELAYS_MS;
  const subscribed = world.options.events ? new Set(world.options.events) : null;
  const sent = new Map<string, Parcel>();
  const waiting = new Map<() => Promise<void>, NodeJS.Timeout>();
  const underWay = new Set<Promise<unknown>>();
  let stopped = false;

  function track<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    const done = () => underWay.delete(work);
    work.then(done, done);
    return work;
  }

  async function attempt(parcel: Parcel): Promise<Delivery> {
    const { delivery, answer } = await world.link.deliver(parcel);
    const taken = answer.status !== null && answer.status >= 200 && answer.status < 300;
    const nth = parcel.attempt ?? 0;
    const delayMs = delays[nth];
    if (taken || answer.noRetry || delayMs === undefined || stopped) return delivery;
    const retryReason = answer.failure === 'timeout' ? 'http_timeout' : 'http_error';
    const retry = async () => {
      clearTimeout(waiting.get(retry));
      waiting.delete(retry);
      await track(attempt({ ...parcel, attempt: nth + 1, retryReason }));
    };
    const timer = setTimeout(() => void retry(), delayMs);
    if (delayMs > 0) timer.unref();
    waiting.set(retry, timer);
    return delivery;
  }

  return {
    async emit(subscription, event) {
      if (subscribed && !subscribed.has(subscription)) return null;
      const eventId = `Ev${randomToken(5).toUpperCase()}`;
      const payload: Json = {
        token: 'legacy-verification-token',
        team_id: world.options.teamId,
        context_team_id: world.options.teamId,
        context_enterprise_id: null,
        api_app_id: APP_ID,
        event,
        type: 'event_callback',
        event_id: eventId,
        event_time: Math.floor(world.now().getTime() / 1000),
        authorizations: [
          {
            enterprise_id: null,
            team_id: world.options.teamId,
            user_id: BOT_USER,
            is_bot: true,
            is_enterprise_install: false,
          },
        ],
        is_ext_shared_channel: false,
        event_context: randomToken(12),
      };
      const parcel: Parcel = { kind: 'event', name: String(event['type']), payload, eventId };
      sent.set(eventId, parcel);
      return track(attempt(parcel));
    },
    async resend(eventId) {
      const parcel = sent.get(eventId);
      if (!parcel) throw new Error(`No event ${eventId} was sent`);
      const { delivery } = await track(world.link.deliver({ ...parcel, attempt: 1, retryReason: 'http_timeout' }));
      return delivery;
    },
    async flushRetries() {
      while (waiting.size > 0) await Promise.all([...waiting.keys()].map((retry) => retry()));
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled([...underWay]);
    },
    stop() {
      stopped = true;
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}

const SUBSCRIPTIONS = { public: 'message.channels', private: 'message.groups', im: 'message.im' } as const;
const CHANNEL_TYPES = { public: 'channel', private: 'group', im: 'im' } as const;

/** Tells the app about something in a channel; only channels it is a member of. */
export async function emitMessageEvent(world: World, channelId: string, event: Json): Promise<Delivery | null> {
  const channel = world.channels.get(channelId);
  if (!channel?.members.has(BOT_USER)) return null;
  const full = { ...event, channel: channelId, channel_type: CHANNEL_TYPES[channel.kind] };
  return world.events.emit(SUBSCRIPTIONS[channel.kind], full);
}

/** A new message; its metadata is only for those with the read scope, so events leave it out. */
export function emitPosted(world: World, message: SlackMessage): Promise<Delivery | null> {
  return emitMessageEvent(world, message.channel, { ...messageToWire(world, message), event_ts: message.ts });
}
