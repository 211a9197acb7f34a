import { askConfirmation } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `resume [release]`: goes on exactly where it was paused. */
export const resumeRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'resume', (release) => askConfirmation(engine, request, 'RESUME', release));
