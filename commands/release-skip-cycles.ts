import { askReason } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `skip-cycles [release]`: asks why, then drops the slots that have not begun. */
export const skipCycles: Verb = (engine, request) =>
  withRelease(engine, request, 'skip-cycles', (release) =>
    askReason(engine, request, 'skip-cycles', { releaseId: release.id }),
  );
