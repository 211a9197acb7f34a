import type { WebClient } from '@slack/web-api';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { AuthError, TransientError } from '../../shared/errors.ts';
import { createQuietTime, type QuietTime } from '../../shared/quiet-time.ts';
import type { Messenger } from './port.ts';
import { METHOD_SCOPES } from './scopes.ts';
import { mapSlackError, slackErrorWord } from './slack-errors.ts';
import { findMessageByKey, MESSAGE_EVENT_TYPE, readKeyAt } from './slack-search.ts';

const GROUP_CACHE_MS = 60_000;
const GROUP_STALE_MS = 15 * 60_000;

/** One workspace's Slack. `client` must not retry by itself (`createSlackClient`). Spec 4.5, 6.4, 7.2. */
export function createSlackMessenger(options: {
  client: WebClient;
  /** our own user id; messages of others are then never taken for ours */
  botUserId?: string | undefined;
  clock?: Clock | undefined;
}): Messenger {
  const { client, botUserId } = options;
  const clock = options.clock ?? systemClock;
  const groups = createGroupCache(client, clock);
  const quiet = new Map<string, QuietTime>();
  /** Slack limits each method by itself; posting, for each channel. */
  async function limited<T>(operation: string, where: string, call: () => Promise<T>): Promise<T> {
    const limit = `${operation} ${where}`;
    const kept = quiet.get(limit) ?? createQuietTime(clock.now);
    quiet.set(limit, kept);
    kept.keep(operation);
    try {
      return await calling(operation, call);
    } catch (error) {
      kept.note(error);
      throw error;
    }
  }
  return {
    async send({ key, channelId, threadTs, broadcast, rendered }) {
      const message = {
        channel: channelId,
        text: rendered.text,
        blocks: rendered.blocks,
        metadata: { event_type: MESSAGE_EVENT_TYPE, event_payload: { key } },
        unfurl_links: false,
        unfurl_media: false,
      };
      const answer = await limited('send', channelId, () => {
        if (threadTs === null) return client.chat.postMessage(message);
        const reply = { ...message, thread_ts: threadTs };
        return client.chat.postMessage(broadcast ? { ...reply, reply_broadcast: true } : reply);
      });
      if (!answer.ts) throw halfAnswer('send', 'ts');
      return { ts: answer.ts, channelId: answer.channel ?? channelId };
    },
    async update({ channelId, ts, rendered }) {
      await limited('update', '', () =>
        client.chat.update({ channel: channelId, ts, text: rendered.text, blocks: rendered.blocks }),
      );
    },
    findByKey(message) {
      return limited('findByKey', '', () => findMessageByKey(client, { ...message, botUserId }));
    },
    keyAt(message) {
      return limited('keyAt', '', () => readKeyAt(client, { ...message, botUserId }));
    },
    async permalink({ channelId, ts }) {
      try {
        const answer = await client.chat.getPermalink({ channel: channelId, message_ts: ts });
        return answer.permalink ?? null;
      } catch (error) {
        if (slackErrorWord(error) === 'message_not_found') return null;
        throw mapSlackError(error, 'permalink');
      }
    },
    groupMembers: (groupId) => groups.members(groupId),
    async verify() {
      const answer = await calling('verify', () => client.auth.test());
      if (!answer.team_id || !answer.user_id) throw halfAnswer('verify', 'team_id and user_id');
      const granted = answer.response_metadata?.scopes;
      const missing = granted ? requiredScopes().filter((scope) => !granted.includes(scope)) : [];
      if (missing.length > 0) {
        const detail = `missing_scope: reinstall the app with ${missing.join(', ')}`;
        throw new AuthError({ provider: 'SLACK', operation: 'verify', status: 200, detail });
      }
      const teamName = answer.team ?? answer.team_id;
      return {
        detail: `${teamName} as @${answer.user ?? answer.user_id}`,
        teamId: answer.team_id,
        teamName,
        botUserId: answer.user_id,
      };
    },
  };
}

async function calling<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw mapSlackError(error, operation);
  }
}

function halfAnswer(operation: string, what: string): TransientError {
  return new TransientError({ provider: 'SLACK', operation, status: 200, detail: `the answer has no ${what}` });
}

function requiredScopes(): string[] {
  return [...new Set(Object.values(METHOD_SCOPES).flat())].sort();
}

/** Members of user groups, a minute old at most; older (up to 15 minutes) only while Slack does not answer. */
function createGroupCache(client: WebClient, clock: Clock): { members(groupId: string): Promise<string[]> } {
  const known = new Map<string, { members: string[]; at: number }>();
  const asking = new Map<string, Promise<string[]>>();
  async function ask(groupId: string): Promise<string[]> {
    try {
      const answer = await client.usergroups.users.list({ usergroup: groupId });
      if (!answer.users) throw halfAnswer('groupMembers', 'users');
      const members = answer.users;
      known.set(groupId, { members, at: clock.now().getTime() });
      return members;
    } catch (error) {
      // A group that was deleted has no members; it must not keep everybody else from their roles.
      if (slackErrorWord(error) === 'no_such_subteam') return [];
      const fault = mapSlackError(error, 'groupMembers');
      const old = known.get(groupId);
      if (fault instanceof TransientError && old && clock.now().getTime() - old.at < GROUP_STALE_MS) return old.members;
      throw fault;
    } finally {
      asking.delete(groupId);
    }
  }
  return {
    members(groupId) {
      const entry = known.get(groupId);
      if (entry && clock.now().getTime() - entry.at < GROUP_CACHE_MS) return Promise.resolve(entry.members);
      const running = asking.get(groupId) ?? ask(groupId);
      asking.set(groupId, running);
      return running;
    },
  };
}
