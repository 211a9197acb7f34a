import type { Release } from '../../src/domain/release.ts';
import type { Repositories } from '../../src/persistence/index.ts';
import { newId } from '../../src/shared/ids.ts';
import {
  at,
  auditEntry,
  build,
  config,
  integration,
  LEASE_MS,
  NOW,
  newRelease,
  outboxRow,
  token,
  upload,
  usePersistence,
} from './support.ts';

/** Spec 4.1: an id of another tenant answers exactly like an unknown one, and nothing of that tenant changes. */

const opened = usePersistence();
const OWNER = 'T_OWNER';
const STRANGER = 'T_STRANGER';
const CHANNEL = 'C_SHARED';
const NAME = 'The same name';
const HOUR_AGO = at(-3600);

interface Target {
  release: Release;
  taskId: string;
  uploadId: string;
  configId: string;
  integrationId: string;
  key: string;
  ts: string;
  deliveryKey: string;
  sha256: string;
  versions: string;
}

/** Everything that a tenant can have, under the tenant's ids. */
async function furnish(repositories: Repositories, tenantId: string): Promise<Target> {
  const configId = newId('cfg');
  const versions = '7.1.0';
  const release = await repositories.releases.create(
    newRelease({ tenantId, configId, channelId: CHANNEL, versions: { IOS: versions } }),
  );
  const releaseId = release.id;
  const taskId = newId('task');
  const sha256 = 'd'.repeat(64);
  await repositories.builds.ensure(build({ tenantId, releaseId, taskId, sha256 }));
  const uploaded = upload({ tenantId, releaseId });
  await repositories.uploads.insert(uploaded);
  await repositories.audit.append([{ ...auditEntry(releaseId, 1), tenantId }]);
  const ts = newId('ts');
  const row = outboxRow(releaseId, 1, {
    tenantId,
    status: 'SENT',
    ts,
    postedChannelId: CHANNEL,
    wantedVersion: 1,
    shownVersion: 1,
  });
  await repositories.outbox.append([row]);
  await repositories.tenants.ensure({ id: tenantId, name: NAME }, NOW);
  await repositories.configs.upsert(config({ tenantId, id: configId, name: NAME }));
  const connected = integration({ tenantId, name: NAME });
  await repositories.integrations.upsert(connected);
  await repositories.tokens.insert(token({ tenantId, name: NAME }));
  const deliveryKey = newId('file');
  await repositories.deliveries.receive({ tenantId, key: deliveryKey, payload: {} }, NOW, LEASE_MS);
  await repositories.homes.opened(tenantId, 'U1', 1, NOW);
  const integrationId = connected.id;
  return {
    ...{ release, taskId, uploadId: uploaded.id, configId, integrationId },
    ...{ key: row.key, ts, deliveryKey, sha256, versions },
  };
}

const UNKNOWN: Omit<Target, 'release'> & { releaseId: string } = {
  releaseId: 'rel_unknown',
  taskId: 'task_unknown',
  uploadId: 'upl_unknown',
  configId: 'cfg_unknown',
  integrationId: 'int_unknown',
  key: 'key_unknown',
  ts: 'ts_unknown',
  deliveryKey: 'file_unknown',
  sha256: 'unknown',
  versions: '0.0.1',
};
type Ids = typeof UNKNOWN;

const VERIFICATION = { status: 'VALID', checkedAt: NOW, detail: null } as const;

/** Every method that takes a tenant, asked for a thing by its id. */
const QUESTIONS: Record<string, (r: Repositories, tenantId: string, ids: Ids) => Promise<unknown>> = {
  'releases.get': (r, t, ids) => r.releases.get(t, ids.releaseId),
  'releases.find': (r, t, ids) => r.releases.find(t, ids.releaseId),
  'releases.findByVersion': (r, t, ids) => r.releases.findByVersion(t, ids.versions),
  'releases.lastVersions': (r, t, ids) => r.releases.lastVersions(t, ids.configId, 'ALL'),
  'releases.findLastReleaseTag': (r, t, ids) => r.releases.findLastReleaseTag(t, ids.configId, 'rel_other'),
  'builds.listByRelease': (r, t, ids) => r.builds.listByRelease(t, ids.releaseId),
  'builds.hasSha256': (r, t, ids) => r.builds.hasSha256(t, ids.releaseId, ids.sha256),
  'uploads.get': (r, t, ids) => r.uploads.get(t, ids.uploadId),
  'uploads.find': (r, t, ids) => r.uploads.find(t, ids.uploadId),
  'uploads.remove': (r, t, ids) => r.uploads.remove(t, ids.uploadId),
  'uploads.markUsed': (r, t, ids) => r.uploads.markUsed(t, ids.uploadId, { taskId: 'x', cycleId: null, at: NOW }),
  'uploads.markSuperseded': (r, t, ids) => r.uploads.markSuperseded(t, ids.uploadId, 'upl_new', NOW),
  'uploads.listByRelease': (r, t, ids) => r.uploads.listByRelease(t, ids.releaseId),
  'uploads.markDeleted': (r, t, ids) => r.uploads.markDeleted(t, ids.uploadId, NOW),
  'audit.list': (r, t, ids) => r.audit.list(t, ids.releaseId, { limit: 9 }),
  'outbox.touchLiving': (r, t, ids) => r.outbox.touchLiving(t, ids.releaseId, 9, NOW),
  'outbox.find': (r, t, ids) => r.outbox.find(t, ids.key),
  'outbox.findByTs': (r, t, ids) => r.outbox.findByTs(t, CHANNEL, ids.ts),
  'outbox.listByRelease': (r, t, ids) => r.outbox.listByRelease(t, ids.releaseId),
  'configs.get': (r, t, ids) => r.configs.get(t, ids.configId),
  'configs.find': (r, t, ids) => r.configs.find(t, ids.configId),
  'configs.remove': (r, t, ids) => r.configs.remove(t, ids.configId),
  'integrations.get': (r, t, ids) => r.integrations.get(t, ids.integrationId),
  'integrations.find': (r, t, ids) => r.integrations.find(t, ids.integrationId),
  'integrations.setVerification': (r, t, ids) => r.integrations.setVerification(t, ids.integrationId, VERIFICATION),
  'integrations.remove': (r, t, ids) => r.integrations.remove(t, ids.integrationId),
  'deliveries.find': (r, t, ids) => r.deliveries.find(t, ids.deliveryKey),
};

/** Every method that lists or names things of the tenant alone: a tenant without any gets nothing. */
const LISTS: Record<string, (r: Repositories, tenantId: string) => Promise<unknown>> = {
  'releases.list': async (r, t) => (await r.releases.list(t, { limit: 9 })).releases,
  'releases.listLive': async (r, t) => (await r.releases.listLive(t, { limit: 9 })).releases,
  'releases.listLiveInChannel': (r, t) => r.releases.listLiveInChannel(t, CHANNEL),
  'tenants.find': async (r, t) => [await r.tenants.find(t)].filter((found) => found !== null),
  'configs.list': (r, t) => r.configs.list(t),
  'configs.findByName': async (r, t) => [await r.configs.findByName(t, NAME)].filter((found) => found !== null),
  'integrations.list': (r, t) => r.integrations.list(t),
  'integrations.findByName': async (r, t) =>
    [await r.integrations.findByName(t, NAME)].filter((found) => found !== null),
  'tokens.list': (r, t) => r.tokens.list(t),
  'tokens.revoke': async (r, t) => ((await r.tokens.revoke(t, NAME, NOW)) ? [t] : []),
  'homes.markStale': async (r, t) => {
    await r.homes.markStale(t, NOW, HOUR_AGO);
    return [await r.homes.takeStale(NOW)].filter((found) => found !== null);
  },
};

let owned: Target;
let snapshot: unknown;

async function everything(): Promise<unknown> {
  const { connection } = opened.persistence;
  const contents: Record<string, unknown> = {};
  for (const [name, model] of Object.entries(connection.models))
    contents[name] = await model.find().sort({ _id: 1 }).lean();
  return contents;
}

beforeAll(async () => {
  owned = await furnish(opened.repositories, OWNER);
  snapshot = await everything();
});

it.each(Object.entries(QUESTIONS))(
  '%s answers for a stranger as for an unknown id, and changes nothing',
  async (_name, ask) => {
    const ids = { ...owned, releaseId: owned.release.id };
    const [foreign, unknown] = await Promise.all([
      outcome(ask(opened.repositories, STRANGER, ids)),
      outcome(ask(opened.repositories, STRANGER, UNKNOWN)),
    ]);
    expect(foreign.replaceAll(/\b(rel|upl|cfg|int)_\w+/g, '$1_*')).toBe(
      unknown.replaceAll(/\b(rel|upl|cfg|int)_\w+/g, '$1_*'),
    );
    expect(await everything()).toEqual(snapshot);
  },
);

it.each(Object.entries(LISTS))('%s gives a stranger nothing and changes nothing', async (_name, list) => {
  expect(await list(opened.repositories, STRANGER)).toEqual([]);
  expect(await everything()).toEqual(snapshot);
});

it('lets two tenants have the same names, versions and keys', async () => {
  await expect(furnish(opened.repositories, 'T_OTHER')).resolves.toMatchObject({ versions: owned.versions });
  const received = { tenantId: 'T_OTHER', key: owned.deliveryKey, payload: {} };
  expect(await opened.repositories.deliveries.receive(received, NOW, LEASE_MS)).toMatchObject({ claimed: true });
});

// Last, because it changes what is there: without it the tests above could pass by asking wrongly.
it('gives the owner an answer to each of these questions', async () => {
  const ids = { ...owned, releaseId: owned.release.id };
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    if (/remove|mark|touchLiving|setVerification|findLastReleaseTag/.test(name)) continue;
    const [own, unknown] = [
      await outcome(ask(opened.repositories, OWNER, ids)),
      await outcome(ask(opened.repositories, OWNER, UNKNOWN)),
    ];
    expect([name, own]).not.toEqual([name, unknown]);
  }
  for (const [name, list] of Object.entries(LISTS)) {
    expect([name, await list(opened.repositories, OWNER)]).not.toEqual([name, []]);
  }
});

/** The answer or refusal as text. */
async function outcome(answer: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify((await answer) ?? null);
  } catch (error) {
    return String(error);
  }
}
