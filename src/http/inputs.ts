import { z } from 'zod';
import { PLATFORMS, RELEASE_TYPES } from '../domain/release.ts';
import { MISSED_SLOT_ANSWERS } from '../domain/slot.ts';
import { ACTIONS } from '../domain/status.ts';
import { UPLOAD_STAGES } from '../domain/upload.ts';
import { TOKEN_SCOPES } from '../engine/index.ts';

/** Every shape that comes in over HTTP (Spec 1.1, 3.5, 8.4); the OpenAPI document is made from these. */

const text = (max: number) =>
  z.string().trim().min(1, 'must not be empty').max(max, `is longer than ${max} characters`);
/** ISO 8601 with a zone; a wall time without one would mean something else for every reader. */
const instant = z.iso
  .datetime({ offset: true, error: 'expected a date and time with its zone, e.g. 2026-12-01T10:00:00Z' })
  .transform((value) => new Date(value));
const platform = z.enum(PLATFORMS, { error: `expected one of ${PLATFORMS.join(', ')}` });

export const CreateReleaseBody = z.strictObject({
  tenantId: text(64).describe("the token's own tenant; may be left out").optional(),
  releaseConfigId: text(100).describe('id or name of the release configuration'),
  type: z.enum(RELEASE_TYPES, { error: `expected one of ${RELEASE_TYPES.join(', ')}` }).default('PLANNED'),
  platformTargets: z
    .array(z.strictObject({ platform, version: text(100), store: text(100).nullish() }))
    .min(1, 'expected at least one platform target')
    .max(PLATFORMS.length, `expected at most ${PLATFORMS.length} platform targets`),
  baseBranch: text(250).nullish(),
  kickOffDate: instant,
  targetReleaseDate: instant.nullish(),
  regressionSlots: z.array(instant).max(50, 'expected at most 50 slots').nullish(),
  hasManualBuildUpload: z.boolean().nullish(),
  releasePilot: text(100).describe('Slack user id').nullish(),
  freezeOverrideReason: text(500).nullish(),
});

const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().max(200).describe('`next` of the page before').optional(),
});
export const ListReleasesQuery = PageQuery.extend({
  all: z
    .enum(['true', 'false', '1', '0', ''], { error: 'expected true or false' })
    .transform((value) => value === 'true' || value === '1' || value === '')
    .describe('also those that are COMPLETED or ARCHIVED')
    .default(false),
});
export const HistoryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(0).describe('`next` of the page before').optional(),
});

/** Beside page 2.3's actions: the gate, the submission made by hand, and the slots. */
export const API_ACTIONS = [
  ...ACTIONS,
  'APPROVE',
  'REJECT',
  'CONFIRM_SUBMISSION',
  'SLOT_ADD',
  'SLOT_MOVE',
  'SLOT_REMOVE',
  'ANSWER_MISSED_SLOT',
] as const;
export type ApiAction = (typeof API_ACTIONS)[number];

export const ActionBody = z.strictObject({
  reason: text(500).describe('REJECT and SKIP_TASK need one; PAUSE, ARCHIVE, ABANDON_CYCLE keep one').optional(),
  overrideReason: text(500).describe('why a gate is approved although a check failed').optional(),
  freezeOverrideReason: text(500).describe('START inside a freeze window').optional(),
  contentHash: text(128).describe('what was seen when the gate was decided; refused when it changed since').optional(),
  cycle: z
    .number({ error: 'expected the number of a cycle, such as 1' })
    .int()
    .min(1)
    .describe('ABANDON_CYCLE: the cycle that was seen; refused when another one runs since')
    .optional(),
  taskId: text(200).describe('RETRY_TASK, SKIP_TASK; default: the failed one').optional(),
  platform: platform.describe('CONFIRM_SUBMISSION; default: the only one awaiting').optional(),
  at: instant.describe('SLOT_ADD, SLOT_MOVE').optional(),
  slot: z
    .union([text(100), z.number().int().min(1).transform(String)])
    .describe("SLOT_MOVE, SLOT_REMOVE, ANSWER_MISSED_SLOT: the slot's id, or its place from 1")
    .optional(),
  answer: z.enum(MISSED_SLOT_ANSWERS, { error: `expected one of ${MISSED_SLOT_ANSWERS.join(', ')}` }).optional(),
});
export type ActionInput = z.output<typeof ActionBody>;

export const UploadForm = z.strictObject({
  stage: z.enum(UPLOAD_STAGES, { error: `expected one of ${UPLOAD_STAGES.join(', ')}` }),
  platform,
  file: z.string().meta({ format: 'binary' }).describe('the last part of the form'),
});
export const TriggerBuildBody = z.strictObject({ platform });

export const CreateTokenBody = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, 'expected up to 64 letters, digits, dots, dashes or underscores'),
  scopes: z
    .array(z.enum(TOKEN_SCOPES, { error: `expected one of ${TOKEN_SCOPES.join(', ')}` }))
    .min(1, 'expected at least one scope'),
});
