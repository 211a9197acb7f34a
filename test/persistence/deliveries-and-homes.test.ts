import { newId } from '../../src/shared/ids.ts';
import { at, LEASE_MS, NOW, usePersistence } from './support.ts';

const opened = usePersistence();

describe('deliveries', () => {
  const file = () => ({ tenantId: 'T1', key: `slack-file:${newId('F')}`, payload: { user: 'U1', 'a.b': [1] } });

  it('are claimed by the first to receive them; the others see what is stored', async () => {
    const { deliveries } = opened.repositories;
    const received = file();
    const results = await Promise.all([1, 2, 3].map(() => deliveries.receive(received, NOW, LEASE_MS)));
    expect(results.filter(({ claimed }) => claimed)).toHaveLength(1);
    const winner = results.find(({ claimed }) => claimed)?.delivery;
    expect(winner).toEqual({
      ...received,
      status: 'RECEIVED',
      result: null,
      attempts: 1,
      lease: { token: expect.any(String), until: at(60) },
      createdAt: NOW,
      updatedAt: NOW,
    });
    for (const { delivery } of results) expect(delivery).toEqual(winner);
    expect(await deliveries.find('T1', received.key)).toEqual(winner);
  });

  it('keep their result, which is what a repeat sees', async () => {
    const { deliveries } = opened.repositories;
    const received = file();
    const { delivery } = await deliveries.receive(received, NOW, LEASE_MS);
    expect(await deliveries.finish(delivery, 'DONE', { uploadId: 'upl_1' }, at(5))).toBe(true);
    expect(await deliveries.finish(delivery, 'FAILED', {}, at(6))).toBe(false);
    const repeat = await deliveries.receive(received, at(1000), LEASE_MS);
    expect(repeat).toMatchObject({
      claimed: false,
      delivery: { status: 'DONE', result: { uploadId: 'upl_1' }, lease: null, updatedAt: at(5) },
    });
  });

  it('are taken over after their worker died, by a repeat or by prefix, once', async () => {
    const { deliveries } = opened.repositories;
    const received = file();
    const { delivery } = await deliveries.receive(received, NOW, LEASE_MS);
    expect(await deliveries.receive(received, at(59), LEASE_MS)).toMatchObject({ claimed: false });
    expect(await deliveries.claimAbandoned(received.key, at(59), LEASE_MS)).toBeNull();
    expect(await deliveries.claimAbandoned('idempotency:', at(60), LEASE_MS)).toBeNull();
    const taken = await Promise.all(
      [1, 2, 3].map(() => deliveries.claimAbandoned(received.key.slice(0, -1), at(60), LEASE_MS)),
    );
    expect(taken.filter((one) => one !== null)).toHaveLength(1);
    expect(taken.find((one) => one !== null)).toMatchObject({
      key: received.key,
      attempts: 2,
      lease: { until: at(120) },
    });
    expect(await deliveries.renew(delivery, at(61), LEASE_MS)).toBe(false);
    expect(await deliveries.finish(delivery, 'DONE', {}, at(61))).toBe(false);
    expect(await deliveries.receive(received, at(120), LEASE_MS)).toMatchObject({
      claimed: true,
      delivery: { attempts: 3 },
    });
  });

  it('stay with a worker that renews its claim', async () => {
    const { deliveries } = opened.repositories;
    const received = file();
    const { delivery } = await deliveries.receive(received, NOW, LEASE_MS);
    expect(await deliveries.renew(delivery, at(50), LEASE_MS)).toBe(true);
    expect(await deliveries.claimAbandoned(received.key, at(109), LEASE_MS)).toBeNull();
    expect(await deliveries.finish(delivery, 'FAILED', { reason: 'x' }, at(109))).toBe(true);
    expect(await deliveries.renew(delivery, at(110), LEASE_MS)).toBe(false);
  });

  it('may be received again once forgotten, which only the holder can do', async () => {
    const { deliveries } = opened.repositories;
    const received = file();
    const { delivery } = await deliveries.receive(received, NOW, LEASE_MS);
    const taken = await deliveries.claimAbandoned(received.key, at(60), LEASE_MS);
    await deliveries.forget(delivery);
    expect(await deliveries.find('T1', received.key)).toEqual(taken);
    if (taken) await deliveries.forget(taken);
    expect(await deliveries.find('T1', received.key)).toBeNull();
    expect(await deliveries.receive(received, at(61), LEASE_MS)).toMatchObject({ claimed: true });
  });

  it('are purged when they ended long ago, and never while they are worked on', async () => {
    const { deliveries } = opened.repositories;
    const [done, working] = [file(), file()];
    const { delivery } = await deliveries.receive(done, at(-900), LEASE_MS);
    await deliveries.finish(delivery, 'DONE', {}, at(-900));
    await deliveries.receive(working, at(-900), LEASE_MS);
    expect(await deliveries.purgeFinishedBefore(at(-900))).toBe(0);
    expect(await deliveries.purgeFinishedBefore(at(-899))).toBe(1);
    expect(await deliveries.find('T1', done.key)).toBeNull();
    expect(await deliveries.find('T1', working.key)).not.toBeNull();
  });
});

describe('homes', () => {
  it('become stale when something changed since they were opened, and are taken once, longest stale first', async () => {
    const { homes } = opened.repositories;
    await homes.opened('T1', 'U_OLD', 1, at(-7200));
    await homes.opened('T1', 'U1', 2, at(-60));
    await homes.opened('T1', 'U2', 1, at(-30));
    await homes.opened('T2', 'U1', 1, at(-30));
    await homes.markStale('T1', at(0), at(-3600));
    await homes.opened('T1', 'U2', 3, at(1));
    await homes.markStale('T1', at(2), at(-3600));
    const taken = [await homes.takeStale(at(5)), await homes.takeStale(at(5)), await homes.takeStale(at(5))];
    expect(taken).toEqual([
      { tenantId: 'T1', userId: 'U1', openedAt: at(-60), page: 2, staleAt: at(0) },
      { tenantId: 'T1', userId: 'U2', openedAt: at(1), page: 3, staleAt: at(2) },
      null,
    ]);
  });

  it('are taken by one worker only', async () => {
    const { homes } = opened.repositories;
    const tenantId = newId('T');
    await homes.opened(tenantId, 'U1', 1, at(0));
    await homes.markStale(tenantId, at(1), at(-1));
    const taken = await Promise.all([1, 2, 3].map(() => homes.takeStale(at(2))));
    expect(taken.filter((home) => home !== null)).toHaveLength(1);
  });
});
