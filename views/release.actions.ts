import type { Release } from '../src/domain/release.ts';
import type { Actor } from '../src/domain/tenant.ts';
import { Refusal } from '../src/shared/errors.ts';
import { answer, attend } from './answer.actions.ts';
import { openCreateRelease } from './create-release.actions.ts';
import { decide, OUT_OF_DATE } from './decide.actions.ts';
import { type Click, type ClickHandler, contextOf, type FaceDeps } from './deps.ts';
import { encodeActionValue, type MoreChoice, parseActionValue, parseMoreValue, RELEASE_ACTIONS } from './ids.ts';
import { openReason } from './reason-modal.actions.ts';
import { plainMessage } from './refusals.ts';
import { showBuilds, showHistory, showNotes, showStatus, showWhy } from './show.actions.ts';
import type { Rendered } from './types.ts';
import { openUpload } from './upload-modal.actions.ts';

/** Buttons of a release, wherever they stand. */

type ReleaseActionId = (typeof RELEASE_ACTIONS)[keyof typeof RELEASE_ACTIONS];

const SHOWS = {
  status: (deps, actor, release) => showStatus(deps.engine, actor, release),
  why: async (deps, actor, release) => showWhy(deps.engine, actor, release),
  notes: async (_deps, _actor, release) => showNotes(release),
  builds: (deps, actor, release) => showBuilds(deps.engine, actor, release),
} as const satisfies Record<string, (deps: FaceDeps, actor: Actor, release: Release) => Promise<Rendered>>;

export const RELEASE_HANDLERS: Record<ReleaseActionId, ClickHandler> = {
  [RELEASE_ACTIONS.start]: startNow,
  [RELEASE_ACTIONS.resume]: (deps, click) =>
    decide(deps, click, ({ releaseId }, context) => deps.engine.resumeRelease({ releaseId }, context)),
  [RELEASE_ACTIONS.triggerRegression]: (deps, click) =>
    decide(deps, click, ({ releaseId }, context) => deps.engine.triggerRegression({ releaseId }, context)),
  [RELEASE_ACTIONS.pause]: (deps, click) => openReason(deps, click, 'pause'),
  [RELEASE_ACTIONS.archive]: (deps, click) => openReason(deps, click, 'archive'),
  [RELEASE_ACTIONS.abandonCycle]: (deps, click) => openReason(deps, click, 'abandon-cycle'),
  [RELEASE_ACTIONS.skipCycles]: (deps, click) => openReason(deps, click, 'skip-cycles'),
  [RELEASE_ACTIONS.addSlot]: (deps, click) => openReason(deps, click, 'slot-add'),
  [RELEASE_ACTIONS.upload]: (deps, click) => {
    const value = parseActionValue(click.value);
    if (value === null) return answer(deps, click.asker, plainMessage(OUT_OF_DATE));
    return openUpload(deps, click.asker, click.triggerId, value.releaseId, value.stage ?? null);
  },
  [RELEASE_ACTIONS.create]: (deps, click) => openCreateRelease(deps, click.asker, click.triggerId, {}),
  [RELEASE_ACTIONS.status]: (deps, click) => show(deps, click, 'status'),
  [RELEASE_ACTIONS.why]: (deps, click) => show(deps, click, 'why'),
  [RELEASE_ACTIONS.notes]: (deps, click) => show(deps, click, 'notes'),
  [RELEASE_ACTIONS.builds]: (deps, click) => show(deps, click, 'builds'),
  [RELEASE_ACTIONS.history]: (deps, click) => {
    const value = parseActionValue(click.value);
    return showRelease(deps, click, value?.releaseId ?? null, (_actor, release) =>
      showHistory(deps.engine, release, value?.beforeSeq),
    );
  },
  [RELEASE_ACTIONS.more]: chooseMore,
  [RELEASE_ACTIONS.link]: async () => {},
  [RELEASE_ACTIONS.dismiss]: async (deps, click) => {
    try {
      await click.asker.respond?.({ delete_original: true });
    } catch (error) {
      deps.logger.info({ err: error }, 'an ephemeral message could not be dismissed');
    }
  },
};

/** START; inside a freeze window an admin is asked for the reason to override it. */
async function startNow(deps: FaceDeps, click: Click): Promise<void> {
  let frozen = false;
  await decide(deps, click, async ({ releaseId }, context) => {
    try {
      return await deps.engine.startRelease({ releaseId, freezeOverrideReason: null }, context);
    } catch (error) {
      const overridable = error instanceof Refusal && 'freezeOverrideReason' in error.fields;
      if (!overridable || !context.actor.roles.includes('ADMIN')) throw error;
      frozen = true;
      return null;
    }
  });
  if (frozen) await openReason(deps, click, 'start-override');
}

async function chooseMore(deps: FaceDeps, click: Click): Promise<void> {
  const chosen = parseMoreValue(click.value);
  if (chosen === null) return answer(deps, click.asker, plainMessage(OUT_OF_DATE));
  const { releaseId } = chosen;
  const doers: Record<MoreChoice, () => Promise<void>> = {
    status: () => showRelease(deps, click, releaseId, (actor, release) => SHOWS.status(deps, actor, release)),
    why: () => showRelease(deps, click, releaseId, (actor, release) => SHOWS.why(deps, actor, release)),
    notes: () => showRelease(deps, click, releaseId, (actor, release) => SHOWS.notes(deps, actor, release)),
    builds: () => showRelease(deps, click, releaseId, (actor, release) => SHOWS.builds(deps, actor, release)),
    history: () => showRelease(deps, click, releaseId, (_actor, release) => showHistory(deps.engine, release)),
    archive: () => openReason(deps, { ...click, value: encodeActionValue({ releaseId }) }, 'archive'),
  };
  await doers[chosen.choice]();
}

function show(deps: FaceDeps, click: Click, what: keyof typeof SHOWS): Promise<void> {
  const releaseId = parseActionValue(click.value)?.releaseId ?? null;
  return showRelease(deps, click, releaseId, (actor, release) => SHOWS[what](deps, actor, release));
}

async function showRelease(
  deps: FaceDeps,
  click: Click,
  releaseId: string | null,
  build: (actor: Actor, release: Release) => Promise<Rendered>,
): Promise<void> {
  const { asker } = click;
  await attend(deps, asker, click.actionId, async () => {
    if (releaseId === null) return plainMessage(OUT_OF_DATE);
    const [{ actor }, release] = await Promise.all([
      contextOf(deps.engine, asker),
      deps.engine.queries.release(asker.tenantId, releaseId),
    ]);
    return build(actor, release);
  });
}
