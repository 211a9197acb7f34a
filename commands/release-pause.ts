import { askReason } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `pause [release]`: asks why, then stops between two tasks. */
export const pauseRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'pause', (release) => askReason(engine, request, 'pause', { releaseId: release.id }));
