import { askReason } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `archive [release]`: asks why, then ends it for good. */
export const archiveRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'archive', (release) =>
    askReason(engine, request, 'archive', { releaseId: release.id }),
  );
