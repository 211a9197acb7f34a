import type { Release } from '../src/domain/release.ts';
import { deriveStatus } from '../src/domain/status.ts';
import { outputOf } from '../src/domain/tasks.ts';
import { actions, button, context, LIMITS, section } from './blocks/elements.ts';
import { fitMessage, list } from './blocks/fit.ts';
import { createButton, uploadButton } from './blocks/release-buttons.ts';
import {
  damagedPart,
  notesPart,
  platformNames,
  progressBar,
  releaseName,
  UPLOAD_STAGE_NAMES,
} from './blocks/release-parts.ts';
import { bytesText, clampText, code, dateToken, link, mention, peopleText, plural } from './blocks/text.ts';
import { subjectText } from './history-subject.ts';
import { encodeActionValue, encodePageValue, PAGE_ACTIONS, RELEASE_ACTIONS } from './ids.ts';
import { nextEvent } from './release-card.ts';
import type { BuildListData, HistoryData, ReleaseListData, Rendered, TokenView } from './types.ts';

export { helpText } from './help.ts';

/** Live releases with phase and next event; with `all` the ended ones, too. */
export function releaseList(data: ReleaseListData): Rendered {
  const { releases, damaged, all, next, now } = data;
  if (releases.length + damaged.length === 0 && !next) {
    const empty = all ? 'There is no release yet.' : 'No release is live.';
    return {
      text: empty,
      blocks: fitMessage([section(`${empty} Start one with ${code('/release new')}.`), actions([createButton()])]),
    };
  }
  const title = all ? 'All releases' : 'Live releases';
  const place = data.page > 0 ? `, page ${data.page + 1}` : '';
  const rows = releases.map((release) => {
    const status = peopleText(deriveStatus(release, now).displayText);
    const coming = nextEvent(release);
    const lines = [`*${releaseName(release)}* · ${status}`, progressBar(release)];
    if (coming) lines.push(`Next: ${coming}`);
    return section(lines.join('\n'), statusButton(release));
  });
  const more = next
    ? button(PAGE_ACTIONS.listNext, 'More', encodePageValue({ page: data.page + 1, after: next, all }))
    : null;
  return {
    text: `${title}${place}: ${plural(releases.length + damaged.length, 'release')}`,
    blocks: fitMessage([section(`*${title}${place}*`), ...rows, damagedPart(damaged), more ? actions([more]) : null]),
  };
}

function statusButton(release: Release) {
  return button(RELEASE_ACTIONS.status, 'Status', encodeActionValue({ releaseId: release.id }));
}

/** Builds that the release used and those that wait; what replaced what is left to the history. */
export function buildList(data: BuildListData): Rendered {
  const { release, builds, uploads, links } = data;
  const used = builds.map((build) => {
    const stage = { KICKOFF: 'kick-off', REGRESSION: 'regression', PRE_RELEASE: 'pre-release' }[build.buildStage];
    const name = build.fileName
      ? code(build.fileName, 80)
      : `${build.buildType === 'CI_CD' ? 'CI/CD' : 'manual'} build`;
    const facts = [
      build.version ? peopleText(build.version, 40) : null,
      build.sizeBytes === null ? null : bytesText(build.sizeBytes),
      build.buildUploadStatus === 'UPLOADED' ? null : build.buildUploadStatus.toLowerCase(),
      build.sha256 ? `SHA-256 ${code(build.sha256.slice(0, 12))}` : null,
    ].filter((fact) => fact !== null);
    const url = build.artifactPath ? links[build.artifactPath] : undefined;
    return `• ${platformNames([build.platform])} · ${stage} · ${link(url, name)}${facts.map((fact) => ` · ${fact}`).join('')} · ${dateToken(build.createdAt)}`;
  });
  const waiting = uploads
    .filter((upload) => !upload.isUsed && upload.supersededBy === null && upload.deletedAt === null)
    .map((upload) => {
      const name = link(links[upload.artifactPath], code(upload.fileName, 80));
      const about = `${bytesText(upload.sizeBytes)} · ${mention(upload.uploadedBy)} ${dateToken(upload.createdAt)}`;
      return `• ${platformNames([upload.platform])} · ${UPLOAD_STAGE_NAMES[upload.stage]} · ${name} · ${about}`;
    });
  const upload = data.mayUpload ? uploadButton(release) : null;
  const title = `Builds of ${releaseName(release)}`;
  const none = used.length + waiting.length === 0;
  return {
    text: `${title}: ${used.length} used, ${waiting.length} waiting`,
    blocks: fitMessage([
      section(`*${title}*`),
      none ? section(release.hasManualBuildUpload ? 'No build was uploaded yet.' : 'No build was made yet.') : null,
      list('Used', used),
      list('Waiting to be used', waiting),
      upload ? actions([upload]) : null,
    ]),
  };
}

/** The newest notes: the final ones, else those of the last cycle that has them. */
export function notesList(release: Release): Rendered {
  const title = `Release notes of ${releaseName(release)}`;
  const final = outputOf(release.tasks, 'CREATE_FINAL_RELEASE_NOTES');
  const cycles = [...release.cycles].reverse();
  const latest = cycles.map((cycle) => outputOf(cycle.tasks, 'CREATE_RELEASE_NOTES')).find((notes) => notes !== null);
  const notes = final ?? latest ?? null;
  if (!notes) {
    return {
      text: `${title}: none yet`,
      blocks: [section(`*${title}*`), section('There are none yet: they are written with the first RC.')],
    };
  }
  return {
    text: `${title}: ${plural(notes.entries.length + notes.omitted, 'commit')}`,
    blocks: fitMessage([
      section(`*${title}*\nUp to ${code(notes.until, 100)}`),
      notesPart(notes),
      final?.releaseUrl ? context(link(final.releaseUrl, 'Open the release in the repository')) : null,
    ]),
  };
}

/** The audit trail, newest first: when, who, what, from where, why (Spec 1.7). */
export function historyList(data: HistoryData): Rendered {
  const { release, entries, hasMore } = data;
  const title = `History of ${releaseName(release)}`;
  const lines = entries.map((entry) => {
    const what = entry.action.toLowerCase().replaceAll('_', ' ');
    const about = subjectText(release, entry);
    const subject = about ? ` ${about}` : '';
    const origin = entry.origin === 'ENGINE' || entry.origin === 'TIME' ? '' : ` (${ORIGINS[entry.origin]})`;
    const reason = entry.reason ? ` — ${peopleText(entry.reason, 160)}` : '';
    return `• ${dateToken(entry.at)} ${mention(entry.actor)}: ${peopleText(what)}${subject}${origin}${reason}`;
  });
  // Only what fits is shown, so the next page must begin after the last line that is on this one.
  const shown = linesThatFit(lines);
  const last = entries[shown.length - 1];
  const older = hasMore || shown.length < lines.length;
  const value = last && older ? encodeActionValue({ releaseId: release.id, beforeSeq: last.seq }) : null;
  return {
    text: `${title}: ${plural(shown.length, 'entry', 'entries')}`,
    blocks: fitMessage([
      section(`*${title}*`),
      list(null, shown.length > 0 ? shown : ['Nothing older.']),
      value ? actions([button(RELEASE_ACTIONS.history, 'Older', value)]) : null,
    ]),
  };
}

const ORIGINS = { SLACK: 'Slack', API: 'API' } as const;
const HISTORY_CHARS = 9_000;

function linesThatFit(lines: readonly string[]): string[] {
  let total = 0;
  const fitting = lines.findIndex((line) => {
    total += JSON.stringify(line).length;
    return total > HISTORY_CHARS;
  });
  return fitting < 0 ? [...lines] : lines.slice(0, Math.max(1, fitting));
}

export function tokenList(tokens: TokenView[]): Rendered {
  const live = tokens.filter((token) => token.revokedAt === null);
  if (live.length === 0) {
    return {
      text: 'There is no API token.',
      blocks: [section(`There is no API token. Make one with ${code('/release token create <name> <scopes>')}.`)],
    };
  }
  const lines = live.map((token) => {
    const used = token.lastUsedAt ? `last used ${dateToken(token.lastUsedAt)}` : 'never used';
    const scopes = token.scopes.map((scope) => code(scope)).join(' ');
    return `• *${peopleText(token.name, 80)}* ${scopes} · made by ${mention(token.createdBy)} ${dateToken(token.createdAt)} · ${used}`;
  });
  return { text: plural(live.length, 'API token'), blocks: fitMessage([list('API tokens', lines)]) };
}

/** Shown once, to one person: the secret is not kept. */
export function tokenCreated(token: { name: string; scopes: readonly string[] }, secret: string): Rendered {
  const scopes = token.scopes.map((scope) => code(scope)).join(' ');
  return {
    text: clampText(`API token ${peopleText(token.name, 80)} is made.`, LIMITS.fallbackText),
    blocks: [
      section(`API token *${peopleText(token.name, 80)}* is made: ${scopes}`),
      section(code(secret, 300)),
      context('Copy it now: it is not kept and cannot be shown again.'),
    ],
  };
}
