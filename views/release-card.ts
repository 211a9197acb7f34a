import { awaitingGate } from '../src/domain/gate-rules.ts';
import { cycleLabel } from '../src/domain/names.ts';
import type { Release } from '../src/domain/release.ts';
import type { ReleaseConfig } from '../src/domain/release-config.ts';
import type { Slot } from '../src/domain/slot.ts';
import { deriveStatus, nextSlot } from '../src/domain/status.ts';
import type { Task } from '../src/domain/task.ts';
import { activeTasks } from '../src/domain/tasks.ts';
import { whyWaiting } from '../src/domain/why.ts';
import { actions, context, fields, header, LIMITS, section } from './blocks/elements.ts';
import { fitMessage, list, type Part } from './blocks/fit.ts';
import { everyone } from './blocks/may-use.ts';
import { canArchive, linkButton, moreMenu, phaseButtons, slotButtons, whyButton } from './blocks/release-buttons.ts';
import {
  plainReleaseName,
  platformNames,
  progressBar,
  releaseName,
  TYPE_NAMES,
  taskLine,
  UPLOAD_STAGE_NAMES,
  whyText,
} from './blocks/release-parts.ts';
import { bytesText, clampText, code, dateToken, mention, peopleText, plainPeopleText } from './blocks/text.ts';
import type { MoreChoice } from './ids.ts';
import { confirmations } from './submission-confirm.ts';
import type { MayUse, Rendered, StatusCardOptions } from './types.ts';

export { actionConfirmation } from './action-confirmation.ts';

/** The root card of a release's thread: the one living picture of the release (Spec 6.4). */
export function releaseCard(release: Release, options: { now: Date; config?: ReleaseConfig | null }): Rendered {
  const { now, config = null } = options;
  const tasks = release.endedAt ? [] : activeTasks(release);
  return {
    text: summary(release, now),
    blocks: fitMessage([
      ...head(release, now),
      list(tasksTitle(release, tasks), tasks.map(taskLine)),
      waiting(release, now, config),
      ...confirmations(release, now, everyone),
      buttons(release, everyone, ['status', 'notes', 'builds', 'history']),
    ]),
  };
}

/** The answer to `/release status`: the card with every task, cycle and staged build, and the reader's own buttons. */
export function statusCard(release: Release, options: StatusCardOptions): Rendered {
  const { now, mayUse = everyone, threadLink, config = null } = options;
  const stage = (number: 1 | 3 | 4) => release.tasks.filter((task) => task.stage === number);
  return {
    text: summary(release, now),
    blocks: fitMessage([
      ...head(release, now),
      waiting(release, now, config),
      list('Kick-off', stage(1).map(taskLine)),
      ...release.cycles
        .slice(-3)
        .map((cycle) => list(`${cycleLabel(cycle.number)}${CYCLE_WORDS[cycle.status]}`, cycle.tasks.map(taskLine))),
      list('Regression slots', slotLines(release)),
      list('Pre-release', stage(3).map(taskLine)),
      list('Submission', stage(4).map(taskLine)),
      list('Builds waiting to be used', stagedLines(release)),
      ...confirmations(release, now, mayUse),
      buttons(release, mayUse, ['notes', 'builds', 'history']),
      mayUse('CHANGE_SLOTS', release) ? actions(slotButtons(release)) : null,
      threadLink ? actions([linkButton(release, 'Open the thread', threadLink)]) : null,
      context(code(release.id)),
    ]),
  };
}

const CYCLE_WORDS = {
  NOT_STARTED: ' is starting',
  IN_PROGRESS: ' is running',
  DONE: ' is done',
  ABANDONED: ' was abandoned',
};

function summary(release: Release, now: Date): string {
  return clampText(
    `${releaseName(release)}: ${peopleText(deriveStatus(release, now).displayText)}`,
    LIMITS.fallbackText,
  );
}

function head(release: Release, now: Date): Part[] {
  const status = deriveStatus(release, now);
  const next = nextEvent(release);
  return [
    header(plainPeopleText(plainReleaseName(release), LIMITS.headerText)),
    section(`*${peopleText(status.displayText)}*\n${progressBar(release)}`),
    fields([
      ['Type', TYPE_NAMES[release.type]],
      ['Pilot', mention(release.releasePilot)],
      ['Kick-off', dateToken(release.kickOffDate)],
      ...(release.targetReleaseDate ? ([['Target date', dateToken(release.targetReleaseDate)]] as const) : []),
      ['Branch', `${code(release.branch, 120)} from ${code(release.baseBranch, 60)}`],
      ['Builds', release.hasManualBuildUpload ? 'uploaded by people' : 'made by CI/CD'],
      ...(next && release.status !== 'PENDING' ? ([['Next', next]] as const) : []),
      ...(release.endedAt ? ([['Ended', dateToken(release.endedAt)]] as const) : []),
    ]),
  ];
}

/** What time will bring; null when only an event moves the release. */
export function nextEvent(release: Release): string | null {
  if (release.status === 'PENDING') return `Kick-off ${dateToken(release.kickOffDate)}`;
  if (release.status === 'SUBMITTED' || release.endedAt) return null;
  const slot = nextSlot(release);
  const waits = release.cron.pauseType === 'AWAITING_STAGE_TRIGGER';
  if (slot?.status === 'SCHEDULED' && !waits) {
    return `${cycleLabel(release.cycles.length + 1)} ${dateToken(slot.at)}`;
  }
  return null;
}

function tasksTitle(release: Release, tasks: readonly Task[]): string {
  const cycle = tasks[0]?.cycleNumber;
  if (cycle) return `${cycleLabel(cycle)} tasks`;
  return { 1: 'Kick-off tasks', 2: 'Regression tasks', 3: 'Pre-release tasks', 4: 'Submission tasks' }[
    tasks[0]?.stage ?? (release.cron.stage1Status === 'PENDING' ? 1 : 2)
  ];
}

function waiting(release: Release, now: Date, config: ReleaseConfig | null): Part {
  const items = whyWaiting(release, now, config).filter((item) => item.owner !== 'slipway');
  return list(
    'Waiting for',
    items.map((item) => `• ${whyText(item)}`),
  );
}

const SLOT_MARKS: Record<Slot['status'], string> = { SCHEDULED: '▫️', ASKED: '❓', BEGUN: '✅', DROPPED: '⏭️' };

/** Every slot with its place in `release.slots`: the number that `slot move` and `slot remove` take. */
function slotLines(release: Release): string[] {
  return release.slots.map((slot, index) => {
    const note =
      slot.status === 'DROPPED'
        ? ' — dropped'
        : slot.status === 'ASKED'
          ? ' — missed, needs an answer'
          : slot.cycleNumber
            ? ` — ${cycleLabel(slot.cycleNumber)}`
            : slot.answer?.answer === 'RUN_NOW'
              ? ' — runs now'
              : '';
    return `${SLOT_MARKS[slot.status]} ${index + 1}. ${dateToken(slot.at)}${note}`;
  });
}

function stagedLines(release: Release): string[] {
  return release.stagedUploads.map(
    (upload) =>
      `• ${platformNames([upload.platform])} for ${UPLOAD_STAGE_NAMES[upload.stage]} · ${code(upload.fileName, 80)} · ` +
      `${bytesText(upload.sizeBytes)} · ${mention(upload.uploadedBy)} ${dateToken(upload.at)}`,
  );
}

function buttons(release: Release, may: MayUse, choices: readonly MoreChoice[]): Part {
  if (release.status === 'ARCHIVED' || release.status === 'COMPLETED') {
    return actions([moreMenu(release, choices)]);
  }
  const archive = canArchive(release) && may('ARCHIVE', release) ? (['archive'] as const) : [];
  const gate = awaitingGate(release);
  const why = gate && release.status === 'IN_PROGRESS' ? [] : [whyButton(release)];
  return actions([...phaseButtons(release, may), ...why, moreMenu(release, [...choices, ...archive])]);
}
