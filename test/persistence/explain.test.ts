import type { CommandStartedEvent, Document } from 'mongodb';
import type { Release } from '../../src/domain/release.ts';
import { connectPersistence, type Persistence, type Repositories } from '../../src/persistence/index.ts';
import { newId } from '../../src/shared/ids.ts';
import { testNeeding } from '../support/abilities.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import {
  at,
  auditEntry,
  build,
  change,
  config,
  ended,
  integration,
  LEASE_MS,
  NOW,
  newRelease,
  outboxRow,
  token,
  upload,
} from './support.ts';

/**
 * Spec 8.2: every command that a repository sends is served by a declared index. Each method is called on some hundred
 * documents while the driver's commands are recorded; then the server is asked how it would run each of them.
 */

const TENANTS = 12;
const DOCUMENTS = 360;
/** What the driver sends beside the repositories' own commands. */
const HOUSEKEEPING = ['insert', 'getMore', 'killCursors', 'endSessions', 'hello', 'ping'];

let database: TestDatabase;
let persistence: Persistence;
let recorded: Document[] = [];
/** `<collection>.<index>` of every index that served a search */
const used = new Set<string>();

beforeAll(async () => {
  database = await testDatabase();
  persistence = await connectPersistence({ uri: database.uri, monitorCommands: true });
  await persistence.ensureIndexes();
  await fill(persistence);
  persistence.connection.getClient().on('commandStarted', ({ commandName, command }: CommandStartedEvent) => {
    if (commandName !== 'explain' && !HOUSEKEEPING.includes(commandName)) recorded.push(command);
  });
}, 60_000);

afterAll(async () => {
  await persistence.close();
  await database.close();
});

interface Walk {
  repositories: Repositories;
  release: Release;
}

const T = 'T1';

/** Every method, at least once, each on the way that asks the most of the database. */
const METHODS: { [R in keyof Repositories]: { [M in keyof Repositories[R]]: (walk: Walk) => Promise<unknown> } } = {
  releases: {
    create: async ({ repositories: { releases }, release }) => {
      const again = newRelease({ configId: release.releaseConfigId, versions: { ANDROID: '7.0.0' } });
      await releases.create(again).catch((refusal: unknown) => refusal);
    },
    get: ({ repositories: { releases }, release }) => releases.get(T, release.id),
    find: ({ repositories: { releases }, release }) => releases.find(T, release.id),
    look: ({ repositories: { releases }, release }) => releases.look(T, release.id),
    channelOf: ({ repositories: { releases }, release }) => releases.channelOf(T, release.id),
    load: ({ repositories: { releases }, release }) => releases.load(release.id),
    save: async ({ repositories: { releases }, release }) => {
      const lease = await releases.wake(release.id, NOW, LEASE_MS);
      const saved = await releases.save(change(release), NOW, lease ?? undefined);
      await releases.save(change(saved ?? release), NOW);
    },
    wake: async ({ repositories: { releases }, release }) => {
      await releases.wake(release.id, NOW, LEASE_MS);
      await releases.wake(release.id, NOW, LEASE_MS);
    },
    renew: async ({ repositories: { releases }, release }) => {
      const lease = await releases.wake(release.id, NOW, LEASE_MS);
      if (lease) await releases.renew(lease, NOW, LEASE_MS);
    },
    settle: async ({ repositories: { releases }, release }) => {
      const lease = await releases.wake(release.id, NOW, LEASE_MS);
      if (lease) await releases.settle(lease, { wakeCount: 1, version: 0 }, null, []);
    },
    handBack: async ({ repositories: { releases }, release }) => {
      const lease = await releases.wake(release.id, NOW, LEASE_MS);
      if (lease) await releases.handBack({ ...lease, until: NOW }, NOW);
    },
    park: async ({ repositories: { releases }, release }) => {
      const lease = await releases.wake(release.id, NOW, LEASE_MS);
      if (lease) await releases.park(lease, { code: 'NO_REST', detail: 'x', at: NOW });
    },
    unpark: ({ repositories: { releases }, release }) => releases.unpark(release.id, NOW, NOW),
    findParked: ({ repositories: { releases }, release }) => releases.findParked(release.id),
    listParked: async ({ repositories: { releases }, release }) => {
      await releases.listParked(5);
      const defect = { code: 'NO_REST', detail: 'x', at: NOW } as const;
      await releases.listParked(5, { id: release.id, tenantId: T, name: 'x', defect });
    },
    clearPending: ({ repositories: { releases }, release }) =>
      releases.clearPending(release.id, { messageSeq: 1, auditSeq: 1, version: 9 }),
    wakeByConfig: ({ repositories: { releases }, release }) => releases.wakeByConfig(T, release.releaseConfigId),
    findDue: ({ repositories: { releases } }) => releases.findDue(at(5), 10),
    countDue: ({ repositories: { releases } }) => releases.countDue(at(5)),
    listLive: ({ repositories: { releases } }) => pages((after) => releases.listLive(T, { limit: 5, after })),
    list: ({ repositories: { releases } }) => pages((after) => releases.list(T, { limit: 5, after })),
    listLiveInChannel: ({ repositories: { releases } }) => releases.listLiveInChannel(T, 'C1'),
    findDamagedByVersion: ({ repositories: { releases } }) => releases.findDamagedByVersion(T, '7.0.0'),
    findByVersion: ({ repositories: { releases } }) => releases.findByVersion(T, '7.0.0'),
    lastVersions: ({ repositories: { releases }, release }) => releases.lastVersions(T, release.releaseConfigId, 'ALL'),
    findLastReleaseTag: ({ repositories: { releases }, release }) =>
      releases.findLastReleaseTag(T, release.releaseConfigId, release.id),
    listEndedBefore: async ({ repositories: { releases }, release }) => {
      await releases.save(ended(release, 'ARCHIVED', at(-5)), NOW);
      await releases.listEndedBefore(at(5), 3);
      await releases.listEndedBefore(at(5), 3, { endedAt: at(-9), id: 'rel_' });
    },
  },
  builds: {
    ensure: ({ repositories: { builds } }) => builds.ensure(build()),
    listByRelease: ({ repositories: { builds } }) => builds.listByRelease(T, 'rel_1'),
    hasSha256: ({ repositories: { builds } }) => builds.hasSha256(T, 'rel_1', 'a'.repeat(64)),
  },
  uploads: {
    insert: ({ repositories: { uploads } }) => uploads.insert(upload()),
    get: ({ repositories: { uploads } }) => uploads.get(T, 'upl_1'),
    find: ({ repositories: { uploads } }) => uploads.find(T, 'upl_1'),
    remove: ({ repositories: { uploads } }) => uploads.remove(T, 'upl_13'),
    markUsed: ({ repositories: { uploads } }) =>
      uploads.markUsed(T, 'upl_1', { taskId: 'task_1', cycleId: null, at: NOW }),
    markSuperseded: ({ repositories: { uploads } }) => uploads.markSuperseded(T, 'upl_25', 'upl_37', NOW),
    listByRelease: ({ repositories: { uploads } }) => uploads.listByRelease(T, 'rel_1'),
    listForRetention: ({ repositories: { uploads } }) => uploads.listForRetention(at(9), 5),
    markDeleted: ({ repositories: { uploads } }) => uploads.markDeleted(T, 'upl_1', NOW),
  },
  audit: {
    append: async ({ repositories: { audit }, release }) => {
      await audit.append([auditEntry(release.id, 77)]);
      await audit.append([auditEntry(release.id, 77), auditEntry(release.id, 78)]);
    },
    list: async ({ repositories: { audit } }) => {
      await audit.list(T, 'rel_1', { limit: 5 });
      await audit.list(T, 'rel_1', { limit: 5, beforeSeq: 3 });
    },
  },
  outbox: {
    append: ({ repositories: { outbox }, release }) => outbox.append([outboxRow(release.id, 1)]),
    touchLiving: ({ repositories: { outbox } }) => outbox.touchLiving(T, 'rel_1', 3, NOW),
    findAhead: ({ repositories: { outbox } }) => outbox.findAhead(T, 'rel_1', 3),
    findDueReleases: ({ repositories: { outbox } }) => outbox.findDueReleases(at(5), 10),
    bringForward: ({ repositories: { outbox } }) => outbox.bringForward(NOW, at(120), LEASE_MS),
    claimNext: async ({ repositories: { outbox }, release }) => {
      await outbox.append([outboxRow(release.id, 1, { dueAt: at(60) }), outboxRow(release.id, 2)]);
      await outbox.claimNext(release.id, NOW, LEASE_MS);
      await outbox.claimNext(release.id, at(60), LEASE_MS);
    },
    release: async ({ repositories: { outbox }, release }) => {
      await outbox.append([outboxRow(release.id, 1)]);
      const row = await outbox.claimNext(release.id, NOW, LEASE_MS);
      if (row?.lease) await outbox.release({ ...row, wantedVersion: 99 }, row.lease.token);
    },
    find: ({ repositories: { outbox } }) => outbox.find(T, 'rel_1:message-1'),
    findByTs: ({ repositories: { outbox } }) => outbox.findByTs(T, 'C1', 'ts-1'),
    listByRelease: ({ repositories: { outbox } }) => outbox.listByRelease(T, 'rel_1'),
    backlog: ({ repositories: { outbox } }) => outbox.backlog(),
    purgeSentBefore: async ({ repositories: { outbox }, release }) => {
      const sent = { status: 'SENT', settled: true, dueAt: at(-9000) } as const;
      await outbox.append([outboxRow(release.id, 1, sent), outboxRow(release.id, 2, sent)]);
      await outbox.purgeSentBefore(at(-8000));
    },
  },
  tenants: {
    ensure: ({ repositories: { tenants } }) => tenants.ensure({ id: newId('T'), name: 'New' }, NOW),
    find: ({ repositories: { tenants } }) => tenants.find(T),
    list: ({ repositories: { tenants } }) => tenants.list(),
    setName: ({ repositories: { tenants } }) => tenants.setName(T, 'Acme'),
    setRoles: ({ repositories: { tenants } }) => tenants.setRoles(T, { ADMIN: [] }),
  },
  configs: {
    get: ({ repositories: { configs } }) => configs.get(T, 'cfg_1'),
    find: ({ repositories: { configs } }) => configs.find(T, 'cfg_1'),
    findByName: ({ repositories: { configs } }) => configs.findByName(T, 'name 1'),
    list: ({ repositories: { configs } }) => configs.list(T),
    upsert: ({ repositories: { configs } }) => configs.upsert(config({ name: 'new' })),
    remove: ({ repositories: { configs } }) => configs.remove(T, 'cfg_13'),
  },
  integrations: {
    get: ({ repositories: { integrations } }) => integrations.get(T, 'int_1'),
    find: ({ repositories: { integrations } }) => integrations.find(T, 'int_1'),
    findByName: ({ repositories: { integrations } }) => integrations.findByName(T, 'name 1'),
    list: ({ repositories: { integrations } }) => integrations.list(T),
    upsert: ({ repositories: { integrations } }) => integrations.upsert(integration({ name: 'new' })),
    setVerification: ({ repositories: { integrations } }) =>
      integrations.setVerification(T, 'int_1', { status: 'VALID', checkedAt: NOW, detail: null }),
    remove: ({ repositories: { integrations } }) => integrations.remove(T, 'int_13'),
  },
  tokens: {
    insert: ({ repositories: { tokens } }) => tokens.insert(token()),
    findByHash: ({ repositories: { tokens } }) => tokens.findByHash('hash_1'),
    list: ({ repositories: { tokens } }) => tokens.list(T),
    revoke: ({ repositories: { tokens } }) => tokens.revoke(T, 'name 13', NOW),
    recordUse: ({ repositories: { tokens } }) => tokens.recordUse('tok_1', NOW),
  },
  deliveries: {
    receive: async ({ repositories: { deliveries } }) => {
      const delivery = { tenantId: T, key: newId('file'), payload: {} };
      await deliveries.receive(delivery, NOW, LEASE_MS);
      await deliveries.receive(delivery, NOW, LEASE_MS);
    },
    claimAbandoned: ({ repositories: { deliveries } }) => deliveries.claimAbandoned('file_2', at(9), LEASE_MS),
    renew: async ({ repositories: { deliveries } }) => {
      const delivery = await deliveries.find(T, 'file_1');
      if (delivery) await deliveries.renew(delivery, NOW, LEASE_MS);
    },
    finish: async ({ repositories: { deliveries } }) => {
      const delivery = await deliveries.find(T, 'file_1');
      if (delivery) await deliveries.finish(delivery, 'DONE', {}, NOW);
    },
    bringForward: ({ repositories: { deliveries } }) => deliveries.bringForward(NOW, at(120), LEASE_MS),
    handBack: async ({ repositories: { deliveries } }) => {
      const delivery = await deliveries.find(T, 'file_1');
      if (delivery) await deliveries.handBack(delivery, NOW);
    },
    forget: async ({ repositories: { deliveries } }) => {
      for (const key of ['file_1', 'file_13']) {
        const delivery = await deliveries.find(T, key);
        if (delivery) await deliveries.forget(delivery);
      }
    },
    find: ({ repositories: { deliveries } }) => deliveries.find(T, 'file_1'),
    purgeFinishedBefore: ({ repositories: { deliveries } }) => deliveries.purgeFinishedBefore(at(-5)),
    purgeAbandonedBefore: ({ repositories: { deliveries } }) => deliveries.purgeAbandonedBefore('file_3', at(-5)),
  },
  homes: {
    opened: ({ repositories: { homes } }) => homes.opened(T, 'U1', 1, NOW),
    markStale: ({ repositories: { homes } }) => homes.markStale(T, at(400), at(0)),
    takeStale: ({ repositories: { homes } }) => homes.takeStale(at(400)),
  },
  inspections: {
    releases: async ({ repositories: { inspections } }) => {
      await inspections.releases({ limit: 5, after: 'rel_2', tenantId: null });
      await inspections.releases({ limit: 5, after: 'rel_2', tenantId: T });
    },
    releasesChangedSince: async ({ repositories: { inspections } }) => {
      await inspections.releasesChangedSince(at(-5), { limit: 5, after: null });
      await inspections.releasesChangedSince(at(-5), { limit: 5, after: { updatedAt: at(-4), id: 'rel_2' } });
    },
    releasesById: ({ repositories: { inspections } }) => inspections.releasesById(['rel_1', 'rel_2']),
    withoutRelease: ({ repositories: { inspections } }) => inspections.withoutRelease(['rel_1', 'rel_none']),
    hasLiveRelease: ({ repositories: { inspections } }) => inspections.hasLiveRelease(T, ['cfg_1', 'cfg_2']),
    unsentRows: ({ repositories: { inspections } }) => inspections.unsentRows(at(5), 10),
    parkedRows: ({ repositories: { inspections } }) => inspections.parkedRows(10),
    lastSentAt: ({ repositories: { inspections } }) => inspections.lastSentAt(T),
    releasesOfRows: ({ repositories: { inspections } }) => inspections.releasesOfRows('rel_2', 10),
    abandonedDeliveries: ({ repositories: { inspections } }) => inspections.abandonedDeliveries(at(9), 10),
    jobsNamed: ({ repositories: { inspections } }) => inspections.jobsNamed(['tick', 'outbox']),
    overdueJobs: ({ repositories: { inspections } }) => inspections.overdueJobs(['tick', 'kick-off'], at(9), 10),
    releasesOfJobs: ({ repositories: { inspections } }) => inspections.releasesOfJobs('rel_2', 10),
    makeDue: ({ repositories: { inspections }, release }) => inspections.makeDue(release.id, NOW),
    giveBackLease: ({ repositories: { inspections }, release }) =>
      inspections.giveBackLease(release.id, { token: 'x', until: NOW }, NOW),
    forgetPlannedWakes: ({ repositories: { inspections }, release }) =>
      inspections.forgetPlannedWakes(release.id, 1, NOW),
    dropJobs: ({ repositories: { inspections } }) => inspections.dropJobs('rel_2'),
    makeRowDue: async ({ repositories: { inspections } }) => {
      const [row] = await inspections.unsentRows(at(5), 1);
      if (row) await inspections.makeRowDue(row, NOW);
    },
  },
};

/** Searches whose result must come out of the index in order: sorting them would cost what exists, not what is asked. */
const SORTED_BY_INDEX = [
  'releases.findDue',
  'releases.list',
  'releases.listLive',
  'releases.listEndedBefore',
  'outbox.findDueReleases',
  'uploads.listForRetention',
  'audit.list',
  'inspections.releases',
  'inspections.releasesChangedSince',
  'inspections.unsentRows',
  'inspections.lastSentAt',
  'inspections.releasesOfRows',
  'inspections.releasesOfJobs',
  'inspections.abandonedDeliveries',
];

const CASES = Object.entries(METHODS).flatMap(([room, methods]) =>
  Object.entries(methods).map(([method, call]) => [`${room}.${method}`, call] as const),
);

it.each(CASES)('%s is served by an index', async (name, call) => {
  const release = await persistence.repositories.releases.create(newRelease());
  recorded = [];
  await call({ repositories: persistence.repositories, release });
  const commands = recorded;
  if (!/insert/.test(name)) expect(commands.length).toBeGreaterThan(0);
  for (const command of commands.flatMap(searches)) {
    const explained = await explain(command);
    const stages = valuesOf(explained, 'stage');
    for (const index of valuesOf(explained, 'indexName'))
      used.add(`${command['find'] ?? command['aggregate']}.${index}`);
    expect({ command, stages }).toEqual({ command, stages: expect.not.arrayContaining(['COLLSCAN']) });
    expect(stages.some((stage) => INDEXED.includes(stage))).toBe(true);
    if (SORTED_BY_INDEX.includes(name)) {
      expect({ command, stages }).toEqual({ command, stages: expect.not.arrayContaining(['SORT']) });
    }
  }
});

it('would notice a search without an index', async () => {
  const explained = await explain({ find: 'releases', filter: { branch: 'release/x' } });
  expect(valuesOf(explained, 'stage')).toContain('COLLSCAN');
});

// Last: it looks at what the tests above saw.
testNeeding('PLANS_BY_RULE')('declares no index that no search uses, but for those that keep something unique', () => {
  const declared = Object.values(persistence.connection.models).flatMap((model) =>
    model.schema
      .indexes()
      .filter(([, options]) => !options.unique)
      .map(([keys]) => `${model.collection.name}.${Object.entries(keys).flat().join('_')}`),
  );
  expect(declared.filter((index) => !used.has(index))).toEqual([]);
});

const INDEXED = ['IXSCAN', 'IDHACK', 'EXPRESS_IXSCAN', 'CLUSTERED_IXSCAN', 'COUNT_SCAN'];

/** The searches in a command: a write looks for its documents just as a read does, and not every server explains writes. */
function searches(command: Document): Document[] {
  const { findAndModify, query, sort } = command;
  if (findAndModify) return [{ find: findAndModify, filter: query, ...(sort ? { sort } : {}) }];
  for (const name of ['update', 'delete'] as const) {
    if (!(name in command)) continue;
    const entries: Document[] = command[`${name}s`];
    return entries.map((entry) => ({ find: command[name], filter: entry['q'] }));
  }
  return [Object.fromEntries(Object.entries(command).filter(([field]) => !SESSION_FIELDS.includes(field)))];
}

const SESSION_FIELDS = ['lsid', 'txnNumber', '$clusterTime', '$db', '$readPreference', 'writeConcern', 'readConcern'];

async function explain(search: Document): Promise<Document> {
  const { db } = persistence.connection;
  if (!db) throw new Error('the connection should be open');
  return db.command({ explain: search, verbosity: 'queryPlanner' });
}

/** What stands under this name anywhere in the winning plan. */
function valuesOf(explained: Document, name: 'stage' | 'indexName'): string[] {
  const found: string[] = [];
  const visit = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      for (const [field, inner] of Object.entries(value)) {
        if (field === name && typeof inner === 'string') found.push(inner);
        if (!NOT_THE_PLAN.includes(field)) visit(inner);
      }
    }
  };
  visit(explained);
  return found;
}

/** `IndexCosts` is one server's list of what it considered. */
const NOT_THE_PLAN = ['rejectedPlans', 'command', 'IndexCosts'];

async function pages(page: (after: string | undefined) => Promise<{ next: string | null }>): Promise<void> {
  const { next } = await page(undefined);
  if (next === null) throw new Error('there should be a second page');
  await page(next);
}

/** Some hundred documents in each collection, made from what the repositories store. */
async function fill({ connection, repositories }: Persistence): Promise<void> {
  const release = await repositories.releases.create(newRelease());
  await repositories.outbox.append([outboxRow(release.id, 1)]);
  await repositories.audit.append([auditEntry(release.id, 1)]);
  await repositories.builds.ensure(build());
  await repositories.uploads.insert(upload());
  await repositories.configs.upsert(config());
  await repositories.integrations.upsert(integration());
  await repositories.tokens.insert(token());
  await repositories.tenants.ensure({ id: T, name: 'Acme' }, NOW);
  await repositories.deliveries.receive({ tenantId: T, key: 'x', payload: {} }, NOW, LEASE_MS);
  await repositories.homes.opened(T, 'U0', 1, NOW);
  const clones: Record<string, (i: number) => Document> = {
    Release: (i) => ({
      _id: `rel_${i}`,
      releaseConfigId: `cfg_${i % 5}`,
      liveKeys: [`key_${i}`],
      live: i % 3 === 0 || i % TENANTS === 1,
      endedAt: i % 3 === 0 ? null : at(-i),
      nextWakeAt: i % 20 === 0 ? at(-i) : null,
      createdAt: at(-i),
      updatedAt: at(-i),
    }),
    OutboxRow: (i) => ({
      _id: `rel_${i}:message-1`,
      key: `rel_${i}:message-1`,
      releaseId: `rel_${i}`,
      ts: `ts-${i}`,
      status: i % 50 === 0 ? 'PARKED' : 'SENT',
      work: i % 20 === 0 ? 'POST' : null,
      workAt: i % 20 === 0 ? at(-i) : null,
      sentAt: at(-i),
    }),
    AuditEntry: (i) => ({ _id: `rel_1.${i}`, releaseId: `rel_${i % 7}`, seq: i }),
    Build: (i) => ({ _id: `bld_${i}`, taskId: `task_${i}`, releaseId: `rel_${i % 40}` }),
    Upload: (i) => ({ _id: `upl_${i}`, releaseId: `rel_${i % 40}`, isUsed: i % TENANTS !== 1, createdAt: at(-i) }),
    ReleaseConfig: (i) => ({ _id: `cfg_${i}`, name: `name ${i}` }),
    Integration: (i) => ({ _id: `int_${i}`, name: `name ${i}` }),
    Token: (i) => ({ _id: `tok_${i}`, name: `name ${i}`, hash: `hash_${i}` }),
    Tenant: (i) => ({ _id: `T_${i}` }),
    Delivery: (i) => ({ key: `file_${i}`, status: i % 30 === 1 ? 'RECEIVED' : 'DONE', updatedAt: at(-i) }),
    Home: (i) => ({ userId: `U${i}`, openedAt: at(-i), staleAt: i % 30 === 0 ? at(i) : null }),
  };
  for (const [name, model] of Object.entries(connection.models)) {
    const template = await model.findOne().lean<Document>();
    const clone = clones[name];
    if (!template || !clone) throw new Error(`${name} should have a document to clone`);
    const { _id, ...fields } = template;
    const tenant = (i: number) => ('tenantId' in fields ? { tenantId: `T${i % TENANTS}` } : {});
    await model.collection.insertMany(
      Array.from({ length: DOCUMENTS }, (_, i) => ({ ...fields, ...tenant(i + 1), ...clone(i + 1) })),
    );
  }
  await fillJobs(connection.collection('jobs'));
}

/** The scheduler makes its collection itself: with an index of its own, and with the one of `jobs/index.ts`. */
async function fillJobs(jobs: ReturnType<Persistence['connection']['collection']>): Promise<void> {
  await jobs.createIndex({ name: 1, nextRunAt: 1, priority: -1, lockedAt: 1, disabled: 1 });
  await jobs.createIndex({ 'data.releaseId': 1 });
  const names = ['tick', 'outbox', 'kick-off', 'regression-slot'];
  await jobs.insertMany(
    Array.from({ length: DOCUMENTS }, (_, i) => ({
      name: names[i % names.length],
      nextRunAt: at(i - 5),
      ...(i % 4 > 1 ? { data: { releaseId: `rel_${i}`, key: `rel_${i}:kick-off` } } : {}),
    })),
  );
}
