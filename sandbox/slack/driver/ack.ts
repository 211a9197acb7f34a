import { showResponse } from '../response-urls.ts';
import type { Delivery, Json, SlackEphemeral, SlackMessage, SlackView } from '../types.ts';
import { until, type World } from '../world.ts';
import type { Prepared } from './interactions.ts';
import { isRecord } from './state.ts';

/** How the bot took a command, click or shortcut, and what the person was shown for it. */
export interface Ack {
  /** HTTP status; 200 for a socket acknowledgement; null when none came within three seconds. */
  status: number | null;
  body: string;
  /** What Slack tells the person when the bot failed, e.g. `/release failed with the error "dispatch_failed"`. */
  failure: 'dispatch_failed' | 'operation_timeout' | 'unknown_command' | null;
  durationMs: number;
  triggerId: string;
  responseUrl: string;
  /** All that was shown through the acknowledgement and the response_url, growing as more comes. */
  shown: (SlackMessage | SlackEphemeral)[];
  /** Waits for the nth thing shown (0 is the first). */
  reply(index?: number, timeoutMs?: number): Promise<SlackMessage | SlackEphemeral>;
  /** Waits for the modal that was opened with this trigger. */
  opened(timeoutMs?: number): Promise<SlackView>;
}

function failureOf(delivery: Delivery): Ack['failure'] {
  if (delivery.status === 200) return null;
  return delivery.failure === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
}

/** Shows the body of a slash command's acknowledgement: plain text, or a message as JSON. */
export function showAckBody(world: World, prepared: Prepared, body: string): void {
  if (body.trim() === '' || !prepared.response) return;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = { text: body };
  }
  showResponse(world, prepared.response, isRecord(parsed) ? parsed : ({ text: body } as Json), 'ack');
}

export function makeAck(world: World, prepared: Prepared, delivery: Delivery): Ack {
  const shown = prepared.response?.shown ?? [];
  const responseUrl = prepared.payload['response_url'];
  return {
    status: delivery.status,
    body: delivery.body,
    failure: failureOf(delivery),
    durationMs: delivery.durationMs,
    triggerId: prepared.triggerId,
    responseUrl: typeof responseUrl === 'string' ? responseUrl : '',
    shown,
    reply: (index = 0, timeoutMs) => until(world, () => shown[index], `reply ${index} to ${delivery.name}`, timeoutMs),
    opened: (timeoutMs) =>
      until(world, () => world.triggers.get(prepared.triggerId)?.opened, `a modal after ${delivery.name}`, timeoutMs),
  };
}

/** The answer when the command is not one of the app's. */
export function unknownCommand(): Ack {
  const never = () => Promise.reject(new Error('the command is unknown to Slack'));
  const fields = {
    status: null,
    body: '',
    failure: 'unknown_command',
    durationMs: 0,
    triggerId: '',
    responseUrl: '',
  } as const;
  return { ...fields, shown: [], reply: never, opened: never };
}
