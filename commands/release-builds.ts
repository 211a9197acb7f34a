import { showBuilds } from '../views/show.actions.ts';
import { contextFor, say, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `builds [release]`: what was built and what is staged. */
export const buildsRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'builds', async (release) => {
    const { actor } = await contextFor(engine, request);
    return say(await showBuilds(engine, actor, release));
  });
