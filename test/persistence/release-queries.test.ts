import type { UpdateFilter } from 'mongodb';
import type { Release } from '../../src/domain/release.ts';
import type { Task } from '../../src/domain/task.ts';
import { InvariantError } from '../../src/shared/errors.ts';
import { newId } from '../../src/shared/ids.ts';
import { at, change, config, ended, newRelease, task, usePersistence } from './support.ts';

const opened = usePersistence();

async function stored(releaseId: string) {
  const loaded = await opened.repositories.releases.load(releaseId);
  if (!loaded) throw new Error(`${releaseId} should be there`);
  return loaded;
}

async function created(wanted: Parameters<typeof newRelease>[0] = {}): Promise<Release> {
  return opened.repositories.releases.create(newRelease({ configId: newId('cfg'), ...wanted }));
}

describe('lists', () => {
  it('pages live releases newest first without loss or repeat, also among equal births', async () => {
    const { releases } = opened.repositories;
    const tenantId = 'T_PAGES';
    const made: Release[] = [];
    for (const seconds of [1, 1, 1, 2, 3]) made.push(await created({ tenantId, createdAt: at(seconds) }));
    const over = await created({ tenantId, createdAt: at(4) });
    await releases.save(ended(over, 'COMPLETED', at(5)), at(5));
    const expected = made
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
      .map(({ id }) => id);
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await releases.listLive(tenantId, { limit: 2, after });
      seen.push(...page.releases.map(({ id }) => id));
      if (seen.length === 2) await created({ tenantId, createdAt: at(9) });
      if (page.next === null) break;
      after = page.next;
    }
    expect(seen).toEqual(expected);
    const everything = await releases.list(tenantId, { limit: 50 });
    expect(everything.releases).toHaveLength(7);
    expect(everything.releases.map(({ id }) => id)).toContain(over.id);
    expect(everything.next).toBeNull();
  });

  it.each(['nonsense', '', 'bm9uc2Vuc2U'])('refuses a page mark that it did not give: %j', async (after) => {
    await expect(opened.repositories.releases.list('T1', { limit: 2, after })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('lists the live releases of a channel, newest first', async () => {
    const tenantId = 'T_CHANNEL';
    const older = await created({ tenantId, channelId: 'C_X' });
    const newer = await created({ tenantId, channelId: 'C_X', createdAt: at(1) });
    await created({ tenantId, channelId: 'C_Y' });
    const over = await created({ tenantId, channelId: 'C_X' });
    await opened.repositories.releases.save(ended(over, 'ARCHIVED', at(5)), at(5));
    const found = await opened.repositories.releases.listLiveInChannel(tenantId, 'C_X');
    expect(found.map(({ id }) => id)).toEqual([newer.id, older.id]);
  });

  it('finds releases by version, live ones before ended ones', async () => {
    const { releases } = opened.repositories;
    const tenantId = 'T_VERSION';
    const over = await created({ tenantId, createdAt: at(9) });
    await releases.save(ended(over, 'COMPLETED', at(10)), at(10));
    const older = await created({ tenantId, versions: { IOS: '7.0.0', WEB: '1.0.0' } });
    const newer = await created({ tenantId, createdAt: at(1) });
    await created({ tenantId, versions: { ANDROID: '7.0.1' } });
    const found = await releases.findByVersion(tenantId, '7.0.0');
    expect(found.map(({ id }) => id)).toEqual([newer.id, older.id, over.id]);
  });

  it('knows the highest version of each platform that was released or is under way, by semantic version', async () => {
    const { releases } = opened.repositories;
    const configId = newId('cfg');
    for (const version of ['9.0.0', '10.0.0-rc.1', '10.0.0'])
      await created({ configId, versions: { ANDROID: version } });
    const over = await created({ configId, versions: { IOS: '3.0.0' } });
    await releases.save(ended(over, 'COMPLETED', at(1)), at(1));
    const dropped = await created({ configId, versions: { IOS: '4.0.0' } });
    await releases.save(ended(dropped, 'ARCHIVED', at(1)), at(1));
    expect(await releases.lastVersions('T1', configId, 'ALL')).toEqual({ ANDROID: '10.0.0', IOS: '3.0.0' });
    expect(await releases.lastVersions('T1', configId, 'RELEASED')).toEqual({ IOS: '3.0.0' });
    expect(await releases.lastVersions('T1', config().id, 'ALL')).toEqual({});
  });

  it('finds the newest release tag made for the configuration by another release', async () => {
    const { releases } = opened.repositories;
    const configId = newId('cfg');
    const tagged = async (version: string, changes: Partial<Task<'CREATE_RELEASE_TAG'>>) => {
      const release = await created({ configId, versions: { ANDROID: version } });
      const output = { tag: `v${version}`, sha: 'abc', url: null };
      await releases.save(change(release, { tasks: [task('CREATE_RELEASE_TAG', { output, ...changes })] }), at(1));
      return release;
    };
    await tagged('1.0.0', { status: 'COMPLETED', endedAt: at(10) });
    const newest = await tagged('3.0.0', { status: 'COMPLETED', endedAt: at(30) });
    await tagged('2.0.0', { status: 'COMPLETED', endedAt: at(20) });
    await tagged('4.0.0', { status: 'SKIPPED', output: null, endedAt: at(40) });
    expect(await releases.findLastReleaseTag('T1', configId, 'rel_other')).toBe('v3.0.0');
    expect(await releases.findLastReleaseTag('T1', configId, newest.id)).toBe('v2.0.0');
    expect(await releases.findLastReleaseTag('T1', newId('cfg'), newest.id)).toBeNull();
  });

  it('goes through the ended releases, oldest first, page by page', async () => {
    const { releases } = opened.repositories;
    const ids: string[] = [];
    for (const [status, seconds] of [
      ['COMPLETED', -900],
      ['ARCHIVED', -899],
      ['COMPLETED', -899],
    ] as const) {
      const release = await created();
      await releases.save(ended(release, status, at(seconds)), at(seconds));
      ids.push(release.id);
    }
    const submitted = await created();
    await releases.save(change(submitted, { status: 'SUBMITTED', endedAt: at(-900) }), at(-900));
    expect(await releases.listEndedBefore(at(-900), 10)).toEqual([]);
    const [first] = await releases.listEndedBefore(at(-899), 10);
    expect(first?.id).toBe(ids[0]);
    const seen: string[] = [];
    let after: { endedAt: Date; id: string } | undefined;
    for (;;) {
      const [release] = await releases.listEndedBefore(at(-898), 1, after);
      if (!release?.endedAt) break;
      seen.push(release.id);
      after = { endedAt: release.endedAt, id: release.id };
    }
    expect(seen).toEqual([ids[0], ...ids.slice(1).sort()]);
  });
});

describe('a damaged document', () => {
  it.each<[UpdateFilter<{ _id: string }>, string]>([
    [{ $set: { status: 'LOST' } }, 'status: '],
    [{ $unset: { tasks: 1 } }, 'tasks is missing'],
    [{ $set: { tasks: [{ id: 'x', type: 'DANCE', status: 'PENDING', missing: [] }] } }, 'tasks.0.type: '],
    [{ $set: { kickOffDate: 'tomorrow' } }, 'kickOffDate: '],
    [{ $set: { 'cron.stage2Status': 'HALF' } }, 'cron.stage2Status: '],
  ])('is named when it is loaded: %j', async (damage, defect) => {
    const release = await created({ tenantId: 'T_DAMAGED' });
    const { db } = opened.persistence.connection;
    await db?.collection<{ _id: string }>('releases').updateOne({ _id: release.id }, damage);
    for (const load of [
      () => opened.repositories.releases.load(release.id),
      () => opened.repositories.releases.find('T_DAMAGED', release.id),
    ]) {
      const error = await load().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(InvariantError);
      expect(String(error)).toContain(`The stored release ${release.id} is damaged: ${defect}`);
    }
  });

  it('passes on no field that the domain does not know', async () => {
    const release = await created();
    const { db } = opened.persistence.connection;
    await db
      ?.collection<{ _id: string }>('releases')
      .updateOne({ _id: release.id }, { $set: { colour: 'blue', liveKeys: [] } });
    expect(await opened.repositories.releases.get('T1', release.id)).toEqual(release);
    expect((await stored(release.id)).release).toEqual(release);
  });
});
