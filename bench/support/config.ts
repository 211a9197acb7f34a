import {
  DEFAULT_GATE_POLICY,
  DEFAULT_REMINDERS,
  DEFAULT_SLOT_GRACE_HOURS,
  type ReleaseConfig,
} from '../../src/domain/release-config.ts';

export function benchConfig(tenantId: string): ReleaseConfig {
  return {
    id: 'cfg_bench',
    tenantId,
    name: 'Bench',
    flow: 'STAGED',
    platforms: ['ANDROID'],
    baseBranch: 'main',
    scmIntegrationId: 'int_none',
    comms: { releases: 'C1', builds: 'C1', approvals: 'C1' },
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
  };
}
