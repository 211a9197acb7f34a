import type { Deps } from './deps.ts';

const UNUSED_KEPT_MS = 14 * 24 * 3_600_000;
const BATCH = 100;

/** Deletes the bytes of superseded and unused uploads after 14 days (Spec 8.3); returns how many. */
export async function applyRetention(deps: Deps): Promise<number> {
  const { uploads } = deps.repositories;
  const before = new Date(deps.clock.now().getTime() - UNUSED_KEPT_MS);
  let deleted = 0;
  for (;;) {
    const due = await uploads.listForRetention(before, BATCH);
    for (const upload of due) {
      // The bytes first: a crash in between deletes them again, which is no error.
      await deps.artifacts.delete(upload.artifactPath);
      await uploads.markDeleted(upload.tenantId, upload.id, deps.clock.now());
      deleted += 1;
    }
    if (due.length < BATCH) return deleted;
  }
}
