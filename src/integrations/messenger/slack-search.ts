import type { ConversationsHistoryResponse, ConversationsRepliesResponse, WebClient } from '@slack/web-api';
import { TransientError } from '../../shared/errors.ts';

/** The `event_type` of our messages' metadata; its payload holds the message's `key`. Spec 7.2. */
export const MESSAGE_EVENT_TYPE = 'slipway_message';

const PAGE_SIZE = 200;
const MAX_PAGES = 25;
/** Slack's clock and ours may differ by this much. */
const SKEW_SECONDS = 300;

type Message = NonNullable<ConversationsHistoryResponse['messages'] | ConversationsRepliesResponse['messages']>[number];

/**
 * Looks through the thread (or the channel) for our message with this key, posted at or after `since`, 5,000 messages
 * at most. Throws `TransientError` when it could not look to the end: "not seen" must never be taken for "not there".
 */
export async function findMessageByKey(
  client: WebClient,
  search: {
    key: string;
    channelId: string;
    threadTs: string | null;
    since: Date;
    botUserId?: string | undefined;
  },
): Promise<{ ts: string; channelId: string } | null> {
  const channel = await historyOf(client, search.channelId);
  const oldest = String(Math.max(0, Math.floor(search.since.getTime() / 1000) - SKEW_SECONDS));
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const range = {
      channel,
      oldest,
      limit: PAGE_SIZE,
      include_all_metadata: true,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const answer =
      search.threadTs === null
        ? await client.conversations.history(range)
        : await client.conversations.replies({ ...range, ts: search.threadTs });
    if (!answer.messages) throw notLooked('the answer has no messages');
    const found = answer.messages.find((message) => keyOf(message, search.botUserId) === search.key);
    if (found?.ts) return { ts: found.ts, channelId: channel };
    cursor = answer.response_metadata?.next_cursor || undefined;
    if (cursor === undefined) return null;
  }
  throw notLooked(`more than ${PAGE_SIZE * MAX_PAGES} messages to look through`);
}

/** The key of our message with this `ts` in the channel itself, not in a thread; null when there is none of ours. */
export async function readKeyAt(
  client: WebClient,
  place: { channelId: string; ts: string; botUserId?: string | undefined },
): Promise<string | null> {
  const answer = await client.conversations.history({
    channel: place.channelId,
    latest: place.ts,
    oldest: place.ts,
    inclusive: true,
    limit: 1,
    include_all_metadata: true,
  });
  const found = answer.messages?.find(({ ts }) => ts === place.ts);
  return found ? keyOf(found, place.botUserId) : null;
}

function notLooked(detail: string): TransientError {
  return new TransientError({ provider: 'SLACK', operation: 'findByKey', status: null, detail });
}

/** What was posted to a user stands in the direct channel with them, which has an id of its own. */
async function historyOf(client: WebClient, channelId: string): Promise<string> {
  if (!/^[UW]/.test(channelId)) return channelId;
  const answer = await client.conversations.open({ users: channelId });
  if (answer.channel?.id) return answer.channel.id;
  const detail = 'the answer has no channel';
  throw new TransientError({ provider: 'SLACK', operation: 'findByKey', status: 200, detail });
}

/** The key in a message of ours. */
function keyOf(message: Message, botUserId: string | undefined): string | null {
  // Anybody's app may write metadata of this type: a message of another user is not ours.
  if (botUserId !== undefined && message.user !== undefined && message.user !== botUserId) return null;
  const { metadata } = message;
  if (metadata?.event_type !== MESSAGE_EVENT_TYPE) return null;
  const payload: unknown = metadata.event_payload;
  if (typeof payload !== 'object' || payload === null || !('key' in payload)) return null;
  return typeof payload.key === 'string' ? payload.key : null;
}
