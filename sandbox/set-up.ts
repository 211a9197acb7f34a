import type { Config } from '../src/config.ts';
import { DEFAULT_GATE_POLICY, DEFAULT_REMINDERS, DEFAULT_SLOT_GRACE_HOURS } from '../src/domain/release-config.ts';
import { connectPersistence } from '../src/persistence/index.ts';
import { loadCredentialKeys } from '../src/setup/credential-keys.ts';
import type { Clock } from '../src/shared/clock.ts';
import { createSealer } from '../src/shared/crypto.ts';

export async function setUp(options: {
  config: Config;
  databaseUri: string;
  clock: Clock;
  teamId: string;
  channelId: string;
  githubApiUrl: string;
  githubToken: string;
  timeZone: string;
}): Promise<void> {
  const { config, databaseUri, clock, teamId, channelId } = options;
  const persistence = await connectPersistence({ uri: databaseUri, clock });
  try {
    await persistence.ensureIndexes();
    const { tenants, integrations, configs } = persistence.repositories;
    const now = clock.now();
    await tenants.ensure({ id: teamId, name: 'Sandbox' }, now);
    await tenants.setRoles(teamId, {
      ADMIN: ['U01ALICE'],
      RELEASE_PILOT: ['U01ALICE'],
      APPROVER: ['U02BOB', 'U03CAROL'],
      UPLOADER: ['U01ALICE', 'U02BOB'],
    });
    const sealer = createSealer((await loadCredentialKeys(config)).keys);
    const scope = { tenantId: teamId, integrationId: 'int_github' };
    await integrations.upsert({
      id: 'int_github',
      tenantId: teamId,
      kind: 'SCM',
      provider: 'GITHUB',
      name: 'github',
      settings: { owner: 'acme', repo: 'app', apiUrl: options.githubApiUrl },
      sealedCredentials: sealer.seal(JSON.stringify({ token: options.githubToken }), scope),
      verification: { status: 'VALID', checkedAt: now, detail: null },
      scmIntegrationId: null,
      targetIntegrationId: null,
      createdBy: 'apply',
      createdAt: now,
      updatedAt: now,
    });
    const day = { time: '14:00' };
    await configs.upsert({
      id: 'cfg_mobile',
      tenantId: teamId,
      name: 'Mobile',
      flow: 'STAGED',
      platforms: ['ANDROID', 'IOS'],
      baseBranch: 'main',
      scmIntegrationId: 'int_github',
      comms: { releases: channelId, builds: channelId, approvals: channelId },
      autoStartRegression: true,
      hasManualBuildUpload: true,
      slotTemplate: [
        { offset: 'P1D', ...day },
        { offset: 'P3D', ...day },
      ],
      timeZone: options.timeZone,
      freezeWindows: [],
      reminders: DEFAULT_REMINDERS,
      slotGraceHours: DEFAULT_SLOT_GRACE_HOURS,
      gates: { preRelease: { ...DEFAULT_GATE_POLICY, quorum: 2 }, submission: DEFAULT_GATE_POLICY },
      applicationIds: {},
      allowVersionMismatch: false,
      webArchiveEndings: [],
      artifactRetentionDays: null,
      isActive: true,
    });
  } finally {
    await persistence.close();
  }
}
