import { showHistory } from '../views/show.actions.ts';
import { say, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `history [release]`: the audit trail, newest first. */
export const historyRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'history', async (release) => say(await showHistory(engine, release)));
