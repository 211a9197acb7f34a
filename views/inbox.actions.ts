import { z } from 'zod';
import type { Delivery } from '../src/engine/index.ts';
import { inLogScope } from '../src/shared/log-scope.ts';
import { within } from '../src/shared/within.ts';
import type { FaceDeps } from './deps.ts';
import { GATE_ACTIONS, PICKER_ACTIONS, RELEASE_ACTIONS, SLOT_ACTIONS, TASK_ACTIONS } from './ids.ts';

/**
 * What Slack hears was taken is stored before it hears so: a process that dies over a file, a click or a command is
 * followed by one that goes on (Spec 7.2). It is deleted when it was dealt with; what is done twice all the same is known
 * by the file or the `trigger_id`.
 */
export interface Inbox {
  /**
   * Before the acknowledgement. null: this needs no keeping, it is only to be worked on. Throws when an event could not be
   * stored: then it must not be acknowledged, and Slack repeats it.
   */
  keep(body: unknown, retryNum: number): Promise<KeptRequest | null>;
  /** For a job: works on what was kept by an instance that is gone. Returns how many. */
  resume(): Promise<number>;
}

export interface KeptRequest {
  /** false: it is or was worked on already, this repeat is only acknowledged */
  isNew: boolean;
  /** It was dealt with. Never throws. */
  done(): Promise<void>;
}

export interface InboxOptions {
  /** Works on a request as if it had just come; acknowledging it does nothing. */
  process(body: Record<string, unknown>): Promise<void>;
  /** Whether this command does more than show something. */
  isDeed(command: { command: string; text: string }): boolean;
}

const KEY_PREFIX = 'slack-inbox:';
const LEASE_MS = 60_000;
/** Slack waits three seconds for its answer. */
const STORE_WITHIN_MS = 1_500;
/** Slack repeats an event three times; then it is worked on unstored rather than not at all. */
const LAST_RETRY = 3;
/** What somebody clicked or typed is not done when they stopped expecting it. */
const EXPECTED_FOR_MS = 5 * 60_000;
/** A request whose work was cut short this often by a dying process is given up. */
const MAX_ATTEMPTS = 5;

/** Buttons that do something when they are clicked. The others show something or open a window, which only works at once. */
const DEEDS: readonly string[] = [
  RELEASE_ACTIONS.start,
  RELEASE_ACTIONS.resume,
  RELEASE_ACTIONS.triggerRegression,
  GATE_ACTIONS.approve,
  TASK_ACTIONS.retry,
  TASK_ACTIONS.confirmSubmission,
  SLOT_ACTIONS.runNow,
  SLOT_ACTIONS.fold,
  SLOT_ACTIONS.drop,
  SLOT_ACTIONS.remove,
  PICKER_ACTIONS.choose,
];

const ByTeam = { team_id: z.string() };
const FileEvent = z.object({
  type: z.literal('event_callback'),
  ...ByTeam,
  event_id: z.string(),
  event: z.union([
    z.looseObject({ type: z.literal('file_shared') }),
    z.looseObject({ type: z.literal('message'), subtype: z.literal('file_share') }),
  ]),
});
const PersonOf = z.object({ id: z.string() });
const Click = z.object({
  type: z.literal('block_actions'),
  trigger_id: z.string(),
  team: z.object({ id: z.string() }),
  user: PersonOf,
  actions: z.array(z.object({ action_id: z.string() })).min(1),
});
const FileShortcut = z.object({
  type: z.literal('message_action'),
  trigger_id: z.string(),
  team: z.object({ id: z.string() }),
  user: PersonOf,
});
const Command = z.object({
  ...ByTeam,
  command: z.string(),
  text: z.string().default(''),
  trigger_id: z.string(),
  user_id: z.string(),
});

interface Arrival {
  tenantId: string;
  /** Slack's id of it, the same for every repeat */
  id: string;
  /** who waits for what comes of it; null: nobody does, however long it takes */
  userId: string | null;
}

/** null: nothing is lost with it. */
function arrivalOf(body: unknown, isDeed: InboxOptions['isDeed']): Arrival | null {
  const event = FileEvent.safeParse(body);
  if (event.success) return { tenantId: event.data.team_id, id: event.data.event_id, userId: null };
  const click = Click.safeParse(body);
  if (click.success) {
    const { team, user, trigger_id: id, actions } = click.data;
    const isKept = actions.some((action) => DEEDS.includes(action.action_id));
    return isKept ? { tenantId: team.id, id, userId: user.id } : null;
  }
  const shortcut = FileShortcut.safeParse(body);
  if (shortcut.success) {
    const { team, user, trigger_id: id } = shortcut.data;
    return { tenantId: team.id, id, userId: user.id };
  }
  const command = Command.safeParse(body);
  if (!command.success || !isDeed(command.data)) return null;
  return { tenantId: command.data.team_id, id: command.data.trigger_id, userId: command.data.user_id };
}

export function createInbox(deps: FaceDeps, options: InboxOptions): Inbox {
  const { deliveries } = deps.engine;

  async function forget(delivery: Delivery): Promise<void> {
    await deliveries.forget(delivery).catch((error: unknown) => {
      deps.logger.warn({ err: error, tenantId: delivery.tenantId }, 'a request could not be marked as done');
    });
  }

  return {
    async keep(body, retryNum) {
      const arrival = arrivalOf(body, options.isDeed);
      if (arrival === null) return null;
      const { tenantId, id, userId } = arrival;
      const payload = { userId, body: JSON.stringify(body) };
      const storing = deliveries.receive({ tenantId, key: `${KEY_PREFIX}${id}`, payload }, LEASE_MS);
      try {
        const stored = await within(STORE_WITHIN_MS, storing, null);
        if (!stored) throw new Error(`not stored within ${STORE_WITHIN_MS} ms`);
        return { isNew: stored.claimed, done: () => forget(stored.delivery) };
      } catch (error) {
        deps.logger.warn({ err: error, tenantId, retryNum }, 'a request of Slack could not be stored');
        if (userId === null && retryNum < LAST_RETRY) throw error;
        // It is worked on now, and its person told what came of it: should it be stored late, that is not for another time.
        storing.then(({ delivery }) => forget(delivery)).catch(() => undefined);
        return null;
      }
    },

    async resume() {
      for (let count = 0; ; count += 1) {
        const delivery = await deliveries.claimAbandoned(KEY_PREFIX, LEASE_MS);
        if (delivery === null) return count;
        const { tenantId, key: deliveryId } = delivery;
        await inLogScope({ tenantId, deliveryId }, async () => {
          await resumeOne(deps, options, delivery);
          await forget(delivery);
        });
      }
    },
  };
}

const Payload = z.object({ userId: z.string().nullable(), body: z.string() });

async function resumeOne(deps: FaceDeps, options: InboxOptions, delivery: Delivery): Promise<void> {
  const { tenantId, attempts, createdAt } = delivery;
  const { userId, body } = Payload.parse(delivery.payload);
  const isTooLate = userId !== null && deps.engine.now().getTime() - createdAt.getTime() > EXPECTED_FOR_MS;
  deps.logger.info({ tenantId, attempts, isTooLate }, 'a request whose instance died is taken up');
  if (!isTooLate && attempts <= MAX_ATTEMPTS) return options.process(z.looseObject({}).parse(JSON.parse(body)));
  if (userId === null) return deps.logger.error({ tenantId, attempts }, 'a shared file was given up');
  const at = Math.floor(createdAt.getTime() / 1000);
  const when = `<!date^${at}^{date_short_pretty} {time}|${createdAt.toISOString()}>`;
  const text = `I was cut off before I came to what you asked for ${when}. It may not be done: look, and ask again.`;
  await deps.client.chat.postMessage({ channel: userId, text }).catch((error: unknown) => {
    deps.logger.warn({ err: error, tenantId }, 'a person could not be told of a lost request');
  });
}
