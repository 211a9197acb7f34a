import { GATE_NAMES } from '../src/domain/changes/gates.ts';
import type { Gate, GateCheck, GateId } from '../src/domain/gate.ts';
import { buildsAtGate, findGate } from '../src/domain/gate-rules.ts';
import { cycleLabel } from '../src/domain/names.ts';
import type { Release } from '../src/domain/release.ts';
import { actions, context, header, LIMITS, section } from './blocks/elements.ts';
import { fitMessage, list, type Part } from './blocks/fit.ts';
import { approveButton, canApprove, rejectButton } from './blocks/release-buttons.ts';
import { buildLine, noteLine, releaseName, versionsText } from './blocks/release-parts.ts';
import { clampText, code, dateToken, joinWords, mention, mentions, peopleText, shortSha } from './blocks/text.ts';
import type { RenderedContent } from './types.ts';

/** What is approved here, who did, what stands against it, and the two buttons while it is open (Spec 1.5). */
export function gateCard(release: Release, gateId: GateId, _now?: Date): RenderedContent {
  const gate = findGate(release, gateId);
  const name = GATE_NAMES[gateId];
  if (!gate) {
    const text = `${releaseName(release)}: the ${name} gate is not open.`;
    return { text, blocks: [section(text)], settled: release.endedAt !== null };
  }
  const state = stateText(release, gate, name);
  return {
    text: clampText(`${releaseName(release)}: ${notice(release, gate, name) ?? state}`, LIMITS.fallbackText),
    blocks: fitMessage([
      header(`${name === 'submission' ? 'Submission' : 'Pre-release'} gate`),
      section(`*${releaseName(release)}*\n${state}`),
      ...(gate.status === 'GRANTED' ? decided(release, gate) : open(release, gate)),
    ]),
    settled: gate.status === 'GRANTED' || release.status === 'ARCHIVED',
  };
}

/** What a notification says while it is open; null = the state. */
function notice(release: Release, gate: Gate, name: string): string | null {
  if (gate.status === 'GRANTED' || release.endedAt) return null;
  return `the ${name} waits for approval, ${gate.approvals.length} of ${gate.policy.quorum} given.`;
}

function stateText(release: Release, gate: Gate, name: string): string {
  if (gate.status === 'GRANTED') {
    const at = gate.grantedAt ? ` ${dateToken(gate.grantedAt)}` : '';
    return `✅ The ${name} was approved by ${mentions(gate.approvals.map((approval) => approval.by))}${at}.`;
  }
  if (release.status === 'ARCHIVED') return `The release was archived. The ${name} gate stays shut.`;
  const given = `${gate.approvals.length} of ${gate.policy.quorum}`;
  const who = gate.policy.users
    ? `Approvers: ${joinWords(gate.policy.users.slice(0, 20).map(mention), 'or')}`
    : `Approvers: anyone with the role ${joinWords(gate.policy.approvers, 'or')}`;
  const own = gate.policy.allowOwnRelease ? '' : ', but not for their own release';
  return `Approvals: *${given}*. ${who}${own}.`;
}

function decided(release: Release, gate: Gate): Part[] {
  return [
    list('What was approved', contentLines(gate)),
    list('Builds', approvedBuilds(release, gate)),
    list('Approvals', approvalLines(gate)),
    ...history(gate),
  ];
}

function open(release: Release, gate: Gate): Part[] {
  return [
    list('Checks', gate.checks.length > 0 ? gate.checks.map(checkLine) : ['⏳ The checks are running.']),
    list('Commits in no RC', gate.cherryPicks.map(noteLine)),
    gate.id === 'preRelease' ? list('Regression cycles', cycleLines(release)) : null,
    list('What you approve', contentLines(gate)),
    list('Builds, bound by their SHA-256', buildsAtGate(release, gate.id).map(buildLine)),
    list('Approvals so far', approvalLines(gate)),
    ...history(gate),
    canApprove(gate) || release.endedAt ? null : context(notYet(gate)),
    release.endedAt ? null : openButtons(release, gate),
  ];
}

function openButtons(release: Release, gate: Gate): Part {
  if (release.status === 'PAUSED') return context('The release is paused. Resume it to go on with this gate.');
  const approve = approveButton(release, gate);
  return actions([...(approve ? [approve] : []), rejectButton(release, gate)]);
}

/** Why it cannot be approved now. */
export function notYet(gate: Gate): string {
  const again = `looked at again ${dateToken(gate.nextCheckAt)}`;
  if (gate.checks.length === 0) return `The checks are running. Approving is possible when they are done; ${again}.`;
  return `The release branch cannot be read, so nothing can be approved now. It is ${again}.`;
}

function checkLine(check: GateCheck): string {
  return `${check.passed ? '✅' : '❌'} ${peopleText(check.text, 300)}`;
}

const CYCLE_MARKS = { NOT_STARTED: '▫️ starting', IN_PROGRESS: '🔄 running', DONE: '✅ done', ABANDONED: '⏹️ abandoned' };

function cycleLines(release: Release): string[] {
  return release.cycles.map((cycle) => {
    const [mark, word] = CYCLE_MARKS[cycle.status].split(' ');
    return `${mark} ${cycleLabel(cycle.number)} ${word}${cycle.endedAt ? ` ${dateToken(cycle.endedAt)}` : ''}`;
  });
}

function contentLines(gate: Gate): string[] {
  if (!gate.content) return [];
  const { versions, headSha, builds } = gate.content;
  return [
    `• Versions: ${versionsText({ targets: versions })}`,
    `• Head of the release branch: ${code(shortSha(headSha))}`,
    ...(builds.length > 0 ? [] : ['• No builds yet']),
  ];
}

/** Builds of a later cycle or stage are not what was approved here. */
function approvedBuilds(release: Release, gate: Gate): string[] {
  const shas = gate.content?.builds.map((build) => build.sha256) ?? [];
  return buildsAtGate(release, gate.id)
    .filter((build) => shas.includes(build.sha256))
    .map(buildLine);
}

function approvalLines(gate: Gate): string[] {
  return gate.approvals.map(({ by, at, override }) => {
    const over = override ? ` — over failed checks: ${peopleText(override, 200)}` : '';
    return `• ${mention(by)} ${dateToken(at)}${over}`;
  });
}

/** What was void or rejected, newest first. */
function history(gate: Gate): Part[] {
  const voided = [...gate.voided].reverse().map(({ approvals, changes, at }) => {
    const who = mentions(approvals.map((approval) => approval.by));
    const lost =
      approvals.length === 1 ? `The approval by ${who} no longer counts` : `Approvals by ${who} no longer count`;
    return `• ${dateToken(at)}: ${changesText(changes)} ${lost}.`;
  });
  const rejected = [...gate.rejections]
    .reverse()
    .map(({ by, at, reason }) => `• ${mention(by)} ${dateToken(at)}: ${peopleText(reason, 300)}`);
  return [list('What changed since', voided), list('Rejections', rejected)];
}

function changesText(changes: readonly string[]): string {
  return changes
    .slice(0, 10)
    .map((change) => `${peopleText(change, 200)}.`)
    .join(' ');
}
