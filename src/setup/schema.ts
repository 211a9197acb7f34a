import { z } from 'zod';
import { PLATFORMS } from '../domain/release.ts';
import { DEFAULT_GATE_POLICY, DEFAULT_REMINDERS, DEFAULT_SLOT_GRACE_HOURS } from '../domain/release-config.ts';
import { ROLES } from '../domain/tenant.ts';
import { INTEGRATION_KINDS } from '../persistence/types/index.ts';
import { isTimeZone, parseDayOffset, parseTime } from '../shared/zoned-time.ts';

/** The shape of a set-up file (Spec 4.7). What must fit together beyond one value is checked in `check.ts`. */

const oneOf = (values: readonly string[]) => `expected one of ${values.join(', ')}`;
const name = z
  .string({ error: 'expected a name' })
  .trim()
  .min(1, 'expected a name')
  .max(75, 'is longer than 75 characters, which is all that Slack shows in a list');
const slackId = (letters: string, what: string) =>
  z.string().regex(new RegExp(`^[${letters}][A-Z0-9]{2,20}$`), `expected the id of ${what}`);
const member = slackId('UWS', 'a Slack user (U… or W…) or user group (S…)');
const user = slackId('UW', 'a Slack user (U… or W…)');
const channel = slackId('CG', 'a Slack channel (C…), not its name');
const platform = z.enum(PLATFORMS, { error: oneOf(PLATFORMS) });
const hours = z.number({ error: 'expected a number of hours' }).positive('expected more than 0 hours').max(8760);
const bool = z.boolean({ error: 'expected true or false' });
const unique = <T>(items: readonly T[]) => new Set(items).size === items.length;

export const IntegrationEntry = z.strictObject({
  name,
  kind: z.enum(INTEGRATION_KINDS, { error: oneOf(INTEGRATION_KINDS) }),
  provider: z.string({ error: 'expected the name of a provider, e.g. GITHUB' }),
  scm: name.optional(),
  target: name.optional(),
  settings: z.record(z.string(), z.unknown()).default({}),
  credentials: z.record(z.string(), z.unknown()).optional(),
});

const GateEntry = z.strictObject({
  approvers: z
    .array(z.enum(ROLES, { error: oneOf(ROLES) }))
    .min(1, 'expected at least one role')
    .default([...DEFAULT_GATE_POLICY.approvers]),
  users: z.array(user).min(1, 'expected at least one user, or leave it out').nullable().default(null),
  quorum: z.number({ error: 'expected a whole number' }).int().min(1, 'expected at least 1').max(20).default(1),
  allowOwnRelease: bool.default(true),
});

const SlotEntry = z.strictObject({
  offset: z.string().refine((text) => parseDayOffset(text) !== null, 'expected days from kick-off, e.g. P1D'),
  time: z
    .string({ error: 'expected a local time in quotes, e.g. "14:00"' })
    .refine((text) => parseTime(text) !== null, 'expected a local time, e.g. "14:00"'),
});

const FreezeEntry = z.strictObject({
  from: z.string({ error: 'expected a date, e.g. 2026-12-20 or "2026-12-20 18:00"' }),
  to: z.string({ error: 'expected a date, e.g. 2027-01-02 or "2027-01-02 08:00"' }),
  reason: z.string().trim().min(1, 'expected a reason').max(200),
});

/** Of page 4.4, but not there yet: named, so that a file that has them is told plainly. */
export const LATER_CONFIG_KEYS = [
  'ciConfigId',
  'projectManagementConfigId',
  'testManagementConfigId',
  'commsConfigId',
  'tickets',
  'tests',
  'testManagement',
  'pipelines',
  'train',
] as const;

export const ConfigurationEntry = z.strictObject({
  name,
  flow: z.enum(['STAGED', 'QUICK'], { error: oneOf(['STAGED', 'QUICK']) }).default('STAGED'),
  platforms: z.array(platform).min(1, 'expected at least one platform').refine(unique, 'names a platform twice'),
  baseBranch: z.string().trim().min(1, 'expected a branch').max(250).default('main'),
  scm: name,
  targets: z.array(name).default([]),
  workflows: z.array(z.unknown()).default([]),
  comms: z.strictObject({ releases: channel, builds: channel.optional(), approvals: channel.optional() }),
  hasManualBuildUpload: bool.default(true),
  autoStartRegression: bool.default(true),
  timeZone: z.string().refine(isTimeZone, 'expected an IANA time zone, e.g. Asia/Kolkata').default('UTC'),
  slotTemplate: z.array(SlotEntry).max(50).default([]),
  freezeWindows: z.array(FreezeEntry).default([]),
  reminders: z
    .strictObject({
      preKickOffHours: hours.default(DEFAULT_REMINDERS.preKickOffHours),
      missingBuildsHours: hours.default(DEFAULT_REMINDERS.missingBuildsHours),
      approvalHours: hours.default(DEFAULT_REMINDERS.approvalHours),
    })
    .default({ ...DEFAULT_REMINDERS }),
  slotGraceHours: hours.default(DEFAULT_SLOT_GRACE_HOURS),
  applicationIds: z.partialRecord(platform, z.string().trim().min(1)).default({}),
  allowVersionMismatch: bool.default(false),
  webArchiveEndings: z
    .array(z.string().regex(/^\.[\w.-]+$/, 'expected a file name ending, e.g. .web.zip'))
    .default(['.web.zip']),
  artifactRetentionDays: z.number().int().min(1, 'expected at least 1 day').nullable().default(null),
  gates: z.strictObject({ preRelease: GateEntry.prefault({}), submission: GateEntry.prefault({}) }).prefault({}),
  isActive: bool.default(true),
});

export const SetupFileSchema = z.strictObject({
  tenant: z.strictObject({
    slackTeamId: slackId('TE', 'a Slack workspace (T…) or organisation (E…)'),
    name: z.string().trim().min(1, 'expected a name').max(100),
  }),
  roles: z.partialRecord(z.enum(ROLES, { error: oneOf(ROLES) }), z.array(member)).default({}),
  integrations: z.array(IntegrationEntry).default([]),
  configurations: z.array(ConfigurationEntry).default([]),
});
export type IntegrationFileEntry = z.output<typeof IntegrationEntry>;
export type ConfigurationFileEntry = z.output<typeof ConfigurationEntry>;
