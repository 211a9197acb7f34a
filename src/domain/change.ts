import type { AuditDraft, AuditOrigin } from './audit.ts';
import type { MessageContent, MessageDraft } from './message.ts';
import type { Release } from './release.ts';

/** The whole next state of a release with what it says and records: stored in one conditional write (Spec 7.1, 7.2). */
export interface Change {
  release: Release;
  messages: MessageDraft[];
  audit: AuditDraft[];
}

/** Who caused a change and where: a person, a token, time or the engine itself. */
export interface By {
  actor: string;
  origin: AuditOrigin;
}

export const ENGINE: By = { actor: 'slipway', origin: 'ENGINE' };
export const TIME: By = { actor: 'slipway', origin: 'TIME' };

interface Entry {
  action: string;
  subject?: string | null;
  reason?: string | null;
  detail?: AuditDraft['detail'];
}

export function auditEntry(by: By, at: Date, entry: Entry): AuditDraft {
  return {
    at,
    actor: by.actor,
    origin: by.origin,
    action: entry.action,
    subject: entry.subject ?? null,
    reason: entry.reason ?? null,
    detail: entry.detail ?? {},
  };
}

interface MessageOptions {
  channel?: MessageDraft['channel'];
  broadcast?: boolean;
}

/** `occasion` makes the key: one message per release and occasion, ever (Spec 6.4). */
export function message(
  release: Release,
  occasion: string,
  content: MessageContent,
  options: MessageOptions = {},
): MessageDraft {
  return {
    key: `${release.id}:${occasion}`,
    content,
    channel: options.channel ?? 'releases',
    broadcast: options.broadcast ?? false,
  };
}

/** The release with `patch` applied; `updatedAt` moves. */
export function patched(release: Release, now: Date, patch: Partial<Release>): Release {
  return { ...release, ...patch, updatedAt: now };
}
