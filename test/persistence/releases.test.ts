import type { Release } from '../../src/domain/release.ts';
import { Refusal } from '../../src/shared/errors.ts';
import { newId } from '../../src/shared/ids.ts';
import { at, change, ended, LEASE_MS, NOW, newRelease, task, usePersistence } from './support.ts';

const opened = usePersistence();

async function stored(releaseId: string) {
  const loaded = await opened.repositories.releases.load(releaseId);
  if (!loaded) throw new Error(`${releaseId} should be there`);
  return loaded;
}

async function created(wanted: Parameters<typeof newRelease>[0] = {}): Promise<Release> {
  return opened.repositories.releases.create(newRelease({ configId: newId('cfg'), ...wanted }));
}

describe('create', () => {
  it('stores the release as the domain made it, due now, with its first message and entry numbered', async () => {
    const made = newRelease();
    const release = await opened.repositories.releases.create(made);
    expect(release).toEqual({ ...made.release, messageSeq: 1, auditSeq: 1 });
    expect(await stored(release.id)).toEqual({
      release,
      wakeCount: 0,
      nextWakeAt: NOW,
      lease: null,
      pendingMessages: [{ ...made.messages[0], seq: 1, bornAt: NOW }],
      pendingAudit: [{ ...made.audit[0], tenantId: 'T1', releaseId: release.id, seq: 1 }],
      unflushed: true,
      plannedWakes: [],
    });
  });

  it('refuses a second live release of the same configuration, platform and version, naming the first', async () => {
    const first = await created({ versions: { ANDROID: '7.0.0', IOS: '6.0.0' } });
    const second = newRelease({ configId: first.releaseConfigId, versions: { IOS: '6.0.0', WEB: '1.0.0' } });
    const refusal = await opened.repositories.releases.create(second).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      code: 'CONFLICT',
      message: `iOS 6.0.0 of Acme App is under way already, in release ${first.id}: finish or archive that one, or choose another version.`,
    });
    expect(await opened.repositories.releases.load(second.release.id)).toBeNull();
  });

  it('lets exactly one of two simultaneous releases of one version in', async () => {
    const configId = newId('cfg');
    const results = await Promise.allSettled([
      opened.repositories.releases.create(newRelease({ configId })),
      opened.repositories.releases.create(newRelease({ configId })),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({ code: 'CONFLICT' });
  });

  it('allows the same version for another platform, another configuration, and after the first one ended', async () => {
    const { releases } = opened.repositories;
    for (const status of ['COMPLETED', 'ARCHIVED'] as const) {
      const first = await created();
      await created({ configId: first.releaseConfigId, versions: { IOS: '7.0.0' } });
      await created();
      expect(await releases.save(ended(first, status, at(1)), at(1))).not.toBeNull();
      await expect(created({ configId: first.releaseConfigId })).resolves.toMatchObject({ status: 'PENDING' });
    }
  });

  it('goes on refusing while the first one is SUBMITTED or PAUSED', async () => {
    for (const status of ['SUBMITTED', 'PAUSED'] as const) {
      const first = await created();
      await opened.repositories.releases.save(change(first, { status }), at(1));
      await expect(created({ configId: first.releaseConfigId })).rejects.toMatchObject({ code: 'CONFLICT' });
    }
  });
});

describe('save', () => {
  it('stores every field of the release one version higher and appends messages and entries in sequence', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const entry = {
      at: at(5),
      actor: 'U1',
      action: 'A',
      origin: 'SLACK' as const,
      subject: null,
      reason: null,
      detail: {},
    };
    const next: Release = {
      ...first,
      type: 'HOTFIX',
      targets: [{ platform: 'WEB', version: '2.0.0', store: 'int_store' }],
      hasManualBuildUpload: false,
      status: 'PAUSED',
      cron: { ...first.cron, status: 'PAUSED', pauseType: 'USER_REQUESTED' },
      slots: [],
      pause: { by: 'U2', reason: null, at: at(5) },
      stagedUploads: [],
      tasks: [task('FORK_BRANCH', { missing: ['IOS'] })],
      failureCount: 3,
      endedAt: at(9),
      updatedAt: at(5),
    };
    const message = {
      key: `${first.id}:x`,
      content: { kind: 'RESUMED', by: 'U1' },
      channel: 'releases',
      broadcast: false,
    } as const;
    const saved = await releases.save({ release: next, messages: [message, message], audit: [entry] }, at(5));
    expect(saved).toEqual({ ...next, version: 1, messageSeq: 3, auditSeq: 2 });
    const loaded = await stored(first.id);
    expect(loaded.release).toEqual(saved);
    expect(loaded.pendingMessages.map(({ seq, bornAt }) => [seq, bornAt])).toEqual([
      [1, NOW],
      [2, at(5)],
      [3, at(5)],
    ]);
    expect(loaded.pendingAudit.map(({ seq, action }) => [seq, action])).toEqual([
      [1, 'RELEASE_CREATED'],
      [2, 'A'],
    ]);
  });

  it('lets exactly one of two concurrent savers of one version win', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const results = await Promise.all([
      releases.save(change(first, { failureCount: 1 }), at(1)),
      releases.save(change(first, { failureCount: 2 }), at(1)),
    ]);
    const winners = results.filter((result) => result !== null);
    expect(winners).toHaveLength(1);
    expect((await stored(first.id)).release).toEqual(winners[0]);
  });

  it('makes the release due now without a lease, and leaves lease and wake-up alone with one', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const lease = await releases.wake(first.id, at(1), LEASE_MS);
    const second = await releases.save(change(first), at(2), lease ?? undefined);
    expect(await stored(first.id)).toMatchObject({ nextWakeAt: at(61), wakeCount: 1, lease: { token: lease?.token } });
    await releases.save(change(second ?? first), at(3));
    expect(await stored(first.id)).toMatchObject({ nextWakeAt: at(3), wakeCount: 1, lease: { token: lease?.token } });
  });

  it('is refused once the lease was taken over, and allowed while it only ran out', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const lost = await releases.wake(first.id, at(0), LEASE_MS);
    const second = await releases.save(change(first), at(100), lost ?? undefined);
    expect(second).not.toBeNull();
    expect(await releases.wake(first.id, at(101), LEASE_MS)).not.toBeNull();
    expect(await releases.save(change(second ?? first), at(102), lost ?? undefined)).toBeNull();
  });

  it('does not reach a release of another tenant', async () => {
    const first = await created();
    expect(await opened.repositories.releases.save(change(first, { tenantId: 'T2' }), at(1))).toBeNull();
    expect((await stored(first.id)).release).toEqual(first);
  });

  it('answers null for a release that is gone', async () => {
    expect(await opened.repositories.releases.save(newRelease(), at(1))).toBeNull();
  });

  it('keeps pending messages that were born or cleared since the release was loaded', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    await releases.clearPending(first.id, { messageSeq: 1, auditSeq: 1, version: 0 });
    await releases.save(change(first), at(1));
    expect(await stored(first.id)).toMatchObject({ pendingMessages: [], pendingAudit: [], unflushed: true });
  });
});

describe('wake', () => {
  it('claims a free release, counts, and puts the next look at the end of the lease', async () => {
    const first = await created();
    const lease = await opened.repositories.releases.wake(first.id, at(1), LEASE_MS);
    const held = { releaseId: first.id, tenantId: first.tenantId, token: expect.any(String), until: at(61) };
    expect(lease).toEqual({ ...held, takenOver: false });
    expect(await stored(first.id)).toMatchObject({
      wakeCount: 1,
      nextWakeAt: at(61),
      lease: { token: lease?.token, until: at(61) },
    });
  });

  it('only counts while somebody else holds the lease, and claims it from the instant it runs out', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    await releases.wake(first.id, at(0), LEASE_MS);
    expect(await releases.wake(first.id, new Date(at(60).getTime() - 1), LEASE_MS)).toBeNull();
    expect(await stored(first.id)).toMatchObject({ wakeCount: 2, nextWakeAt: at(60) });
    expect(await releases.wake(first.id, at(60), LEASE_MS)).toMatchObject({ until: at(120), takenOver: true });
    expect(await stored(first.id)).toMatchObject({ wakeCount: 3, nextWakeAt: at(120) });
  });

  it('gives the lease to exactly one of many callers and counts them all', async () => {
    const first = await created();
    const leases = await Promise.all(
      Array.from({ length: 8 }, () => opened.repositories.releases.wake(first.id, at(1), LEASE_MS)),
    );
    expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
    expect((await stored(first.id)).wakeCount).toBe(8);
  });

  it('answers null for a release that is gone', async () => {
    expect(await opened.repositories.releases.wake('rel_gone', at(1), LEASE_MS)).toBeNull();
  });

  it('claims the release after all when its holder settles between the failed claim and the count', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const holder = await releases.wake(first.id, at(0), LEASE_MS);
    const model = opened.persistence.connection.models['Release'];
    if (!holder || !model) throw new Error('a new release is free');
    const write = model.updateOne.bind(model);
    jest.spyOn(model, 'updateOne').mockImplementationOnce((...count) => {
      const interleaved = async () => {
        expect(await releases.settle(holder, { wakeCount: 1, version: 0 }, null, [])).toBe(true);
        return write(...count);
      };
      return interleaved() as unknown as ReturnType<typeof write>;
    });
    expect(await releases.wake(first.id, at(1), LEASE_MS)).toMatchObject({ until: at(61) });
    expect(await stored(first.id)).toMatchObject({ wakeCount: 2, nextWakeAt: at(61) });
  });

  it('loses no wake-up against a holder that settles at the same time', async () => {
    const { releases } = opened.repositories;
    for (let round = 0; round < 25; round++) {
      const first = await created();
      const holder = await releases.wake(first.id, at(0), LEASE_MS);
      if (!holder) throw new Error('a new release is free');
      const [settled, lease] = await Promise.all([
        releases.settle(holder, { wakeCount: 1, version: 0 }, null, []),
        releases.wake(first.id, at(0), LEASE_MS),
      ]);
      // Either the holder saw the wake-up and goes round again, or the caller has the lease now.
      expect(settled).toBe(lease !== null);
    }
  });
});

describe('renew, settle, handBack', () => {
  it('prolongs a lease and its next look, and answers null once it was taken over', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const lease = await releases.wake(first.id, at(0), LEASE_MS);
    if (!lease) throw new Error('a new release is free');
    const { releaseId, token } = lease;
    expect(await releases.renew(lease, at(30), LEASE_MS)).toEqual({ releaseId, token, until: at(90) });
    expect(await stored(first.id)).toMatchObject({ nextWakeAt: at(90), lease: { until: at(90) } });
    expect(await releases.wake(first.id, at(61), LEASE_MS)).toBeNull();
    expect(await releases.wake(first.id, at(90), LEASE_MS)).not.toBeNull();
    expect(await releases.renew(lease, at(91), LEASE_MS)).toBeNull();
  });

  it('settles only with the lease, version and wake count that were seen', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const lease = await releases.wake(first.id, at(0), LEASE_MS);
    if (!lease) throw new Error('a new release is free');
    const planned = [{ job: 'kick-off', key: `${first.id}:kick-off`, at: at(500) } as const];
    const seen = { wakeCount: 1, version: 0 };
    expect(await releases.settle({ ...lease, token: 'lease_other' }, seen, at(500), planned)).toBe(false);
    expect(await releases.settle(lease, { ...seen, wakeCount: 0 }, at(500), planned)).toBe(false);
    expect(await releases.settle(lease, { ...seen, version: 1 }, at(500), planned)).toBe(false);
    expect(await stored(first.id)).toMatchObject({ lease: { token: lease.token }, plannedWakes: [] });
    expect(await releases.settle(lease, seen, at(500), planned)).toBe(true);
    expect(await stored(first.id)).toMatchObject({ lease: null, nextWakeAt: at(500), plannedWakes: planned });
    expect(await releases.settle(lease, seen, at(500), planned)).toBe(false);
  });

  it('hands back a release due at the time asked for, or earlier when somebody stored a fact meanwhile', async () => {
    const { releases } = opened.repositories;
    const first = await created();
    const lease = await releases.wake(first.id, at(0), LEASE_MS);
    if (!lease) throw new Error('a new release is free');
    await releases.handBack(lease, at(300));
    expect(await stored(first.id)).toMatchObject({ lease: null, nextWakeAt: at(300) });
    const again = await releases.wake(first.id, at(10), LEASE_MS);
    if (!again) throw new Error('it was handed back');
    await releases.save(change(first), at(20));
    await releases.handBack(again, at(300));
    expect(await stored(first.id)).toMatchObject({ lease: null, nextWakeAt: at(20) });
    const third = await releases.wake(first.id, at(30), LEASE_MS);
    if (!third) throw new Error('it was handed back');
    await releases.handBack(lease, at(400));
    expect(await stored(first.id)).toMatchObject({ nextWakeAt: at(90), lease: { token: third.token } });
    await releases.renew(third, at(50), LEASE_MS);
    await releases.handBack(third, at(60));
    expect(await stored(first.id)).toMatchObject({ nextWakeAt: at(60), lease: null });
  });
});

describe('clearPending', () => {
  it('takes out what was flushed and keeps what was born since', async () => {
    const { releases } = opened.repositories;
    const made = newRelease();
    const first = await releases.create(made);
    await releases.save({ ...change(first), messages: made.messages, audit: made.audit }, at(1));
    await releases.clearPending(first.id, { messageSeq: 1, auditSeq: 1, version: 0 });
    const behind = await stored(first.id);
    expect(behind.pendingMessages.map(({ seq }) => seq)).toEqual([2]);
    expect(behind.pendingAudit.map(({ seq }) => seq)).toEqual([2]);
    expect(behind.unflushed).toBe(true);
    await releases.clearPending(first.id, { messageSeq: 2, auditSeq: 2, version: 1 });
    expect(await stored(first.id)).toMatchObject({ pendingMessages: [], pendingAudit: [], unflushed: false });
  });
});

describe('findDue', () => {
  it('finds what is due, longest due first, and neither the later, the sleeping nor the held', async () => {
    const { releases } = opened.repositories;
    const early = at(-100_000);
    const [later, second, first, held, sleeping] = [
      await created({ createdAt: at(-50_000) }),
      await created({ createdAt: at(-99_000) }),
      await created({ createdAt: early }),
      await created({ createdAt: early }),
      await created({ createdAt: early }),
    ];
    await releases.wake(held.id, at(-60_000), 86_400_000);
    const lease = await releases.wake(sleeping.id, at(-60_000), LEASE_MS);
    if (!lease) throw new Error('a new release is free');
    await releases.settle(lease, { wakeCount: 1, version: 0 }, null, []);
    expect(await releases.findDue(at(-50_001), 10)).toEqual([first.id, second.id]);
    expect(await releases.findDue(at(-50_000), 10)).toEqual([first.id, second.id, later.id]);
    expect(await releases.findDue(at(-50_000), 1)).toEqual([first.id]);
  });

  it('finds the release of a holder that died once its lease ran out', async () => {
    const { releases } = opened.repositories;
    const first = await created({ createdAt: at(-200_000) });
    await releases.wake(first.id, at(-199_000), LEASE_MS);
    expect(await releases.findDue(at(-198_941), 10)).toEqual([]);
    expect(await releases.findDue(at(-198_940), 10)).toEqual([first.id]);
  });
});
