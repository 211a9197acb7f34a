import { auditEntry, type By, type Change, ENGINE, message, patched } from '../change.ts';
import type { Gate, GateId, GateObservation } from '../gate.ts';
import {
  approvalRemindersBy,
  contentChanges,
  contentHash,
  GATE_CHECK_EVERY_MS,
  gateChecks,
  gateContent,
  mayOpen,
} from '../gate-rules.ts';
import type { Release } from '../release.ts';
import type { GatePolicy, ReleaseConfig } from '../release-config.ts';
import { stageTasks } from '../tasks.ts';

/** What happens at a gate (Spec 1.5). */

export const GATE_NAMES: Record<GateId, string> = { preRelease: 'pre-release', submission: 'submission' };

function withGate(release: Release, gate: Gate): Release {
  return { ...release, gates: release.gates.map((candidate) => (candidate.id === gate.id ? gate : candidate)) };
}

/**
 * The checks were evaluated: the card is posted at the first time, approvals of something else become void, and the
 * gate opens when its policy is met by what is there now.
 */
export function checkGate(release: Release, gate: Gate, policy: GatePolicy, seen: GateObservation, now: Date): Change {
  const failures = seen.kind === 'seen' ? 0 : gate.checkFailures + 1;
  const checked: Gate = {
    ...gate,
    policy,
    checks: gateChecks(release, gate.id, seen),
    cherryPicks: seen.kind === 'seen' ? seen.cherryPicks : gate.cherryPicks,
    checkedAt: now,
    checkFailures: failures,
    nextCheckAt: new Date(now.getTime() + GATE_CHECK_EVERY_MS),
  };
  const change: Change = { release, messages: [], audit: [] };
  if (gate.checkedAt === null) {
    change.messages.push(gateCard(release, gate.id));
    change.audit.push(auditEntry(ENGINE, now, { action: 'GATE_POSTED', subject: gate.id }));
  }
  const bound = seen.kind === 'seen' ? bindContent(release, checked, seen.headSha, now, change) : checked;
  if (mayOpen(bound)) return grant(release, bound, change, now);
  return { ...change, release: patched(withGate(release, bound), now, {}) };
}

function gateCard(release: Release, gateId: GateId) {
  return message(release, `gate:${gateId}`, { kind: 'GATE_CARD', gateId }, { channel: 'approvals', broadcast: true });
}

/** Binds the gate to what is there now; approvals given for something else are void and the card says what changed. */
function bindContent(release: Release, gate: Gate, headSha: string, now: Date, change: Change): Gate {
  const content = gateContent(release, gate.id, headSha);
  const hash = contentHash(content);
  const bound: Gate = { ...gate, content, contentHash: hash };
  if (gate.content === null || gate.contentHash === hash) return bound;
  const changes = contentChanges(gate.content, content);
  change.audit.push(
    auditEntry(ENGINE, now, { action: 'GATE_CONTENT_CHANGED', subject: gate.id, reason: changes.join('; ') }),
  );
  if (gate.approvals.length === 0) return bound;
  const by = gate.approvals.map((approval) => approval.by);
  change.messages.push(
    message(
      release,
      `gate:${gate.id}:void:${gate.voided.length + 1}`,
      { kind: 'APPROVALS_VOID', gateId: gate.id, by, changes },
      { channel: 'approvals', broadcast: true },
    ),
  );
  change.audit.push(
    auditEntry(ENGINE, now, {
      action: 'APPROVALS_VOID',
      subject: gate.id,
      reason: changes.join('; '),
      detail: { by: by.join(', ') },
    }),
  );
  return { ...bound, approvals: [], voided: [...gate.voided, { approvals: gate.approvals, changes, at: now }] };
}

function grant(release: Release, gate: Gate, change: Change, now: Date): Change {
  const granted: Gate = { ...gate, status: 'GRANTED', grantedAt: now };
  const stage = gate.id === 'preRelease' ? 3 : 4;
  const by = gate.approvals.map((approval) => approval.by);
  const next = patched(withGate(release, granted), now, {
    cron: {
      ...release.cron,
      status: 'RUNNING',
      pauseType: 'NONE',
      ...(stage === 3 ? { stage3Status: 'IN_PROGRESS' } : { stage4Status: 'IN_PROGRESS' }),
    },
    tasks: [...release.tasks, ...stageTasks(release, stage)],
  });
  return {
    release: next,
    messages: [
      ...change.messages,
      message(
        release,
        `gate:${gate.id}:granted`,
        { kind: 'GATE_GRANTED', gateId: gate.id, by },
        { channel: 'approvals' },
      ),
    ],
    audit: [
      ...change.audit,
      auditEntry(ENGINE, now, {
        action: 'GATE_GRANTED',
        subject: gate.id,
        detail: { by: by.join(', '), headSha: gate.content?.headSha ?? null },
      }),
      auditEntry(ENGINE, now, { action: 'STAGE_STARTED', subject: `stage${stage}` }),
    ],
  };
}

/** An approval, bound to what the card showed; the gate is checked again at once. */
export function approveGate(release: Release, gate: Gate, override: string | null, by: By, now: Date): Change {
  const approval = { by: by.actor, at: now, contentHash: gate.contentHash ?? '', override };
  const approved: Gate = { ...gate, approvals: [...gate.approvals, approval], nextCheckAt: now };
  return {
    release: patched(withGate(release, approved), now, {}),
    messages: [
      message(
        release,
        `gate:${gate.id}:approved:${gate.voided.length}:${gate.rejections.length}:${by.actor}`,
        {
          kind: 'GATE_APPROVED',
          gateId: gate.id,
          by: by.actor,
          count: approved.approvals.length,
          quorum: gate.policy.quorum,
          override,
        },
        { channel: 'approvals' },
      ),
    ],
    audit: [
      auditEntry(by, now, {
        action: 'GATE_APPROVED',
        subject: gate.id,
        reason: override,
        detail: { headSha: gate.content?.headSha ?? null, contentHash: gate.contentHash },
      }),
    ],
  };
}

/** A rejection: the approvals given so far are gone, the gate stays shut and can be approved anew. */
export function rejectGate(release: Release, gate: Gate, reason: string, by: By, now: Date): Change {
  const rejected: Gate = {
    ...gate,
    approvals: [],
    rejections: [...gate.rejections, { by: by.actor, at: now, reason }],
  };
  return {
    release: patched(withGate(release, rejected), now, {}),
    messages: [
      message(
        release,
        `gate:${gate.id}:rejected:${rejected.rejections.length}`,
        { kind: 'GATE_REJECTED', gateId: gate.id, by: by.actor, reason },
        { channel: 'approvals', broadcast: true },
      ),
    ],
    audit: [auditEntry(by, now, { action: 'GATE_REJECTED', subject: gate.id, reason })],
  };
}

/** The reminder that is due; those that a silence of days swallowed are not made up for. */
export function remindApproval(release: Release, gate: Gate, config: ReleaseConfig, now: Date): Change {
  const reminded: Gate = { ...gate, remindersSent: approvalRemindersBy(gate, config, now) };
  return {
    release: patched(withGate(release, reminded), now, {}),
    messages: [
      message(
        release,
        `gate:${gate.id}:reminder:${reminded.remindersSent}`,
        { kind: 'APPROVAL_REMINDER', gateId: gate.id, given: gate.approvals.length, quorum: gate.policy.quorum },
        { channel: 'approvals' },
      ),
    ],
    audit: [auditEntry(ENGINE, now, { action: 'APPROVAL_REMINDED', subject: gate.id })],
  };
}
