import type { Release } from '../src/domain/release.ts';
import { type Action, actionsOf, derivePhase, deriveStatus } from '../src/domain/status.ts';
import { missingBuilds } from '../src/domain/why.ts';
import { actions, context, section } from './blocks/elements.ts';
import { fitMessage, list, type Part } from './blocks/fit.ts';
import { actionButton, createButton, phaseButtons } from './blocks/release-buttons.ts';
import { platformNames, releaseName } from './blocks/release-parts.ts';
import { code, peopleText } from './blocks/text.ts';
import type { HelpData, MayUse, Rendered } from './types.ts';

const VERBS: Record<Action, readonly [verb: string, does: string]> = {
  START: ['start', 'kick it off now'],
  PAUSE: ['pause', 'stop after the running task'],
  RESUME: ['resume', 'go on'],
  ARCHIVE: ['archive', 'end it for good'],
  TRIGGER_STAGE_2: ['start', 'start the regression'],
  TRIGGER_STAGE_3: ['approve', 'approve the pre-release'],
  TRIGGER_STAGE_4: ['approve', 'approve the submission'],
  ABANDON_CYCLE: ['abandon-cycle', 'end the running regression cycle'],
  SKIP_REMAINING_CYCLES: ['skip-cycles', 'drop the remaining regression cycles'],
  RETRY_TASK: ['retry', 'run the failed task again'],
  SKIP_TASK: ['skip', 'go on without the failed task'],
};

/** What can be done here, now, by this person (Spec 6.1). */
export function helpText(data: HelpData): Rendered {
  const { here, mayUse, hasConfig } = data;
  const [only] = here;
  const one = here.length === 1 && only ? only : null;
  const mayCreate = mayUse('CREATE_RELEASE', null);
  return {
    text: one ? `What you can do with ${releaseName(one)}` : 'What you can do with Slipway',
    blocks: fitMessage([
      ...(hasConfig ? [] : [section(noConfig(mayUse))]),
      ...(one ? releaseHelp(one, data) : here.length > 1 ? [severalHere(here, data.now)] : []),
      hasConfig && here.length === 0 ? nothingHere(mayCreate) : null,
      list('Look', LOOK),
      list('Any time', anyTime(data)),
      hasConfig && mayCreate && !one ? actions([createButton()]) : null,
      context('`[release]` is a version or an id. Without it, the release of this channel or thread is meant.'),
    ]),
  };
}

const LOOK = [
  verb('list [all]', 'the live releases; `all` adds ended ones'),
  verb('status [release]', 'phase, tasks, windows and buttons'),
  verb('why [release]', 'what it waits for, and who can clear it'),
  verb('builds', 'the builds'),
  verb('notes', 'the release notes'),
  verb('history', 'who did what, when and why'),
];

function verb(words: string, does: string): string {
  return `${code(`/release ${words}`)} ${does}`;
}

function anyTime({ mayUse, here, hasConfig }: HelpData): string[] {
  const release = here[0] ?? null;
  return [
    ...(hasConfig && mayUse('CREATE_RELEASE', null) ? [verb('new', 'a new release')] : []),
    ...(mayUse('CHANGE_SLOTS', release) ? [verb('slot add|move|remove', 'change the regression slots')] : []),
    ...(mayUse('UPLOAD', release) ? [verb('upload', 'hand in a build; or drop the file into the release thread')] : []),
    ...(mayUse('ADMIN', null) ? [verb('token', 'API tokens')] : []),
  ];
}

function releaseHelp(release: Release, data: HelpData): Part[] {
  const { mayUse, now } = data;
  // A task that cannot be skipped, or a gate that is not checked yet, has no button and no verb.
  const allowed = actionsOf(derivePhase(release)).filter(
    (action) => mayUse(action, release) && actionButton(action, release) !== null,
  );
  const lines = allowed.map((action) => verb(...VERBS[action]));
  if (allowed.some((action) => action === 'TRIGGER_STAGE_3' || action === 'TRIGGER_STAGE_4')) {
    lines.push(verb('reject', 'refuse, with a reason'));
  }
  const missing = missingBuilds(release).flatMap(({ platforms }) => platforms);
  if (missing.length > 0 && mayUse('UPLOAD', release)) {
    lines.unshift(verb('upload', `hand in the missing build: ${platformNames(missing)}`));
  }
  return [
    section(`*${releaseName(release)}*: ${peopleText(deriveStatus(release, now).displayText)}`),
    lines.length > 0 ? list('You can now', lines) : section('There is nothing for you to decide here now.'),
    actions(phaseButtons(release, mayUse)),
  ];
}

function severalHere(here: readonly Release[], now: Date): Part {
  return list(
    'Releases in this channel',
    here.map((release) => `• *${releaseName(release)}*: ${peopleText(deriveStatus(release, now).displayText)}`),
  );
}

function nothingHere(mayCreate: boolean): Part {
  const how = mayCreate ? `Start one with ${code('/release new')}.` : 'A release pilot can start one.';
  return section(`No release is live in this channel. ${how}`);
}

function noConfig(mayUse: MayUse): string {
  if (!mayUse('ADMIN', null))
    return 'Slipway is not set up here yet: an administrator must add a release configuration first.';
  return `Slipway has no release configuration yet. Describe it in a file and run ${code('npm run apply -- <file.yaml>')}.`;
}
