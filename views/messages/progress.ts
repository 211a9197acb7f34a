import { cycleLabel, PLATFORM_NAMES } from '../../src/domain/names.ts';
import { actions, context } from '../blocks/elements.ts';
import { list } from '../blocks/fit.ts';
import { lookButtons } from '../blocks/release-buttons.ts';
import { buildsPart, noteLine, notesPart, platformNames, releaseName, versionsText } from '../blocks/release-parts.ts';
import { code, dateToken, link, mention, peopleText, plural } from '../blocks/text.ts';
import { uploadRow } from './builds.ts';
import { type Renderers, said } from './compose.ts';

type Kind =
  | 'PRE_KICK_OFF_REMINDER'
  | 'STARTED'
  | 'KICKOFF'
  | 'AWAITING_REGRESSION'
  | 'REGRESSION_BUILDS'
  | 'CHERRY_PICKS'
  | 'PRE_RELEASE'
  | 'SUBMITTED';

/** How a release moves from kick-off to submission. */
export const progressMessages: Renderers<Kind> = {
  PRE_KICK_OFF_REMINDER: ({ kickOffDate, versions, missing, manual }, { release }) => {
    const builds =
      missing.length > 0 ? `Builds still missing: *${platformNames(missing)}*.` : 'All builds are uploaded.';
    return said(
      `⏰ *${peopleText(release.configName, 80)}* kicks off ${dateToken(new Date(kickOffDate))} with ${peopleText(versions)}.`,
      manual ? context(builds) : null,
      manual && missing.length > 0 ? uploadRow(release, 'PRE_REGRESSION') : null,
    );
  },
  STARTED: ({ by }, { release }) => said(`▶️ ${mention(by)} started ${releaseName(release)}.`),
  KICKOFF: ({ branch, branchUrl, builds, skipped }, { release }) =>
    said(
      `🚀 *${releaseName(release)}* has kicked off on branch ${link(branchUrl, code(branch))}.`,
      buildsPart(builds),
      skipped.length > 0
        ? list(
            'Left out',
            skipped.map((line) => `• ${peopleText(line)}`),
          )
        : null,
    ),
  // Not living, so it holds no button that would outlive its decision: the root card has it.
  AWAITING_REGRESSION: (_content, { release }) =>
    said(
      `⏸️ The kick-off of ${releaseName(release)} is complete. The regression waits for a person to start it.`,
      context('Use *Start regression* on the release card at the top of this thread.'),
    ),
  REGRESSION_BUILDS: ({ cycleNumber, tag, notes, builds }, { release }) =>
    said(
      `🧪 *${cycleLabel(cycleNumber)}* of ${releaseName(release)} is ready to test: ${code(tag)}`,
      buildsPart(builds),
      notesPart(notes),
      actions(lookButtons(release)),
    ),
  CHERRY_PICKS: ({ commits }, { release }) =>
    said(
      `🍒 ${plural(commits.length, 'commit was', 'commits were')} picked after the last RC of ${releaseName(release)} and tested in no cycle.`,
      list('Commits', commits.map(noteLine)),
    ),
  PRE_RELEASE: ({ tag, notes, releaseUrl, builds }, { release }) =>
    said(
      `📦 The pre-release of *${releaseName(release)}* is ready: ${link(releaseUrl, code(tag))}`,
      buildsPart(builds),
      notesPart(notes),
      actions(lookButtons(release)),
    ),
  SUBMITTED: ({ platforms }, { release }) =>
    said(
      `🎉 *${peopleText(release.configName, 80)}* ${versionsText(release)} is submitted.`,
      list(
        null,
        platforms.map(
          ({ platform, version, confirmedBy }) =>
            `• ${PLATFORM_NAMES[platform]} ${peopleText(version, 60)} — confirmed by ${mention(confirmedBy)}`,
        ),
      ),
    ),
};
