import type { ReleaseConfig } from '../../src/domain/release-config.ts';
import { type CurrentSetup, planSetup } from '../../src/setup/plan.ts';
import type { WantedSetup } from '../../src/setup/wanted.ts';
import { NOW } from './support.ts';

const POLICY = { approvers: ['APPROVER' as const], users: null, quorum: 1, allowOwnRelease: true };
const CONFIG = {
  name: 'Mobile',
  flow: 'STAGED' as const,
  platforms: ['IOS' as const],
  baseBranch: 'main',
  comms: { releases: 'C1', builds: 'C1', approvals: 'C1' },
  autoStartRegression: true,
  hasManualBuildUpload: true,
  slotTemplate: [],
  timeZone: 'UTC',
  freezeWindows: [{ startsAt: NOW, endsAt: new Date('2026-12-01T00:00:00Z'), reason: 'x' }],
  reminders: { preKickOffHours: 24, missingBuildsHours: 2, approvalHours: 4 },
  slotGraceHours: 6,
  gates: { preRelease: POLICY, submission: POLICY },
  applicationIds: {},
  allowVersionMismatch: false,
  webArchiveEndings: [],
  artifactRetentionDays: null,
  isActive: true,
};
const GITHUB = { name: 'github', kind: 'SCM' as const, provider: 'GITHUB', settings: { owner: 'acme', repo: 'app' } };
const WANTED: WantedSetup = {
  tenant: { id: 'T1', name: 'Acme' },
  roles: { ADMIN: ['U1'], APPROVER: ['U2', 'U3'] },
  integrations: [{ ...GITHUB, credentials: { token: 'x' } }],
  configs: [{ ...CONFIG, scm: 'github' }],
};
const CURRENT: CurrentSetup = {
  tenant: { id: 'T1', name: 'Acme', roles: { ADMIN: ['U1'], APPROVER: ['U3', 'U2'], VIEWER: ['U9'] }, createdAt: NOW },
  integrations: [
    {
      ...GITHUB,
      id: 'int_1',
      tenantId: 'T1',
      sealedCredentials: 'sealed',
      credentials: { token: 'x' },
      verification: { status: 'VALID', checkedAt: NOW, detail: 'ok' },
      scmIntegrationId: null,
      targetIntegrationId: null,
      createdBy: 'apply',
      createdAt: NOW,
      updatedAt: NOW,
    },
  ],
  configs: [{ ...CONFIG, id: 'cfg_1', tenantId: 'T1', scmIntegrationId: 'int_1' } satisfies ReleaseConfig],
};
const EMPTY: CurrentSetup = { tenant: null, integrations: [], configs: [] };
const plan = (current: CurrentSetup, wanted: WantedSetup, prune = false) =>
  planSetup(current, wanted, { prune }).map(({ what, how, name, details }) => [how, what, name, ...details]);

test('what is as it should be needs nothing; the order of members does not matter', () => {
  expect(plan(CURRENT, WANTED)).toEqual([]);
});

test('from nothing, everything, what is named before what names it', () => {
  expect(plan(EMPTY, WANTED)).toEqual([
    ['create', 'tenant', 'Acme (T1)'],
    ['update', 'role', 'ADMIN', 'members: [] -> ["U1"]'],
    ['update', 'role', 'APPROVER', 'members: [] -> ["U2","U3"]'],
    ['create', 'integration', 'github', 'SCM GITHUB'],
    ['create', 'configuration', 'Mobile'],
  ]);
});

test('each difference is told, field by field, and secrets only as changed', () => {
  const [integration] = WANTED.integrations;
  const [config] = WANTED.configs;
  if (!integration || !config) throw new Error('incomplete example');
  const wanted: WantedSetup = {
    ...WANTED,
    tenant: { id: 'T1', name: 'Acme Inc' },
    integrations: [{ ...integration, settings: { owner: 'acme', repo: 'web' }, credentials: { token: 'hush' } }],
    configs: [{ ...config, platforms: ['IOS', 'WEB'], freezeWindows: [] }],
  };
  expect(plan(CURRENT, wanted)).toEqual([
    ['update', 'tenant', 'T1', 'name: "Acme" -> "Acme Inc"'],
    ['update', 'integration', 'github', 'settings.repo: "app" -> "web"', 'credentials: changed'],
    [
      'update',
      'configuration',
      'Mobile',
      'platforms: ["IOS"] -> ["IOS","WEB"]',
      `freezeWindows: ${JSON.stringify(CONFIG.freezeWindows)} -> []`,
    ],
  ]);
});

test('credentials that do not open are written anew', () => {
  const current = {
    ...CURRENT,
    integrations: CURRENT.integrations.map((one) => ({ ...one, credentials: 'unreadable' as const })),
  };
  expect(plan(current, WANTED)).toEqual([
    ['update', 'integration', 'github', 'credentials: the stored ones do not open with these keys'],
  ]);
});

test('a configuration moved to another integration is told by name', () => {
  const wanted = { ...WANTED, configs: WANTED.configs.map((one) => ({ ...one, scm: 'mirror' })) };
  expect(plan(CURRENT, wanted)).toEqual([['update', 'configuration', 'Mobile', 'scm: "github" -> "mirror"']]);
});

test('nothing is deleted and no role emptied unless pruned; then configurations go before integrations', () => {
  const wanted: WantedSetup = { ...WANTED, integrations: [], configs: [] };
  expect(plan(CURRENT, wanted)).toEqual([]);
  expect(plan(CURRENT, wanted, true)).toEqual([
    ['update', 'role', 'VIEWER', 'members: ["U9"] -> []'],
    ['delete', 'configuration', 'Mobile'],
    ['delete', 'integration', 'github'],
  ]);
});
