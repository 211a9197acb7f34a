import type { AuditEntry } from '../src/domain/audit.ts';
import { GATE_NAMES } from '../src/domain/changes/gates.ts';
import { GATE_IDS } from '../src/domain/gate.ts';
import { cycleLabel } from '../src/domain/names.ts';
import { PLATFORMS, type Release } from '../src/domain/release.ts';
import { taskName } from '../src/domain/task-names.ts';
import { findTask } from '../src/domain/tasks.ts';
import { UPLOAD_STAGES } from '../src/domain/upload.ts';
import { platformNames, UPLOAD_STAGE_NAMES } from './blocks/release-parts.ts';
import { code, dateToken, peopleText } from './blocks/text.ts';

/** What an entry of the audit trail is about, in a person's words; its id where nothing better is known. Empty = nothing. */
export function subjectText(release: Release, entry: AuditEntry): string {
  const { subject } = entry;
  if (!subject) return '';
  const task = findTask(release, subject);
  if (task) return `"${peopleText(taskName(task), 80)}"`;
  const cycle = release.cycles.find((candidate) => candidate.id === subject);
  if (cycle) return cycleLabel(cycle.number);
  const gate = GATE_IDS.find((id) => id === subject);
  if (gate) return GATE_NAMES[gate];
  return uploadText(entry) ?? slotText(entry) ?? code(withoutRelease(release, subject), 80);
}

function uploadText({ detail }: AuditEntry): string | null {
  const platform = PLATFORMS.find((one) => one === detail['platform']);
  const stage = UPLOAD_STAGES.find((one) => one === detail['stage']);
  const fileName = detail['fileName'];
  if (!platform || !stage || typeof fileName !== 'string') return null;
  return `${platformNames([platform])} for ${UPLOAD_STAGE_NAMES[stage]}, ${code(fileName, 80)}`;
}

function slotText({ detail }: AuditEntry): string | null {
  const at = dateOf(detail['at']);
  if (!at) return null;
  const from = dateOf(detail['from']);
  return from ? `from ${from} to ${at}` : at;
}

function dateOf(value: unknown): string | null {
  const date = typeof value === 'string' ? new Date(value) : null;
  return date && !Number.isNaN(date.getTime()) ? dateToken(date) : null;
}

function withoutRelease(release: Release, subject: string): string {
  return subject.startsWith(`${release.id}.`) ? subject.slice(release.id.length + 1) : subject;
}
