import { TENANT } from '../support/engine-world.ts';
import { statusLine, taskLines } from '../support/record.ts';
import type { FaultyWorld } from './world.ts';

/** All that is left of the release in the end, in lines: ids, times and counts of tries apart it is always the same. */
export async function pictureOf(world: FaultyWorld): Promise<string[]> {
  const { repositories, connection } = world.eyes;
  const all = (name: string) => connection.collection(name).find().toArray();
  const lines: string[] = [];
  const plain = (text: string) => text.replace(/(rel|upl|slot|bld)_[a-z0-9]+/g, '$1').replace(/\d{10}\.\d+/g, 'ts');
  const add = (what: string, values: readonly string[]) =>
    lines.push(...values.map((value) => `${what}: ${plain(value)}`));
  /** Two of one instant have no order. */
  const addSorted = (what: string, values: readonly string[]) => add(what, [...values].sort());
  for (const { _id } of await all('releases')) {
    const releaseId = String(_id);
    const release = await repositories.releases.get(TENANT, releaseId);
    const stored = await repositories.releases.load(releaseId);
    add('release', [statusLine(release), `lease ${stored?.lease ?? 'none'}`]);
    add('task', taskLines([...release.tasks, ...release.cycles.flatMap((cycle) => cycle.tasks)]));
    add(
      'slot',
      release.slots.map((slot) => `${slot.status} ${slot.cycleNumber}`),
    );
    add(
      'gate',
      release.gates.map((gate) => `${gate.id} ${gate.status} ${gate.approvals.map(({ by }) => by).join()}`),
    );
    add(
      'staged',
      release.stagedUploads.map((staged) => staged.fileName),
    );
    const trail = (await repositories.audit.list(TENANT, releaseId, { limit: 1000 })).sort((a, b) => a.seq - b.seq);
    add(
      'audit',
      trail.map(({ seq, actor, action, subject }) => `${seq} ${actor} ${action} ${subject}`),
    );
    const uploads = await repositories.uploads.listByRelease(TENANT, releaseId);
    addSorted(
      'upload',
      uploads.map((upload) => `${upload.stage} ${upload.fileName} used ${upload.isUsed} ${upload.supersededBy}`),
    );
    const builds = await repositories.builds.listByRelease(TENANT, releaseId);
    addSorted(
      'build',
      builds.map((build) => `${build.buildStage} ${build.platform} ${build.fileName} ${build.taskId}`),
    );
    const rows = await repositories.outbox.listByRelease(TENANT, releaseId);
    add(
      'outbox',
      rows.map((row) => `${row.seq} ${row.key} ${row.status} settled ${row.settled} lease ${row.lease}`),
    );
    add(
      'shown',
      rows.map((row) => `${row.key} ${row.living && row.shownVersion < row.wantedVersion ? 'OUTDATED' : 'current'}`),
    );
  }
  add('effect', world.scm.effects);
  add(
    'message',
    world.messenger.sent.map(({ key, threadTs }) => `${key} ${threadTs ? 'in the thread' : 'root'}`),
  );
  const living = world.messenger.sent.filter(({ versions }) => versions.length > 1);
  add(
    'last words',
    living.map(({ key, versions }) => `${key}: ${versions.at(-1)?.text.replace(/ v\d+$/, '')}`),
  );
  return lines;
}
