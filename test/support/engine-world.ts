import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import pino from 'pino';
import type { Platform, Release } from '../../src/domain/release.ts';
import {
  DEFAULT_GATE_POLICY,
  DEFAULT_REMINDERS,
  DEFAULT_SLOT_GRACE_HOURS,
  type ReleaseConfig,
} from '../../src/domain/release-config.ts';
import { type Actor, ROLES } from '../../src/domain/tenant.ts';
import type { UploadStage } from '../../src/domain/upload.ts';
import {
  createEngine,
  type Deps,
  type Engine,
  type IntentContext,
  type UploadReceipt,
} from '../../src/engine/index.ts';
import { createArtifactStore } from '../../src/integrations/artifacts/index.ts';
import { inspectBuildFile } from '../../src/integrations/artifacts/inspect/index.ts';
import { connectPersistence, type Persistence } from '../../src/persistence/index.ts';
import { isDatabaseError } from '../../src/shared/database-errors.ts';
import { createMetrics } from '../../src/shared/metrics.ts';
import { makeAab, makeApk, makeIpa } from '../fixtures/build-files.ts';
import { testDatabase } from './database.ts';
import { type FakeMessenger, fakeMessenger } from './fake-messenger.ts';
import { type FakeScm, fakeScm } from './fake-scm.ts';

export const TENANT = 'T01TEST';
export const START = new Date('2026-12-01T08:00:00.000Z');
export const HOUR_MS = 3_600_000;

export function context(id: string, roles: Actor['roles'] = ROLES): IntentContext {
  return { tenantId: TENANT, actor: { kind: 'USER', id, roles }, origin: 'SLACK' };
}
export const alice = context('U01ALICE');
export const bob = context('U02BOB');

/** A whole engine on a real database, a real local store, fake SCM and messenger, and a clock that tests move. */
export interface World {
  engine: Engine;
  /** another instance on the same database */
  second(): Engine;
  deps: Deps;
  persistence: Persistence;
  scm: FakeScm;
  messenger: FakeMessenger;
  config: ReleaseConfig;
  now(): Date;
  setNow(at: Date): void;
  /** Moves the clock and runs the tick and the outbox until all is still. */
  tick(ms?: number): Promise<void>;
  create(overrides?: Partial<Parameters<Engine['createRelease']>[0]>): Promise<Release>;
  upload(
    releaseId: string,
    platform: Platform,
    options?: { stage?: UploadStage; version?: string; as?: IntentContext },
  ): Promise<UploadReceipt>;
  release(releaseId: string): Promise<Release>;
  saveConfig(patch: Partial<ReleaseConfig>): Promise<void>;
  close(): Promise<void>;
}

export interface EngineWorldOptions {
  /** another way to the database than straight, e.g. through a proxy */
  databaseUri?(straight: string): Promise<string> | string;
}

export async function engineWorld({ databaseUri }: EngineWorldOptions = {}): Promise<World> {
  const database = await testDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  let now = START;
  const clock = { now: () => now, realTimeOf: (instant: Date) => instant };
  const persistence = await connectPersistence({ uri: (await databaseUri?.(database.uri)) ?? database.uri, clock });
  await persistence.ensureIndexes();
  const scm = fakeScm();
  const messenger = fakeMessenger();
  const artifacts = createArtifactStore({ kind: 'LOCAL', directory });
  const deps: Deps = {
    clock,
    logger: pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
    metrics: createMetrics(),
    repositories: persistence.repositories,
    scmFor: async () => scm,
    messengerFor: async () => messenger,
    artifacts,
    inspectBuild: (input) => inspectBuildFile({ ...input, store: artifacts }),
    renderMessage: (content, { release }) => ({
      text: `${content.kind} ${release.status} v${release.version}`,
      blocks: [],
      settled: release.status === 'ARCHIVED',
    }),
    renderAlert: ({ text, lines }) => ({ text: [text, ...lines].join('\n'), blocks: [], settled: true }),
    planWakes: async () => undefined,
    isDatabaseError,
    maxUploadBytes: 10_000_000,
    leaseMs: 60_000,
  };
  const engines = [createEngine(deps)];
  const [engine] = engines;
  if (!engine) throw new Error('no engine');
  let config = await seed(persistence, now);

  const world: World = {
    engine,
    second() {
      const another = createEngine(deps);
      engines.push(another);
      return another;
    },
    deps,
    persistence,
    scm,
    messenger,
    get config() {
      return config;
    },
    now: () => now,
    setNow(at) {
      now = at;
    },
    async tick(ms = 0) {
      // What is under way holds claims and leases, which must not run out by the jump.
      await engine.idle();
      now = new Date(now.getTime() + ms);
      for (;;) {
        const advanced = await engine.advanceDue();
        await engine.idle();
        const sent = await engine.drainOutbox();
        await engine.idle();
        if (advanced === 0 && sent === 0) return;
      }
    },
    async create(overrides = {}) {
      const release = await engine.createRelease(
        {
          config: 'Mobile',
          type: 'PLANNED',
          targets: [
            { platform: 'ANDROID', version: '7.0.0', store: null },
            { platform: 'IOS', version: '6.7.0', store: null },
          ],
          baseBranch: null,
          kickOffDate: new Date(now.getTime() + HOUR_MS),
          targetReleaseDate: null,
          regressionSlots: [new Date(now.getTime() + 5 * HOUR_MS), new Date(now.getTime() + 24 * HOUR_MS)],
          hasManualBuildUpload: true,
          releasePilot: null,
          freezeOverrideReason: null,
          ...overrides,
        },
        alice,
      );
      await engine.idle();
      return release;
    },
    async upload(releaseId, platform, { stage, version, as = alice } = {}) {
      const bytes = await buildFile(platform, stage, version);
      const receipt = await engine.submitUpload(
        {
          releaseId,
          stage: stage ?? null,
          platform,
          fileName: bytes.fileName,
          sizeBytes: bytes.content.length,
          source: 'API',
          dedupeKey: null,
          openBytes: async () => Readable.from([bytes.content]),
        },
        as,
      );
      await engine.idle();
      return receipt;
    },
    release: (releaseId) => persistence.repositories.releases.get(TENANT, releaseId),
    async saveConfig(patch) {
      config = await persistence.repositories.configs.upsert({ ...config, ...patch });
    },
    async close() {
      await Promise.all(engines.map((each) => each.stop(5_000)));
      await persistence.close();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return world;
}

async function buildFile(platform: Platform, stage: UploadStage | undefined, version: string | undefined) {
  if (platform === 'IOS') {
    return {
      fileName: 'app.ipa',
      content: await makeIpa({ bundleId: 'com.acme.app', version: version ?? '6.7.0', build: '1' }),
    };
  }
  const manifest = { applicationId: 'com.acme.app', versionName: version ?? '7.0.0', versionCode: 7 };
  return stage === 'PRE_RELEASE'
    ? { fileName: 'app.aab', content: await makeAab(manifest) }
    : { fileName: 'app.apk', content: await makeApk(manifest) };
}

async function seed(persistence: Persistence, now: Date): Promise<ReleaseConfig> {
  const { tenants, integrations, configs } = persistence.repositories;
  await tenants.ensure({ id: TENANT, name: 'Acme' }, now);
  await tenants.setRoles(TENANT, { ADMIN: ['U01ALICE'], APPROVER: ['U02BOB'] });
  await integrations.upsert({
    id: 'int_github',
    tenantId: TENANT,
    kind: 'SCM',
    provider: 'GITHUB',
    name: 'github',
    settings: {},
    sealedCredentials: null,
    verification: { status: 'VALID', checkedAt: now, detail: null },
    scmIntegrationId: null,
    targetIntegrationId: null,
    createdBy: 'U01ALICE',
    createdAt: now,
    updatedAt: now,
  });
  return configs.upsert({
    id: 'cfg_mobile',
    tenantId: TENANT,
    name: 'Mobile',
    flow: 'STAGED',
    platforms: ['ANDROID', 'IOS'],
    baseBranch: 'main',
    scmIntegrationId: 'int_github',
    comms: { releases: 'C01REL', builds: 'C01REL', approvals: 'C01REL' },
    autoStartRegression: true,
    hasManualBuildUpload: true,
    slotTemplate: [],
    timeZone: 'UTC',
    freezeWindows: [],
    reminders: DEFAULT_REMINDERS,
    slotGraceHours: DEFAULT_SLOT_GRACE_HOURS,
    gates: { preRelease: DEFAULT_GATE_POLICY, submission: DEFAULT_GATE_POLICY },
    applicationIds: {},
    allowVersionMismatch: false,
    webArchiveEndings: [],
    artifactRetentionDays: null,
    isActive: true,
  });
}
