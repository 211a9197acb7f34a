import { GATE_IDS, type GateId } from '../src/domain/gate.ts';
import { PLATFORMS, type Platform } from '../src/domain/release.ts';
import { UPLOAD_STAGES, type UploadStage } from '../src/domain/upload.ts';

/**
 * The shapes that travel with buttons (`value`) and modals (`private_metadata`). What comes back is outside data: parsers
 * answer null to what is not ours, leave out members of the wrong shape, and never throw.
 */

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
