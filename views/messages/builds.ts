import { cycleLabel } from '../../src/domain/names.ts';
import type { Release } from '../../src/domain/release.ts';
import type { UploadStage } from '../../src/domain/upload.ts';
import { actions, button, context } from '../blocks/elements.ts';
import { platformNames, releaseName, UPLOAD_STAGE_NAMES } from '../blocks/release-parts.ts';
import { bytesText, code, dateToken, mention, peopleText } from '../blocks/text.ts';
import { encodeActionValue, RELEASE_ACTIONS } from '../ids.ts';
import { type Renderers, said } from './compose.ts';

const HOW = 'Drop the file into this thread, or use the button.';

/** What is said about builds that people upload (Spec 1.6, 3). */
export const buildMessages: Renderers<'MISSING_BUILDS' | 'MISSING_BUILDS_REMINDER' | 'UPLOAD_ACCEPTED'> = {
  MISSING_BUILDS: ({ text, stage }, { release }) =>
    said(
      `⏳ *${peopleText(text)}*`,
      context(`${releaseName(release)} goes on as soon as everything is there. ${HOW}`),
      uploadRow(release, stage),
    ),
  MISSING_BUILDS_REMINDER: ({ cycleNumber, slotAt, platforms }, { release }) =>
    said(
      `⏰ ${cycleLabel(cycleNumber)} starts ${dateToken(new Date(slotAt))} and has no build for *${platformNames(platforms)}* yet.`,
      context(`${releaseName(release)}. ${HOW}`),
      uploadRow(release, 'REGRESSION'),
    ),
  UPLOAD_ACCEPTED: (content) => {
    const version = content.version ? ` · version ${peopleText(content.version, 40)}` : '';
    const replaced = content.replacedFileName
      ? `It replaces ${code(content.replacedFileName, 100)}, which is not used. `
      : '';
    return said(
      `📦 *${platformNames([content.platform])}* build for ${UPLOAD_STAGE_NAMES[content.stage]} from ${mention(content.by)}: ${code(content.fileName, 100)}`,
      context(`${replaced}${bytesText(content.sizeBytes)}${version} · SHA-256 ${code(content.sha256)}`),
      content.warning ? context(`⚠️ ${peopleText(content.warning, 500)}`) : null,
    );
  },
};

export function uploadRow(release: Release, stage: UploadStage) {
  const value = encodeActionValue({ releaseId: release.id, stage });
  return actions([button(RELEASE_ACTIONS.upload, 'Upload build', value)]);
}
