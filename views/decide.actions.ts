import type { Release } from '../src/domain/release.ts';
import type { IntentContext } from '../src/engine/index.ts';
import { answer, answerInstead, explain } from './answer.actions.ts';
import { mention } from './blocks/text.ts';
import { type Asker, type Click, contextOf, type FaceDeps } from './deps.ts';
import { refreshHome } from './home.actions.ts';
import { type ActionValue, parseActionValue } from './ids.ts';
import { once } from './once.actions.ts';
import { plainMessage } from './refusals.ts';
import { showStatus } from './show.actions.ts';
import { hasMovedOn, refreshClicked } from './stale.actions.ts';
import type { Rendered } from './types.ts';

/** What a button that decides something does around the decision itself (Spec 6.2). */

export const OUT_OF_DATE = 'This button is from an older version of the message. Use the newest one, or `/release`.';

/** Acts once (null: nothing was decided), shows the decision where the button was, and on a stale click says what happened and by whom. */
export async function decide(
  deps: FaceDeps,
  click: Click,
  act: (value: ActionValue, context: IntentContext) => Promise<Release | null>,
): Promise<void> {
  const value = parseActionValue(click.value);
  if (value === null) return answer(deps, click.asker, plainMessage(OUT_OF_DATE));
  const { tenantId } = click.asker;
  try {
    const work = async () => {
      const context = await contextOf(deps.engine, click.asker);
      const release = await act(value, context);
      if (release !== null) await showDecision(deps, click, context, release);
    };
    await once(deps, tenantId, click.triggerId, work, async (since) => {
      if (!(await hasDecided(deps, click.asker, value.releaseId, since))) await work();
    });
  } catch (error) {
    await refuseClick(deps, click, value, error);
  }
}

/** Explains a refusal to the one who clicked; what has moved on is refreshed first. */
export async function refuseClick(deps: FaceDeps, click: Click, value: ActionValue, error: unknown): Promise<void> {
  const rendered = explain(deps, error, { what: click.actionId, tenantId: click.asker.tenantId });
  if (!hasMovedOn(error)) return answer(deps, click.asker, rendered);
  await refreshClicked(deps, click, value);
  const last = await lastStep(deps, click.asker, value.releaseId);
  await answer(deps, click.asker, last === null ? rendered : followedBy(rendered, last));
}

/** The card in the thread is brought up to date by the outbox; what only this person sees is replaced here. */
async function showDecision(deps: FaceDeps, click: Click, context: IntentContext, release: Release): Promise<void> {
  try {
    if (click.message?.ephemeral) {
      await answerInstead(deps, click.asker, await showStatus(deps.engine, context.actor, release));
    } else if (click.view?.type === 'home') {
      await refreshHome(deps, click.asker.tenantId, click.asker.userId);
    }
  } catch (error) {
    // The decision stands; only its picture is late.
    explain(deps, error, { what: 'show a decision', tenantId: click.asker.tenantId });
  }
}

/** Whether this person has moved the release from Slack since then: the trail is written with the decision. */
async function hasDecided(deps: FaceDeps, asker: Asker, releaseId: string, since: Date): Promise<boolean> {
  const entries = await deps.engine.queries.history(asker.tenantId, releaseId, { limit: 100 });
  return entries.some(({ at, actor, origin }) => at >= since && actor === asker.userId && origin === 'SLACK');
}

/** Who moved the release last, and how; null when nobody did. */
async function lastStep(deps: FaceDeps, asker: Asker, releaseId: string): Promise<string | null> {
  try {
    const entries = await deps.engine.queries.history(asker.tenantId, releaseId, { limit: 10 });
    const last = entries.find((entry) => entry.origin === 'SLACK' || entry.origin === 'API');
    if (!last) return null;
    const words = last.action.toLowerCase().replaceAll('_', ' ');
    const at = Math.floor(last.at.getTime() / 1000);
    const fallback = last.at.toISOString();
    return `Last step by a person: ${words}, ${mention(last.actor)}, <!date^${at}^{date_short_pretty} {time}|${fallback}>.`;
  } catch {
    return null;
  }
}

function followedBy(rendered: Rendered, sentence: string): Rendered {
  const more = plainMessage(sentence);
  return { text: `${rendered.text} ${more.text}`, blocks: [...rendered.blocks, ...more.blocks] };
}
