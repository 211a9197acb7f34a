import type { Messenger, RenderedMessage } from '../../src/integrations/messenger/port.ts';
import type { ProviderError } from '../../src/shared/errors.ts';

export interface SentMessage {
  key: string;
  channelId: string;
  threadTs: string | null;
  broadcast: boolean;
  ts: string;
  /** every version it was shown in, the newest last */
  versions: RenderedMessage[];
}

/** A `Messenger` that keeps what it was given; faults are thrown on demand. */
export interface FakeMessenger extends Messenger {
  sent: SentMessage[];
  /** Thrown by the next `send`, before or after the message arrived. */
  failNext(error: ProviderError, when?: 'before' | 'after'): void;
  down: ProviderError | null;
}

export function fakeMessenger(): FakeMessenger {
  const sent: SentMessage[] = [];
  const faults: { error: ProviderError; when: 'before' | 'after' }[] = [];
  const take = (when: 'before' | 'after') => {
    if (faults[0]?.when !== when) return;
    const fault = faults.shift();
    if (fault) throw fault.error;
  };
  const messenger: FakeMessenger = {
    sent,
    down: null,
    failNext: (error, when = 'before') => void faults.push({ error, when }),
    async send({ key, channelId, threadTs, broadcast, rendered }) {
      if (messenger.down) throw messenger.down;
      take('before');
      const ts = `${1_700_000_000 + sent.length}.000100`;
      sent.push({ key, channelId, threadTs, broadcast, ts, versions: [rendered] });
      take('after');
      return { ts, channelId };
    },
    async update({ ts, rendered }) {
      if (messenger.down) throw messenger.down;
      sent.find((message) => message.ts === ts)?.versions.push(rendered);
    },
    async findByKey({ key }) {
      if (messenger.down) throw messenger.down;
      const found = sent.find((message) => message.key === key);
      return found ? { ts: found.ts, channelId: found.channelId } : null;
    },
    async keyAt({ channelId, ts }) {
      if (messenger.down) throw messenger.down;
      return sent.find((message) => message.ts === ts && message.channelId === channelId)?.key ?? null;
    },
    permalink: async ({ channelId, ts }) => `https://slack.test/${channelId}/${ts}`,
    groupMembers: async () => [],
    verify: async () => ({ detail: 'fake', teamId: 'T1', teamName: 'Team', botUserId: 'UBOT' }),
  };
  return messenger;
}
