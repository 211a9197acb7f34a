import { showNotes } from '../views/show.actions.ts';
import { say, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `notes [release]`: the release notes so far. */
export const notesRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'notes', async (release) => say(showNotes(release)));
