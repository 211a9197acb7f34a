import { askConfirmation } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `retry [release]`: the failed task again. */
export const retryTask: Verb = (engine, request) =>
  withRelease(engine, request, 'retry', (release) => askConfirmation(engine, request, 'RETRY_TASK', release));
