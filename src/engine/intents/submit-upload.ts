import type { Readable } from 'node:stream';
import { checkFileName, platformOfFileName } from '../../domain/build-file-name.ts';
import { stageUpload } from '../../domain/changes/uploads.ts';
import type { Platform, Release } from '../../domain/release.ts';
import type { ReleaseConfig } from '../../domain/release-config.ts';
import { allTasks, stagedUpload } from '../../domain/tasks.ts';
import type { Upload, UploadSource, UploadStage } from '../../domain/upload.ts';
import { closedSentence, stageForUpload, uploadWindow } from '../../domain/upload-window.ts';
import type { BuildFileInfo } from '../../integrations/artifacts/build-file.ts';
import type { StoredObject } from '../../integrations/artifacts/port.ts';
import { Refusal } from '../../shared/errors.ts';
import { fingerprint, newId } from '../../shared/ids.ts';
import { soundRelease } from '../damaged.ts';
import type { Deps } from '../deps.ts';
import type { IntentContext } from '../index.ts';
import { byOf, recordFact, requireAct } from './intent.ts';
import { checkBuildFile } from './upload-checks.ts';

/** One rule set for all three doors (Spec 3). */
export interface SubmitUploadInput {
  releaseId: string;
  /** null = the stage whose window is open for the platform */
  stage: UploadStage | null;
  /** null = from the file name's ending */
  platform: Platform | null;
  fileName: string;
  /** what the sender says; null = unknown until read */
  sizeBytes: number | null;
  source: UploadSource;
  /** Given once per file from outside (`slack-file:F123`): the upload's id is derived from it, so that it exists once. */
  dedupeKey: string | null;
  /** Opened only after the window, the role and the name were found right. */
  openBytes: () => Promise<Readable>;
  /** Told the bytes stored so far. */
  onProgress?: (writtenBytes: number) => void;
}

export interface UploadReceipt {
  uploadId: string;
  releaseId: string;
  stage: UploadStage;
  platform: Platform;
  fileName: string;
  version: string | null;
  buildNumber: string | null;
  sizeBytes: number;
  sha256: string;
  /** the file this one replaces; null = none */
  replacedFileName: string | null;
  /** e.g. that the same bytes were used by an earlier cycle */
  warning: string | null;
}

interface Place {
  uploadId: string;
  fileName: string;
  stage: UploadStage;
  platform: Platform;
}

/**
 * Takes a manual build: refused before a byte is read where the window is closed, and again, atomically, when it is
 * staged; bytes that lost that race, or turn out to be no such build, are deleted. The release document's pointer is
 * the one write that makes it count.
 */
export async function submitUpload(
  deps: Deps,
  input: SubmitUploadInput,
  context: IntentContext,
): Promise<UploadReceipt> {
  const { tenantId } = context;
  const release = await soundRelease(deps, tenantId, input.releaseId);
  const config = await deps.repositories.configs.get(tenantId, release.releaseConfigId);
  await requireAct(deps, context, 'UPLOAD');
  const place = placeOf(release, config, input, tenantId);
  const known = input.dedupeKey ? await deps.repositories.uploads.find(tenantId, place.uploadId) : null;
  if (known) return stage(deps, known, context);
  requireWindow(release, place);
  requireSize(input.sizeBytes, deps.maxUploadBytes);
  const upload = await receive(deps, release, config, place, input, context);
  return stage(deps, upload, context);
}

function placeOf(release: Release, config: ReleaseConfig, input: SubmitUploadInput, tenantId: string): Place {
  const fileName = checkFileName(input.fileName);
  const byEnding = platformOfFileName(fileName, config.webArchiveEndings);
  const platform = input.platform ?? byEnding?.platform;
  if (!platform || byEnding?.platform !== platform) {
    const wanted = input.platform ? ` for ${input.platform}` : '';
    throw new Refusal(
      'UNSUPPORTED_FILE',
      `${fileName} is not a build${wanted}: expected .apk or .aab for ANDROID, .ipa for IOS${webEndings(config)}.`,
    );
  }
  const stageName = input.stage ?? stageForUpload(release, platform);
  if (stageName === 'PRE_RELEASE' && byEnding.format === 'APK') {
    throw new Refusal(
      'INVALID_BUILD',
      `${fileName} is an .apk; the pre-release build for Android must be an .aab, because the Play Store takes bundles only.`,
    );
  }
  const uploadId = input.dedupeKey
    ? `upl_${fingerprint(`${tenantId} ${release.id} ${input.dedupeKey}`)}`
    : newId('upl');
  return { uploadId, fileName, stage: stageName, platform };
}

function webEndings(config: ReleaseConfig): string {
  return config.webArchiveEndings.length > 0 ? `, ${config.webArchiveEndings.join(' or ')} for WEB` : '';
}

function requireWindow(release: Release, place: { stage: UploadStage; platform: Platform }): void {
  const window = uploadWindow(release, place.stage, place.platform);
  if (!window.open) throw new Refusal('WINDOW_CLOSED', closedSentence(window));
}

function requireSize(sizeBytes: number | null, maxBytes: number): void {
  if (sizeBytes === 0) throw new Refusal('INVALID_BUILD', 'The file is empty.');
  if (sizeBytes !== null && sizeBytes > maxBytes) {
    throw new Refusal('TOO_LARGE', `The file has ${sizeBytes} bytes; at most ${maxBytes} are taken.`);
  }
}

/** Streams the bytes to the store and checks what they are; on any failure nothing is left behind. */
async function receive(
  deps: Deps,
  release: Release,
  config: ReleaseConfig,
  place: Place,
  input: SubmitUploadInput,
  context: IntentContext,
): Promise<Upload> {
  const path = `${release.tenantId}/${release.id}/${place.uploadId}/${place.fileName}`;
  const stored = await deps.artifacts.write(path, await input.openBytes(), {
    maxBytes: deps.maxUploadBytes,
    ...(input.onProgress && { onProgress: input.onProgress }),
  });
  let upload: Upload;
  try {
    if (stored.sizeBytes === 0) throw new Refusal('INVALID_BUILD', `${place.fileName} is empty.`);
    const info = await deps.inspectBuild({
      path,
      fileName: place.fileName,
      sizeBytes: stored.sizeBytes,
      webArchiveEndings: config.webArchiveEndings,
    });
    checkBuildFile(release, config, place, info);
    upload = uploadRecord(release, place, stored, info, input.source, context.actor.id, deps.clock.now());
  } catch (error) {
    // Another instance may have taken the same file meanwhile: then the bytes are its upload's.
    if (!(await deps.repositories.uploads.find(release.tenantId, place.uploadId))) await deps.artifacts.delete(path);
    throw error;
  }
  // From here on the bytes stay whatever happens: an error does not say that the record is not there.
  return record(deps, upload);
}

/** Inserts the record, or finds the one that another try or instance made of the same file. */
async function record(deps: Deps, upload: Upload): Promise<Upload> {
  const { uploads } = deps.repositories;
  try {
    await uploads.insert(upload);
    return upload;
  } catch (error) {
    const known = await uploads.find(upload.tenantId, upload.id);
    if (known) return known;
    throw error;
  }
}

function uploadRecord(
  release: Release,
  place: Place,
  stored: StoredObject,
  info: BuildFileInfo,
  source: UploadSource,
  uploadedBy: string,
  now: Date,
): Upload {
  return {
    id: place.uploadId,
    tenantId: release.tenantId,
    releaseId: release.id,
    stage: place.stage,
    platform: place.platform,
    artifactPath: stored.path,
    fileName: place.fileName,
    sizeBytes: stored.sizeBytes,
    sha256: stored.sha256,
    version: info.version,
    buildNumber: info.buildNumber,
    applicationId: info.applicationId,
    uploadedBy,
    source,
    isUsed: false,
    usedByTaskId: null,
    usedByCycleId: null,
    supersededBy: null,
    deletedAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** Stops a write that would stage what was staged before. */
class StagedBefore extends Error {}

/**
 * The window again, and the pointer, in one conditional write; what lost the race is deleted. What counts already, or
 * did, stays as it is: whoever took the same file before has done this.
 */
async function stage(deps: Deps, upload: Upload, context: IntentContext): Promise<UploadReceipt> {
  const { tenantId } = context;
  const { uploads, builds } = deps.repositories;
  const usedBefore = await builds.hasSha256(tenantId, upload.releaseId, upload.sha256);
  const warning = usedBefore ? 'The same file was already used earlier in this release.' : null;
  let replaced: { uploadId: string; fileName: string } | null = null;
  try {
    await recordFact(deps, upload.releaseId, context, async (release, _latest, now) => {
      if (await wasStaged(deps, release, upload)) throw new StagedBefore();
      requireWindow(release, upload);
      replaced = stagedUpload(release, upload.stage, upload.platform);
      return stageUpload(release, upload, warning, byOf(context), now);
    });
  } catch (error) {
    if (error instanceof StagedBefore) return receiptOf(upload, null, null);
    if (error instanceof Refusal) {
      await uploads.remove(tenantId, upload.id);
      await deps.artifacts.delete(upload.artifactPath);
    }
    throw error;
  }
  deps.metrics.uploaded(upload);
  const previous = replaced as { uploadId: string; fileName: string } | null;
  if (previous) await uploads.markSuperseded(tenantId, previous.uploadId, upload.id, deps.clock.now());
  return receiptOf(upload, previous?.fileName ?? null, warning);
}

/**
 * A repeat of a file that counts already, or did: it is staged, claimed by a task, or replaced. Its own record may lag
 * behind, so that the message born with its staging is looked for as well; that one leaves the release only for the outbox.
 */
async function wasStaged(deps: Deps, release: Release, { id, tenantId }: Upload): Promise<boolean> {
  if (release.stagedUploads.some((staged) => staged.uploadId === id)) return true;
  if (allTasks(release).some((task) => Object.values(task.claimedUploads ?? {}).includes(id))) return true;
  const { uploads, outbox } = deps.repositories;
  const latest = await uploads.find(tenantId, id);
  if (latest && (latest.isUsed || latest.supersededBy || latest.deletedAt)) return true;
  return (await outbox.find(tenantId, `${release.id}:upload:${id}`)) !== null;
}

function receiptOf(upload: Upload, replacedFileName: string | null, warning: string | null): UploadReceipt {
  return {
    uploadId: upload.id,
    releaseId: upload.releaseId,
    stage: upload.stage,
    platform: upload.platform,
    fileName: upload.fileName,
    version: upload.version,
    buildNumber: upload.buildNumber,
    sizeBytes: upload.sizeBytes,
    sha256: upload.sha256,
    replacedFileName,
    warning,
  };
}
