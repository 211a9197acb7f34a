import type { OutboxRow } from '../../src/domain/outbox.ts';
import { newId } from '../../src/shared/ids.ts';
import { at, LEASE_MS, NOW, outboxRow, usePersistence } from './support.ts';

const opened = usePersistence();

/** Claims the next row or fails the test. */
async function claimed(releaseId: string, now = NOW): Promise<OutboxRow & { token: string }> {
  const row = await opened.repositories.outbox.claimNext(releaseId, now, LEASE_MS);
  if (!row?.lease) throw new Error(`a row of ${releaseId} should be there to claim`);
  return { ...row, token: row.lease.token };
}

async function give(row: OutboxRow & { token: string }, outcome: Partial<OutboxRow>): Promise<boolean> {
  const { token, ...fields } = row;
  return opened.repositories.outbox.release({ ...fields, ...outcome }, token);
}

function sent(row: OutboxRow, shownVersion = row.wantedVersion): Partial<OutboxRow> {
  return {
    status: 'SENT',
    ts: `ts-${row.seq}`,
    postedChannelId: 'C1',
    settled: !row.living,
    shownVersion,
    sentAt: NOW,
  };
}

async function appended(rows: number, first: Partial<OutboxRow> = {}): Promise<string> {
  const releaseId = newId('rel');
  const made = Array.from({ length: rows }, (_, i) => outboxRow(releaseId, i + 1, i === 0 ? first : {}));
  await opened.repositories.outbox.append(made);
  return releaseId;
}

async function find(releaseId: string, seq: number): Promise<OutboxRow> {
  const row = await opened.repositories.outbox.find('T1', `${releaseId}:message-${seq}`);
  if (!row) throw new Error(`row ${seq} of ${releaseId} should be there`);
  return row;
}

async function due(now: Date): Promise<string[]> {
  return opened.repositories.outbox.findDueReleases(now, 1000);
}

describe('append', () => {
  it('inserts each message once, whoever moves it and how often', async () => {
    const { outbox } = opened.repositories;
    const releaseId = newId('rel');
    const rows = [1, 2, 3, 4].map((seq) => outboxRow(releaseId, seq));
    await outbox.append(rows.slice(0, 1));
    const row = await claimed(releaseId);
    await give(row, sent(row));
    await Promise.all([outbox.append(rows), outbox.append(rows.slice(1)), outbox.append(rows), outbox.append([])]);
    const [first, ...others] = await outbox.listByRelease('T1', releaseId);
    expect(first).toMatchObject({ status: 'SENT', ts: 'ts-1' });
    expect(others).toEqual(rows.slice(1));
  });
});

describe('claimNext', () => {
  it('gives the first row with a claim on it, and nothing while somebody has that one', async () => {
    const releaseId = await appended(3);
    const row = await claimed(releaseId);
    expect(row).toMatchObject({ seq: 1, status: 'SENDING', attempts: 1, lease: { until: at(60) } });
    expect(await opened.repositories.outbox.claimNext(releaseId, at(59), LEASE_MS)).toBeNull();
    await give(row, sent(row));
    expect((await claimed(releaseId)).seq).toBe(2);
  });

  it('keeps the order when the first row waits for another try, and finds nothing due meanwhile', async () => {
    const releaseId = await appended(3);
    const row = await claimed(releaseId);
    await give(row, { status: 'PENDING', attempts: 1, lastError: 'ratelimited', dueAt: at(300) });
    expect(await opened.repositories.outbox.claimNext(releaseId, at(299), LEASE_MS)).toBeNull();
    expect(await due(at(299))).not.toContain(releaseId);
    expect(await due(at(300))).toContain(releaseId);
    const again = await claimed(releaseId, at(300));
    expect(again).toMatchObject({ seq: 1, attempts: 2, lastError: 'ratelimited' });
    await give(again, sent(again));
    expect((await claimed(releaseId, at(300))).seq).toBe(2);
  });

  it('goes on with later rows after one was parked', async () => {
    const releaseId = await appended(2);
    const row = await claimed(releaseId);
    await give(row, { status: 'PARKED', lastError: 'channel_not_found' });
    expect((await claimed(releaseId)).seq).toBe(2);
  });

  it('is null when everything was sent, and for a release without messages', async () => {
    const releaseId = await appended(1);
    const row = await claimed(releaseId);
    await give(row, sent(row));
    expect(await opened.repositories.outbox.claimNext(releaseId, at(1000), LEASE_MS)).toBeNull();
    expect(await opened.repositories.outbox.claimNext('rel_none', at(1000), LEASE_MS)).toBeNull();
    expect(await due(at(1000))).not.toContain(releaseId);
  });

  it('takes over a claim that ran out; what its old holder then stores is refused', async () => {
    const releaseId = await appended(1);
    const old = await claimed(releaseId);
    expect(await due(at(59))).not.toContain(releaseId);
    expect(await due(at(60))).toContain(releaseId);
    const row = await claimed(releaseId, at(60));
    expect(row).toMatchObject({ seq: 1, attempts: 2 });
    expect(await give(old, sent(old))).toBe(false);
    expect(await give(row, sent(row))).toBe(true);
    expect(await give(row, sent(row))).toBe(false);
  });

  it('gives each row to one worker only and in order, with many workers at once', async () => {
    const releaseIds = await Promise.all(Array.from({ length: 4 }, () => appended(8)));
    const posted: string[] = [];
    const holding = new Set<string>();
    const work = async (order: string[]) => {
      let idle = 0;
      while (idle < 60) {
        idle++;
        for (const releaseId of order) {
          const row = await opened.repositories.outbox.claimNext(releaseId, NOW, LEASE_MS);
          if (!row?.lease) continue;
          idle = 0;
          expect(holding.has(releaseId)).toBe(false);
          holding.add(releaseId);
          posted.push(row.key);
          holding.delete(releaseId);
          expect(await opened.repositories.outbox.release({ ...row, ...sent(row) }, row.lease.token)).toBe(true);
        }
        if (posted.length === 32) return;
      }
    };
    await Promise.all([work(releaseIds), work([...releaseIds].reverse()), work(releaseIds), work(releaseIds)]);
    for (const releaseId of releaseIds) {
      expect(posted.filter((key) => key.startsWith(releaseId))).toEqual(
        [1, 2, 3, 4, 5, 6, 7, 8].map((seq) => `${releaseId}:message-${seq}`),
      );
    }
  });
});

describe('living messages', () => {
  /** A root card that shows version 1, and one reply still to be sent. */
  async function withRootCard(): Promise<string> {
    const releaseId = await appended(2, { wantedVersion: 1 });
    const root = await claimed(releaseId);
    await give(root, sent(root));
    return releaseId;
  }

  it('become due when their release changed, once, before later rows, and without holding those up', async () => {
    const { outbox } = opened.repositories;
    const releaseId = await withRootCard();
    await outbox.touchLiving('T1', releaseId, 2, at(10));
    expect(await find(releaseId, 1)).toMatchObject({
      status: 'SENT',
      wantedVersion: 2,
      shownVersion: 1,
      dueAt: at(10),
    });
    const root = await claimed(releaseId, at(10));
    expect(root).toMatchObject({ seq: 1, ts: 'ts-1', wantedVersion: 2 });
    const reply = await claimed(releaseId, at(10));
    expect(reply.seq).toBe(2);
    await give(reply, sent(reply));
    await give(root, { ...sent(root), renderedHash: 'abc' });
    expect(await outbox.claimNext(releaseId, at(1000), LEASE_MS)).toBeNull();
    await outbox.touchLiving('T1', releaseId, 2, at(20));
    expect(await outbox.claimNext(releaseId, at(1000), LEASE_MS)).toBeNull();
  });

  it.each(['SENT', 'PENDING', 'SENDING'] as const)(
    'do not hold up later rows while they wait for another try, given back %s',
    async (status) => {
      const releaseId = await withRootCard();
      await opened.repositories.outbox.touchLiving('T1', releaseId, 2, at(10));
      const root = await claimed(releaseId, at(10));
      await give(root, { status, attempts: 1, dueAt: at(500) });
      expect((await claimed(releaseId, at(10))).seq).toBe(2);
      expect((await claimed(releaseId, at(500))).seq).toBe(1);
    },
  );

  it('are edited while the first unsent row waits for another try', async () => {
    const releaseId = await withRootCard();
    const reply = await claimed(releaseId);
    await give(reply, { status: 'PENDING', dueAt: at(900) });
    await opened.repositories.outbox.touchLiving('T1', releaseId, 2, at(10));
    expect((await claimed(releaseId, at(10))).seq).toBe(1);
  });

  it('show once more what changed while they were being edited', async () => {
    const { outbox } = opened.repositories;
    const releaseId = await withRootCard();
    await outbox.touchLiving('T1', releaseId, 2, at(10));
    const root = await claimed(releaseId, at(10));
    await outbox.touchLiving('T1', releaseId, 3, at(11));
    expect(await find(releaseId, 1)).toMatchObject({ status: 'SENDING', lease: { token: root.token } });
    expect(await give(root, sent(root, 2))).toBe(true);
    expect(await find(releaseId, 1)).toMatchObject({ status: 'SENT', wantedVersion: 3, shownVersion: 2 });
    expect((await claimed(releaseId, at(11))).seq).toBe(1);
  });

  it('are posted once although their release changed before', async () => {
    const { outbox } = opened.repositories;
    const releaseId = await appended(1, { wantedVersion: 1 });
    await outbox.touchLiving('T1', releaseId, 2, at(1));
    const root = await claimed(releaseId, at(1));
    expect(root).toMatchObject({ ts: null, wantedVersion: 2 });
    await give(root, sent(root, 2));
    expect(await outbox.claimNext(releaseId, at(1000), LEASE_MS)).toBeNull();
  });

  it('are left alone once they are settled or parked, and others always', async () => {
    const { outbox } = opened.repositories;
    const releaseId = await withRootCard();
    await outbox.touchLiving('T1', releaseId, 2, at(10));
    const root = await claimed(releaseId, at(10));
    await give(root, { ...sent(root), settled: true });
    const reply = await claimed(releaseId, at(10));
    await give(reply, sent(reply));
    await outbox.touchLiving('T1', releaseId, 3, at(11));
    expect(await outbox.claimNext(releaseId, at(1000), LEASE_MS)).toBeNull();

    const other = await withRootCard();
    await outbox.touchLiving('T1', other, 2, at(10));
    await give(await claimed(other, at(10)), { status: 'PARKED' });
    await outbox.touchLiving('T1', other, 3, at(11));
    expect((await claimed(other, at(11))).seq).toBe(2);
    expect(await outbox.claimNext(other, at(11), LEASE_MS)).toBeNull();
  });

  it('never take a wanted version back', async () => {
    const releaseId = await withRootCard();
    await opened.repositories.outbox.touchLiving('T1', releaseId, 5, at(10));
    await opened.repositories.outbox.touchLiving('T1', releaseId, 4, at(11));
    expect(await find(releaseId, 1)).toMatchObject({ wantedVersion: 5 });
  });

  it('lose no change against a worker that gives the row back at the same time', async () => {
    const { outbox } = opened.repositories;
    for (let round = 0; round < 20; round++) {
      const releaseId = await withRootCard();
      await outbox.touchLiving('T1', releaseId, 2, at(10));
      const root = await claimed(releaseId, at(10));
      await Promise.all([give(root, sent(root, 2)), outbox.touchLiving('T1', releaseId, 3, at(11))]);
      expect(await claimed(releaseId, at(11))).toMatchObject({ seq: 1, wantedVersion: 3 });
    }
  });
});

describe('findDueReleases', () => {
  it('names each release once, longest due first, at most as many as asked for', async () => {
    const { outbox } = opened.repositories;
    const early = at(-5000);
    const late = await appended(2, { dueAt: at(-4000) });
    const first = await appended(3, { dueAt: early });
    expect((await outbox.findDueReleases(at(-4000), 10)).slice(0, 2)).toEqual([first, late]);
    expect(await outbox.findDueReleases(at(-4000), 1)).toEqual([first]);
    expect(await outbox.findDueReleases(at(-5001), 10)).toEqual([]);
  });
});

describe('looking things up', () => {
  it('finds a message by its id at Slack, in the channel it was asked for or posted to', async () => {
    const { outbox } = opened.repositories;
    const releaseId = await appended(1, { channelId: '#releases' });
    const row = await claimed(releaseId);
    const ts = newId('ts');
    await give(row, { ...sent(row), ts, postedChannelId: 'C_REAL' });
    for (const channel of ['C_REAL', '#releases']) {
      expect(await outbox.findByTs('T1', channel, ts)).toMatchObject({ key: row.key });
    }
    expect(await outbox.findByTs('T1', 'C_OTHER', ts)).toBeNull();
    expect(await outbox.findByTs('T2', 'C_REAL', ts)).toBeNull();
  });
});

describe('backlog and purge', () => {
  it('counts what is unsent and what is parked, and names the oldest birth', async () => {
    const { outbox } = opened.repositories;
    const before = await outbox.backlog();
    const releaseId = await appended(3, { createdAt: at(-9000) });
    expect(await outbox.backlog()).toEqual({ depth: before.depth + 3, oldestAt: at(-9000), parked: before.parked });
    await give(await claimed(releaseId), { status: 'PARKED' });
    const row = await claimed(releaseId);
    await give(row, sent(row));
    const after = await outbox.backlog();
    expect(after).toMatchObject({ depth: before.depth + 1, parked: before.parked + 1 });
    expect(after.oldestAt).not.toEqual(at(-9000));
  });

  it('deletes the messages of releases whose root card was settled before, and keeps all others', async () => {
    const { outbox } = opened.repositories;
    const finish = async (releaseId: string, settled: boolean) => {
      for (const seq of [1, 2]) {
        const row = await claimed(releaseId);
        await give(row, { ...sent(row), settled: seq === 2 || settled });
      }
    };
    const longAgo = { dueAt: at(-500) };
    const over = newId('rel');
    await outbox.append([outboxRow(over, 1, longAgo), outboxRow(over, 2, { ...longAgo, threadKey: null })]);
    await finish(over, true);
    const live = newId('rel');
    await outbox.append([outboxRow(live, 1, longAgo), outboxRow(live, 2, { ...longAgo, threadKey: null })]);
    await finish(live, false);
    const recent = await appended(2);
    await finish(recent, true);
    expect(await outbox.purgeSentBefore(at(-400))).toBe(2);
    expect(await outbox.purgeSentBefore(at(-400))).toBe(0);
    expect(await outbox.listByRelease('T1', over)).toEqual([]);
    expect(await outbox.listByRelease('T1', live)).toHaveLength(2);
    expect(await outbox.listByRelease('T1', recent)).toHaveLength(2);
  });
});
