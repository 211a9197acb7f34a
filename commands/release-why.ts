import { showWhy } from '../views/show.actions.ts';
import { contextFor, say, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `why [release]`: what it waits for, with owner, age and the button that clears it. */
export const whyRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'why', async (release) => {
    const { actor } = await contextFor(engine, request);
    return say(showWhy(engine, actor, release));
  });
