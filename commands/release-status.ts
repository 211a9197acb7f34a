import { escapeText } from '../views/blocks/text.ts';
import { plainMessage } from '../views/refusals.ts';
import { showStatus, statusJson } from '../views/show.actions.ts';
import { contextFor, say, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `status [release] [--json]`: the card with the reader's buttons, or the status response of the HTTP API. */
export const statusRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'status', async (release) => {
    if (request.flags.has('json')) {
      const json = JSON.stringify(statusJson(engine, release), null, 2);
      return say(plainMessage(`\`\`\`${escapeText(json)}\`\`\``));
    }
    const { actor } = await contextFor(engine, request);
    return say(await showStatus(engine, actor, release));
  });
