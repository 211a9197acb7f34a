import { GATE_IDS, type GateId } from '../src/domain/gate.ts';
import { PLATFORMS, type Platform } from '../src/domain/release.ts';
import { UPLOAD_STAGES, type UploadStage } from '../src/domain/upload.ts';

/**
 * Every id that Slack sends back to us, and the values that travel with it. One action id means one thing wherever the
 * button stands (root card, status, why, App Home), so one handler serves it. Values name things (ids and hashes) and
 * never carry authority: who clicked is checked against the release as it is (Spec 6.2, 6.3).
 */

/** Buttons; `value` is an `ActionValue` unless said otherwise. */
export const RELEASE_ACTIONS = {
  /** confirmed with its plan; then START */
  start: 'release.start',
  /** opens the reason modal */
  pause: 'release.pause',
  /** confirmed; then RESUME */
  resume: 'release.resume',
  /** opens the reason modal */
  archive: 'release.archive',
  /** confirmed; TRIGGER_STAGE_2 */
  triggerRegression: 'release.trigger_regression',
  /** opens the reason modal; the value has `cycleNumber`: the cycle that was shown */
  abandonCycle: 'release.abandon_cycle',
  /** opens the reason modal */
  skipCycles: 'release.skip_cycles',
  /** opens the upload modal; the value may have `stage` */
  upload: 'release.upload',
  /** opens the slot modal (add) */
  addSlot: 'release.add_slot',
  /** ephemeral status card */
  status: 'release.status',
  /** ephemeral answer to why it waits */
  why: 'release.why',
  /** ephemeral release notes */
  notes: 'release.notes',
  /** ephemeral builds */
  builds: 'release.builds',
  /** ephemeral audit trail; the value may have `beforeSeq` (older entries) */
  history: 'release.history',
  /** overflow menu; `selected_option.value` is a `MoreValue` */
  more: 'release.more',
  /** opens the creation modal; value `new` */
  create: 'release.create',
  /** only a link (`url`); acknowledge, do nothing */
  link: 'release.link',
  /** closes an ephemeral question (`response_url`, `delete_original`) */
  dismiss: 'release.dismiss',
} as const;

/** `value` has `gateId` and `contentHash` (absent until the first check succeeded). */
export const GATE_ACTIONS = {
  /** confirmed with its plan */
  approve: 'gate.approve',
  /** a check failed: opens the reason modal `approve-override` */
  approveOverride: 'gate.approve_override',
  /** opens the reason modal */
  reject: 'gate.reject',
} as const;

/** `value` has `taskId`. */
export const TASK_ACTIONS = {
  /** confirmed */
  retry: 'task.retry',
  /** opens the reason modal */
  skip: 'task.skip',
  /** confirmed; the value has `platform` as well */
  confirmSubmission: 'task.confirm_submission',
} as const;

/** `value` has `slotId`. */
export const SLOT_ACTIONS = {
  /** the three answers to a missed slot; each confirmed */
  runNow: 'slot.run_now',
  fold: 'slot.fold',
  drop: 'slot.drop',
  /** opens the slot modal (move) */
  move: 'slot.move',
  /** confirmed */
  remove: 'slot.remove',
} as const;

/** Pages; `value` is a `PageValue`. */
export const PAGE_ACTIONS = {
  homePrevious: 'home.previous',
  homeNext: 'home.next',
  listNext: 'list.next',
} as const;

/** `value` is a `PickValue`: which release is meant. */
export const PICKER_ACTIONS = { choose: 'release_picker.choose' } as const;

/** Inputs inside views. `dispatching` ones arrive as block_actions, too. */
export const INPUT_ACTIONS = {
  /** dispatching: rebuild the creation modal for the chosen configuration */
  createConfig: 'create.config',
  value: 'input.value',
  /** dispatching: rebuild the upload modal for the chosen stage */
  uploadStage: 'upload.stage',
} as const;

export const CALLBACKS = {
  home: 'home',
  createRelease: 'create_release',
  upload: 'upload',
  reason: 'reason',
  /** the modal that only shows something (no submit) */
  info: 'info',
  /** shortcuts, as in manifest.yml */
  useAsBuild: 'use_as_build',
  newRelease: 'new_release',
} as const;

/** Every action id, for registering and for the completeness test. */
export const ALL_ACTION_IDS: readonly string[] = [
  RELEASE_ACTIONS,
  GATE_ACTIONS,
  TASK_ACTIONS,
  SLOT_ACTIONS,
  PAGE_ACTIONS,
  PICKER_ACTIONS,
  INPUT_ACTIONS,
].flatMap((ids) => Object.values(ids));

/** Blocks of the modals, for `response_action: errors`. */
export const BLOCKS = {
  reason: 'reason',
  slotAt: 'slot_at',
  slot: 'slot',
  uploadStage: 'upload_stage',
  uploadPlatform: 'upload_platform',
  uploadFiles: 'upload_files',
  createConfig: 'create_config',
} as const;

/** Fields of the creation modal. Those that the configuration prefills carry its id, so that a change shows the new defaults. */
export const CREATE_FIELDS = [
  'type',
  'version_ANDROID',
  'version_IOS',
  'version_WEB',
  'kick_off',
  'target_date',
  'slots',
  'builds',
  'pilot',
  'base_branch',
  'freeze_reason',
] as const;
export type CreateField = (typeof CREATE_FIELDS)[number];

export function createBlockId(field: CreateField, configId: string): string {
  return `create_${field}.${configId}`;
}

/** What a button names. Only what its action needs is there. */
export interface ActionValue {
  releaseId: string;
  gateId?: GateId;
  contentHash?: string;
  taskId?: string;
  slotId?: string;
  cycleNumber?: number;
  platform?: Platform;
  stage?: UploadStage;
  beforeSeq?: number;
}

export function encodeActionValue(value: ActionValue): string {
  return JSON.stringify(value);
}

/** Null when it is not ours; members of the wrong shape are left out. */
export function parseActionValue(text: string | null | undefined): ActionValue | null {
  const record = parseRecord(text);
  const releaseId = textOf(record?.['releaseId']);
  if (!record || !releaseId) return null;
  const value: ActionValue = { releaseId };
  const gateId = memberOf(GATE_IDS, record['gateId']);
  const contentHash = textOf(record['contentHash']);
  const taskId = textOf(record['taskId']);
  const slotId = textOf(record['slotId']);
  const cycleNumber = countOf(record['cycleNumber']);
  const platform = memberOf(PLATFORMS, record['platform']);
  const stage = memberOf(UPLOAD_STAGES, record['stage']);
  const beforeSeq = countOf(record['beforeSeq']);
  if (gateId) value.gateId = gateId;
  if (contentHash) value.contentHash = contentHash;
  if (taskId) value.taskId = taskId;
  if (slotId) value.slotId = slotId;
  if (cycleNumber !== null) value.cycleNumber = cycleNumber;
  if (platform) value.platform = platform;
  if (stage) value.stage = stage;
  if (beforeSeq !== null) value.beforeSeq = beforeSeq;
  return value;
}

/** Entries of the overflow menu (option values hold at most 75 characters). */
export const MORE_CHOICES = ['status', 'why', 'notes', 'builds', 'history', 'archive'] as const;
export type MoreChoice = (typeof MORE_CHOICES)[number];
export interface MoreValue {
  choice: MoreChoice;
  releaseId: string;
}

export function encodeMoreValue(value: MoreValue): string {
  return `${value.choice}:${value.releaseId}`;
}

export function parseMoreValue(text: string | null | undefined): MoreValue | null {
  const colon = text?.indexOf(':') ?? -1;
  if (!text || colon < 0) return null;
  const choice = memberOf(MORE_CHOICES, text.slice(0, colon));
  const releaseId = text.slice(colon + 1);
  return choice && releaseId ? { choice, releaseId } : null;
}

/**
 * The answer to "which release?". `purpose` is the verb to go on with (`status`, `pause`, `slot add` ...) and `args` what
 * was typed after it, or `use-file` with the Slack file id in `args`.
 */
export interface PickValue {
  releaseId: string;
  purpose: string;
  args: string;
}

export function encodePickValue(value: PickValue): string {
  return JSON.stringify(value);
}

export function parsePickValue(text: string | null | undefined): PickValue | null {
  const record = parseRecord(text);
  const releaseId = textOf(record?.['releaseId']);
  const purpose = textOf(record?.['purpose']);
  if (!releaseId || !purpose) return null;
  return { releaseId, purpose, args: textOf(record?.['args']) ?? '' };
}

/** Where a list or the App Home goes on. `page` is 0-based; `after` is the cursor of `ReleasePage.next`. */
export interface PageValue {
  page: number;
  after: string | null;
  /** the list with ended releases */
  all: boolean;
}

export function encodePageValue(value: PageValue): string {
  return JSON.stringify(value);
}

export function parsePageValue(text: string | null | undefined): PageValue | null {
  const record = parseRecord(text);
  if (!record) return null;
  return { page: countOf(record['page']) ?? 0, after: textOf(record['after']), all: record['all'] === true };
}

/** What a reason modal is for. */
export const REASON_PURPOSES = [
  'pause',
  'archive',
  'skip-task',
  'abandon-cycle',
  'skip-cycles',
  'reject',
  'approve-override',
  'start-override',
  'slot-add',
  'slot-move',
  'slot-remove',
] as const;
export type ReasonPurpose = (typeof REASON_PURPOSES)[number];

/** `private_metadata` of the reason modals. `channelId` (and `threadTs`) is where the answer goes; null = a DM. */
export interface ReasonMetadata extends ActionValue {
  purpose: ReasonPurpose;
  channelId: string | null;
  threadTs: string | null;
}

export function encodeReasonMetadata(metadata: ReasonMetadata): string {
  return JSON.stringify(metadata);
}

export function parseReasonMetadata(text: string | null | undefined): ReasonMetadata | null {
  const value = parseActionValue(text);
  const record = parseRecord(text);
  const purpose = memberOf(REASON_PURPOSES, record?.['purpose']);
  if (!value || !record || !purpose) return null;
  return { ...value, purpose, channelId: textOf(record['channelId']), threadTs: textOf(record['threadTs']) };
}

/** `private_metadata` of the upload modal. */
export interface UploadMetadata {
  releaseId: string;
  channelId: string | null;
  threadTs: string | null;
}

export function encodeUploadMetadata(metadata: UploadMetadata): string {
  return JSON.stringify(metadata);
}

export function parseUploadMetadata(text: string | null | undefined): UploadMetadata | null {
  const record = parseRecord(text);
  const releaseId = textOf(record?.['releaseId']);
  if (!releaseId) return null;
  return { releaseId, channelId: textOf(record?.['channelId']), threadTs: textOf(record?.['threadTs']) };
}

/** `private_metadata` of the creation modal. */
export interface CreateMetadata {
  channelId: string | null;
  /** the configuration that the modal shows */
  configId: string;
}

export function encodeCreateMetadata(metadata: CreateMetadata): string {
  return JSON.stringify(metadata);
}

export function parseCreateMetadata(text: string | null | undefined): CreateMetadata | null {
  const record = parseRecord(text);
  const configId = textOf(record?.['configId']);
  return configId ? { configId, channelId: textOf(record?.['channelId']) } : null;
}

function parseRecord(text: string | null | undefined): Record<string, unknown> | null {
  if (!text) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return null;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function memberOf<T extends string>(members: readonly T[], value: unknown): T | null {
  return members.find((member) => member === value) ?? null;
}
