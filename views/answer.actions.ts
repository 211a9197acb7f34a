import { isDatabaseError } from '../src/shared/database-errors.ts';
import {
  AuthError,
  ConflictError,
  PermanentError,
  ProviderError,
  Refusal,
  TransientError,
} from '../src/shared/errors.ts';
import { newId } from '../src/shared/ids.ts';
import { peopleText } from './blocks/text.ts';
import { type Asker, type FaceDeps, slackFault } from './deps.ts';
import { faultMessage, plainMessage, refusalMessage } from './refusals.ts';
import type { Rendered } from './types.ts';

/** How people are answered (Spec 6.1, 6.2): to themselves, where they asked; and what went wrong, in plain words. */

export const DATABASE_GONE = 'The database cannot be reached; nothing was changed. Try again in a minute.';

/**
 * Shows `rendered` to the asker alone: through the `response_url`, else as an ephemeral message in the channel, else as a
 * direct message. Never throws: what cannot be said is logged.
 */
export async function answer(deps: FaceDeps, asker: Asker, rendered: Rendered): Promise<void> {
  const ways = [() => answerByUrl(asker, rendered), () => answerInPlace(deps, asker, rendered)];
  // In a thread an answer by URL would appear outside of it.
  if (asker.threadTs !== null) ways.reverse();
  ways.push(() => answerDirectly(deps, asker, rendered));
  for (const way of ways) {
    try {
      if (await way()) return;
    } catch (error) {
      deps.logger.info({ err: error, tenantId: asker.tenantId }, 'an answer did not arrive this way');
    }
  }
}

async function answerByUrl(asker: Asker, rendered: Rendered): Promise<boolean> {
  if (asker.respond === null) return false;
  await asker.respond({ response_type: 'ephemeral', replace_original: false, ...rendered });
  return true;
}

async function answerInPlace(deps: FaceDeps, asker: Asker, rendered: Rendered): Promise<boolean> {
  if (asker.channelId === null) return false;
  await deps.client.chat.postEphemeral({
    channel: asker.channelId,
    user: asker.userId,
    ...rendered,
    ...(asker.threadTs === null ? {} : { thread_ts: asker.threadTs }),
  });
  return true;
}

async function answerDirectly(deps: FaceDeps, asker: Asker, rendered: Rendered): Promise<boolean> {
  await deps.client.chat.postMessage({ channel: asker.userId, ...rendered });
  return true;
}

/** Replaces the asker's ephemeral message that held the button; where that is not possible, answers anew. */
export async function answerInstead(deps: FaceDeps, asker: Asker, rendered: Rendered): Promise<void> {
  if (asker.respond === null) return answer(deps, asker, rendered);
  try {
    await asker.respond({ replace_original: true, ...rendered });
  } catch (error) {
    deps.logger.info({ err: error, tenantId: asker.tenantId }, 'an ephemeral message could not be replaced');
    await answer(deps, { ...asker, respond: null }, rendered);
  }
}

/** Runs `work` and answers with what it returns, or with what went wrong. Never throws. */
export async function attend(
  deps: FaceDeps,
  asker: Asker,
  what: string,
  work: () => Promise<Rendered | null>,
): Promise<void> {
  let rendered: Rendered | null;
  try {
    rendered = await work();
  } catch (error) {
    rendered = explain(deps, error, { what, tenantId: asker.tenantId });
  }
  if (rendered !== null) await answer(deps, asker, rendered);
}

/** What went wrong as a message for a person, logged by its kind: a refusal is info, a fault outside warn, our bug error. */
export function explain(deps: FaceDeps, error: unknown, scope: { what: string; tenantId: string }): Rendered {
  if (error instanceof Refusal) {
    deps.logger.info({ ...scope, code: error.code }, 'refused');
    return refusalMessage(error);
  }
  if (isDatabaseError(error)) {
    deps.logger.warn({ ...scope, err: error }, 'the database cannot be reached');
    return plainMessage(DATABASE_GONE);
  }
  if (error instanceof ProviderError) {
    deps.logger.warn({ ...scope, err: error }, 'a provider failed');
    return plainMessage(providerSentence(error));
  }
  const slack = slackFault(error);
  if (slack !== null) {
    deps.logger.warn({ ...scope, err: error }, 'Slack refused a call');
    return plainMessage(slackSentence(slack));
  }
  const reference = newId('ref');
  deps.logger.error({ ...scope, err: error, reference }, 'a handler failed');
  return faultMessage(reference);
}

function slackSentence(fault: { word: string; passes: boolean }): string {
  // A trigger is good for three seconds only.
  if (fault.word === 'expired_trigger_id')
    return 'That took me too long, and Slack opens no window any more. Try again.';
  return `Slack: ${peopleText(fault.word)}. ${fault.passes ? 'That may pass: try again in a minute.' : 'Tell an admin.'}`;
}

const PROVIDER_NAMES: Record<string, string> = { SLACK: 'Slack', GITHUB: 'GitHub', S3: 'The artifact store' };

/** The provider's own words, and whether trying again helps. */
function providerSentence(error: ProviderError): string {
  const { provider, detail } = error.fault;
  const says = `${PROVIDER_NAMES[provider] ?? peopleText(provider)}: ${peopleText(detail)}.`;
  if (error instanceof TransientError) return `${says} That may pass: try again in a minute.`;
  if (error instanceof AuthError) return `${says} An admin has to check the credentials and permissions.`;
  if (error instanceof ConflictError) return `${says} It changed meanwhile: look again and decide anew.`;
  if (error instanceof PermanentError) return `${says} Trying again changes nothing.`;
  return says;
}
