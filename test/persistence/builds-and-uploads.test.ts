import type { Build } from '../../src/domain/build.ts';
import type { Upload } from '../../src/domain/upload.ts';
import { InvariantError } from '../../src/shared/errors.ts';
import { newId } from '../../src/shared/ids.ts';
import { at, build, NOW, upload, usePersistence } from './support.ts';

const opened = usePersistence();

describe('builds', () => {
  it('are stored once for a task and platform, and the first one is what everybody gets', async () => {
    const { builds } = opened.repositories;
    const taskId = newId('task');
    const wanted: Build[] = [1, 2, 3].map(() => build({ taskId }));
    const stored = await Promise.all(wanted.map((one) => builds.ensure(one)));
    expect(new Set(stored.map(({ id }) => id)).size).toBe(1);
    expect(wanted).toContainEqual(stored[0]);
    const other = build({ taskId, platform: 'IOS' });
    expect(await builds.ensure(other)).toEqual(other);
  });

  it('are listed by release, and known by their bytes', async () => {
    const { builds } = opened.repositories;
    const releaseId = newId('rel');
    const later = await builds.ensure(build({ releaseId, createdAt: at(2), sha256: 'b'.repeat(64) }));
    const earlier = await builds.ensure(build({ releaseId, createdAt: at(1) }));
    await builds.ensure(build());
    expect(await builds.listByRelease('T1', releaseId)).toEqual([earlier, later]);
    expect(await builds.hasSha256('T1', releaseId, 'b'.repeat(64))).toBe(true);
    expect(await builds.hasSha256('T1', releaseId, 'c'.repeat(64))).toBe(false);
    expect(await builds.hasSha256('T1', newId('rel'), 'b'.repeat(64))).toBe(false);
  });
});

describe('uploads', () => {
  async function inserted(changes: Partial<Upload> = {}): Promise<Upload> {
    const made = upload(changes);
    await opened.repositories.uploads.insert(made);
    return made;
  }

  it('come back as they were handed in, until they are removed', async () => {
    const { uploads } = opened.repositories;
    const made = await inserted();
    expect(await uploads.get('T1', made.id)).toEqual(made);
    await uploads.remove('T1', made.id);
    expect(await uploads.find('T1', made.id)).toBeNull();
    await expect(uploads.get('T1', made.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are used by one task, which may say so again', async () => {
    const { uploads } = opened.repositories;
    const { id } = await inserted();
    const by = { taskId: 'task_1', cycleId: 'cycle_1', at: at(5) };
    await uploads.markUsed('T1', id, by);
    await uploads.markUsed('T1', id, { ...by, at: at(9) });
    expect(await uploads.get('T1', id)).toMatchObject({
      isUsed: true,
      usedByTaskId: 'task_1',
      usedByCycleId: 'cycle_1',
      updatedAt: at(5),
    });
    await expect(uploads.markUsed('T1', id, { ...by, taskId: 'task_2' })).rejects.toThrow(InvariantError);
    await expect(uploads.markSuperseded('T1', id, 'upl_new', at(9))).rejects.toThrow(InvariantError);
    await expect(uploads.markUsed('T1', 'upl_none', by)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('go to exactly one of two tasks that want them at once', async () => {
    const { id } = await inserted();
    const results = await Promise.allSettled(
      ['task_1', 'task_2'].map((taskId) =>
        opened.repositories.uploads.markUsed('T1', id, { taskId, cycleId: null, at: at(1) }),
      ),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are staged until used, superseded or deleted', async () => {
    const { uploads } = opened.repositories;
    const releaseId = newId('rel');
    const made: Upload[] = [];
    for (const seconds of [1, 2, 3, 4]) made.push(await inserted({ releaseId, createdAt: at(seconds) }));
    await inserted({ releaseId, stage: 'PRE_RELEASE' });
    const [used, replaced, deleted, staged] = made.map(({ id }) => id);
    await uploads.markUsed('T1', used ?? '', { taskId: 'task_1', cycleId: null, at: at(5) });
    await uploads.markSuperseded('T1', replaced ?? '', staged ?? '', at(5));
    await uploads.markSuperseded('T1', replaced ?? '', 'upl_later', at(6));
    await uploads.markDeleted('T1', deleted ?? '', at(5));
    expect(await uploads.get('T1', replaced ?? '')).toMatchObject({ supersededBy: staged, updatedAt: at(5) });
    expect(await uploads.listByRelease('T1', releaseId)).toHaveLength(5);
  });

  it('are past their retention when old, unused and still kept, oldest first', async () => {
    const { uploads } = opened.repositories;
    const old = (seconds: number) => inserted({ createdAt: at(seconds) });
    const [second, first, used, gone] = [await old(-800), await old(-900), await old(-900), await old(-900)];
    await old(-700);
    await uploads.markSuperseded('T1', second.id, 'upl_new', NOW);
    await uploads.markUsed('T1', used.id, { taskId: 'task_1', cycleId: null, at: NOW });
    await uploads.markDeleted('T1', gone.id, NOW);
    expect((await uploads.listForRetention(at(-700), 10)).map(({ id }) => id)).toEqual([first.id, second.id]);
    expect((await uploads.listForRetention(at(-700), 1)).map(({ id }) => id)).toEqual([first.id]);
    await uploads.markDeleted('T1', first.id, at(7));
    expect(await uploads.get('T1', first.id)).toMatchObject({ deletedAt: at(7) });
  });
});
