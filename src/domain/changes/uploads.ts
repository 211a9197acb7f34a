import { auditEntry, type By, type Change, message, patched } from '../change.ts';
import type { Release } from '../release.ts';
import { stagedUpload } from '../tasks.ts';
import type { Upload } from '../upload.ts';

/** An upload becomes the one that counts for its stage and platform (Spec 3.1). The caller has checked the window. */
export function stageUpload(release: Release, upload: Upload, warning: string | null, by: By, now: Date): Change {
  const replaced = stagedUpload(release, upload.stage, upload.platform);
  const others = release.stagedUploads.filter(
    (staged) => !(staged.stage === upload.stage && staged.platform === upload.platform),
  );
  const staged = {
    uploadId: upload.id,
    stage: upload.stage,
    platform: upload.platform,
    fileName: upload.fileName,
    sizeBytes: upload.sizeBytes,
    sha256: upload.sha256,
    version: upload.version,
    buildNumber: upload.buildNumber,
    artifactPath: upload.artifactPath,
    uploadedBy: upload.uploadedBy,
    at: now,
  };
  return {
    release: patched(release, now, { stagedUploads: [...others, staged] }),
    messages: [
      message(
        release,
        `upload:${upload.id}`,
        {
          kind: 'UPLOAD_ACCEPTED',
          stage: upload.stage,
          platform: upload.platform,
          fileName: upload.fileName,
          version: upload.version,
          sizeBytes: upload.sizeBytes,
          sha256: upload.sha256,
          by: by.actor,
          replacedFileName: replaced?.fileName ?? null,
          warning,
        },
        { channel: 'builds' },
      ),
    ],
    audit: [
      auditEntry(by, now, {
        action: 'BUILD_UPLOADED',
        subject: upload.id,
        detail: {
          stage: upload.stage,
          platform: upload.platform,
          fileName: upload.fileName,
          sha256: upload.sha256,
          replaced: replaced?.uploadId ?? null,
        },
      }),
    ],
  };
}
