import type { ModalView } from '@slack/types';
import { platformOfFileName } from '../src/domain/build-file-name.ts';
import { PLATFORM_NAMES } from '../src/domain/names.ts';
import type { Platform, Release } from '../src/domain/release.ts';
import { rolesFor } from '../src/domain/roles.ts';
import { UPLOAD_STAGES, type UploadStage } from '../src/domain/upload.ts';
import { closedSentence, openWindows, stageForUpload, uploadWindow } from '../src/domain/upload-window.ts';
import type { Engine, IntentContext } from '../src/engine/index.ts';
import { Refusal } from '../src/shared/errors.ts';
import { type Acknowledge, type Asker, type Click, contextOf, type FaceDeps, type Submission } from './deps.ts';
import { receiveFile } from './file-job.actions.ts';
import { BLOCKS, parseUploadMetadata } from './ids.ts';
import { FieldErrors, openModal, replaceView, submit } from './modal.actions.ts';
import type { UploadWindowView } from './types.ts';
import { parseUploadModal, uploadModal } from './upload-modal.ts';

/** The upload modal: stage and platforms that are open now, and the files (Spec 3, 6.1). */

const TITLE = 'Upload builds';

export async function openUpload(
  deps: FaceDeps,
  asker: Asker,
  triggerId: string,
  releaseId: string,
  stage: UploadStage | null,
): Promise<void> {
  await openModal(deps, asker, triggerId, TITLE, async () => {
    const context = await contextOf(deps.engine, asker);
    const place = { channelId: asker.channelId, threadTs: asker.threadTs };
    return buildUpload(deps.engine, context, releaseId, stage, place);
  });
}

/** `Refusal` WINDOW_CLOSED, with when it opens again, where nothing is open. */
export async function buildUpload(
  engine: Engine,
  context: IntentContext,
  releaseId: string,
  stage: UploadStage | null,
  place: { channelId: string | null; threadTs: string | null },
): Promise<ModalView> {
  await engine.requireRole(context, rolesFor('UPLOAD'), 'upload builds');
  const release = await engine.queries.release(context.tenantId, releaseId);
  const windows = windowsOf(release);
  if (windows.length === 0) throw new Refusal('WINDOW_CLOSED', whyClosed(release));
  const shown = windows.some((window) => window.stage === stage) ? stage : null;
  return uploadModal({ release, windows, stage: shown, ...place });
}

function windowsOf(release: Release): UploadWindowView[] {
  const views: UploadWindowView[] = [];
  for (const { stage, platform } of openWindows(release)) {
    const known = views.find((view) => view.stage === stage);
    if (known) known.platforms.push(platform);
    else views.push({ stage, platforms: [platform] });
  }
  return views;
}

/** For each platform the next window that will open; where none will, why not. */
function whyClosed(release: Release): string {
  const sentences = release.targets.map(({ platform }) => {
    const first = UPLOAD_STAGES.indexOf(stageForUpload(release, platform));
    const windows = UPLOAD_STAGES.slice(first).map((stage) => uploadWindow(release, stage, platform));
    const closed = windows.flatMap((window) => (window.open ? [] : [window]));
    const next = closed.find((window) => window.opens !== null) ?? closed[0];
    return next ? closedSentence(next) : '';
  });
  return [...new Set(sentences)].filter((sentence) => sentence !== '').join(' ');
}

/** Another stage was chosen: its platforms are offered. */
export async function changeUploadStage(deps: FaceDeps, click: Click): Promise<void> {
  const { view, asker } = click;
  const metadata = parseUploadMetadata(view?.privateMetadata);
  if (view === null || metadata === null) return;
  await replaceView(deps, asker.tenantId, view, async () => {
    const context = await contextOf(deps.engine, asker);
    const stage = openStage(click.value);
    return buildUpload(deps.engine, context, metadata.releaseId, stage, metadata);
  });
}

function openStage(value: string | null): UploadStage | null {
  return value === 'PRE_REGRESSION' || value === 'REGRESSION' || value === 'PRE_RELEASE' ? value : null;
}

interface UploadForm {
  stage: UploadStage | null;
  platform: Platform | null;
  files: { id: string; name: string }[];
}

/**
 * The modal closes once the windows and names were found right and the files are stored as handed in; they are taken
 * after that.
 */
export async function submitUploadModal(
  deps: FaceDeps,
  submission: Submission,
  acknowledge: Acknowledge,
): Promise<void> {
  const metadata = parseUploadMetadata(submission.privateMetadata);
  if (metadata === null) return acknowledge();
  const parsed = parseUploadModal(submission.values);
  if (!parsed.ok) return acknowledge({ response_action: 'errors', errors: parsed.errors });
  const form = parsed.input;
  const { tenantId, userId } = submission;
  const received: (() => Promise<void>)[] = [];
  const work = async () => {
    const context = await contextOf(deps.engine, submission);
    await deps.engine.requireRole(context, rolesFor('UPLOAD'), 'upload builds');
    const release = await deps.engine.queries.release(tenantId, metadata.releaseId);
    const config = await deps.engine.queries.config(tenantId, release.releaseConfigId);
    checkForm(release, config.webArchiveEndings, form);
    const { channelId, threadTs, releaseId } = metadata;
    const { stage, platform } = form;
    for (const { id: fileId } of form.files) {
      const job = { fileId, releaseId, stage, platform, userId, channelId, threadTs, messageTs: null };
      received.push(await receiveFile(deps, tenantId, { ...job, source: 'MODAL' }, true));
    }
    return null;
  };
  if (!(await submit(deps, submission, acknowledge, TITLE, work, () => ({})))) return;
  await Promise.all(received.map((take) => take()));
}

/** What can be told under the fields before a byte is read; the engine checks all of it again. */
function checkForm(release: Release, webArchiveEndings: readonly string[], form: UploadForm): void {
  const seen = new Set<Platform>();
  for (const { name } of form.files) {
    const byEnding = platformOfFileName(name, webArchiveEndings)?.platform;
    const platform = form.platform ?? byEnding;
    if (!platform || byEnding !== platform) {
      const wanted = form.platform ? ` for ${PLATFORM_NAMES[form.platform]}` : '';
      throw new FieldErrors({
        [BLOCKS.uploadFiles]: `${name} is not a build${wanted}: .apk, .aab or .ipa is expected.`,
      });
    }
    if (seen.has(platform)) {
      throw new FieldErrors({
        [BLOCKS.uploadFiles]: `Two files are for ${PLATFORM_NAMES[platform]}; one is expected.`,
      });
    }
    seen.add(platform);
    const window = uploadWindow(release, form.stage ?? stageForUpload(release, platform), platform);
    if (!window.open) throw new FieldErrors({ [BLOCKS.uploadFiles]: closedSentence(window) });
  }
}
