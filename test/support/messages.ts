import { elementsOf, type Slack, type SlackMessage } from '../../sandbox/slack/index.ts';

/** The bot's messages as a test reads them: by the key that each carries in its metadata (Spec 7.2). */

export function keyOf(message: SlackMessage): string | null {
  const payload = message.metadata?.['event_payload'];
  if (typeof payload !== 'object' || payload === null || !('key' in payload)) return null;
  return typeof payload.key === 'string' ? payload.key : null;
}

/** The key without the release's id: what the message is about. */
export function occasionOf(message: SlackMessage): string | null {
  const key = keyOf(message);
  return key === null ? null : key.slice(key.indexOf(':') + 1);
}

export function keyed(slack: Slack, releaseId: string): SlackMessage[] {
  return slack.messages().filter((message) => keyOf(message)?.startsWith(`${releaseId}:`));
}

/** Null until it was posted. */
export function messageAbout(slack: Slack, releaseId: string, occasion: string): SlackMessage | null {
  return slack.messages().find((message) => keyOf(message) === `${releaseId}:${occasion}`) ?? null;
}

/** What can be used on the message now: action ids, in the order they stand there. */
export function actionsOn(message: SlackMessage): string[] {
  return elementsOf(message.blocks).map((placed) => placed.actionId);
}

/** Everything that is written in it, blocks included. */
export function wordsOf(message: { text: string; blocks: unknown }): string {
  return `${message.text}\n${JSON.stringify(message.blocks)}`;
}
