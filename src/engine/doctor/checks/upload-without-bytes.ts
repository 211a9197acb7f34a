import { about, type ReleaseCheck } from '../finding.ts';

/** The files of live releases are in the store. Looked at only so many times a run: asking a bucket takes time. */
export const uploadWithoutBytes: ReleaseCheck = {
  id: 'upload-without-bytes',
  expects: 'the store has the file of every upload of a live release',
  byHand: 'put the file back from a backup of the store, or hand the build in again while its window is open',
  async ofRelease(release, { bytesOf }) {
    if (!release.live) return [];
    const gone: string[] = [];
    const kept = release.uploads.filter(
      (upload) => !upload.deletedAt && (upload.isUsed || isStaged(release, upload.id)),
    );
    for (const upload of kept) {
      if ((await bytesOf(upload.artifactPath)) === 'gone') gone.push(upload.id);
    }
    return kept
      .filter(({ id }) => gone.includes(id))
      .map(({ id, fileName, artifactPath }) => {
        const text = `The store has nothing at ${artifactPath}; expected the file of upload ${id} (${fileName}).`;
        return about(release, 'error', id, text);
      });
  },
};

function isStaged({ stored }: Parameters<ReleaseCheck['ofRelease']>[0], uploadId: string): boolean {
  return stored?.release.stagedUploads.some((staged) => staged.uploadId === uploadId) ?? false;
}
