import type { ModalView } from '@slack/types';
import { Refusal } from '../src/shared/errors.ts';
import { within } from '../src/shared/within.ts';
import { answer, explain } from './answer.actions.ts';
import { type Acknowledge, type Asker, type FaceDeps, type Submission, slackFault } from './deps.ts';
import { infoModal } from './info-modal.ts';
import { plainMessage } from './refusals.ts';
import type { Rendered } from './types.ts';

/** A trigger is good for three seconds: past this a loading modal takes the place of the one being made. */
const OPEN_WITHIN_MS = 1_200;
/** A submission has three seconds to be answered: past this it goes on behind a modal that says so. */
const ANSWER_WITHIN_MS = 1_800;

/** Faulty inputs, keyed by the block they stand in; one sentence each. */
export class FieldErrors extends Error {
  override readonly name = 'FieldErrors';
  readonly errors: Readonly<Record<string, string>>;
  constructor(errors: Readonly<Record<string, string>>) {
    super('faulty inputs');
    this.errors = errors;
  }
}

/**
 * Opens what `build` makes. What goes wrong is told where the person asked (by `refuse`, where given), or in the modal
 * once that is open.
 */
export async function openModal(
  deps: FaceDeps,
  asker: Asker,
  triggerId: string,
  title: string,
  build: () => Promise<ModalView>,
  refuse: (error: unknown) => Promise<void> = (error) =>
    answer(deps, asker, explain(deps, error, { what: `open ${title}`, tenantId: asker.tenantId })),
): Promise<void> {
  const building = settle(build());
  try {
    const early = await within(OPEN_WITHIN_MS, building, 'late');
    if (early === 'late') return await openLoading(deps, asker, triggerId, title, building);
    if (!early.ok) return await refuse(early.error);
    await deps.client.views.open({ trigger_id: triggerId, view: early.value });
  } catch (error) {
    // The same click was delivered twice: its modal is open already.
    if (slackFault(error)?.word === 'exchanged_trigger_id') return;
    await refuse(error);
  }
}

async function openLoading(
  deps: FaceDeps,
  asker: Asker,
  triggerId: string,
  title: string,
  building: Promise<Settled<ModalView>>,
): Promise<void> {
  const loading = infoModal(title, plainMessage('One moment...'));
  const opened = await deps.client.views.open({ trigger_id: triggerId, view: loading });
  const built = await building;
  const scope = { what: `open ${title}`, tenantId: asker.tenantId };
  const view = built.ok ? built.value : infoModal(title, explain(deps, built.error, scope));
  if (opened.view?.id) await deps.client.views.update({ view_id: opened.view.id, view });
}

/**
 * Does what a submitted modal asks and acknowledges it in time: it closes when all went well, shows errors under their
 * fields, or says what was refused. Where the work takes longer, the modal says so and is updated at its end.
 * Returns whether the work was done.
 */
export async function submit(
  deps: FaceDeps,
  submission: Submission,
  acknowledge: Acknowledge,
  title: string,
  work: () => Promise<Rendered | null>,
  errorsOf: (fields: Refusal['fields']) => Record<string, string>,
): Promise<boolean> {
  const scope = { what: `submit ${title}`, tenantId: submission.tenantId };
  const working = settle(work());
  const early = await within(ANSWER_WITHIN_MS, working, 'late');
  if (early === 'late') {
    await acknowledge({ response_action: 'update', view: infoModal(title, plainMessage('Working on it...')) });
    const late = await working;
    const rendered = late.ok ? (late.value ?? plainMessage('Done.')) : explainFields(deps, late.error, scope);
    await updateQuietly(deps, submission, infoModal(title, rendered));
    return late.ok;
  }
  if (early.ok) {
    if (early.value === null) await acknowledge();
    else await acknowledge({ response_action: 'update', view: infoModal(title, early.value) });
    return true;
  }
  const errors = fieldErrors(early.error, errorsOf);
  if (errors !== null) {
    await acknowledge({ response_action: 'errors', errors });
    return false;
  }
  const rendered = explain(deps, early.error, scope);
  await acknowledge({ response_action: 'update', view: infoModal(title, rendered) });
  return false;
}

function fieldErrors(
  error: unknown,
  errorsOf: (fields: Refusal['fields']) => Record<string, string>,
): Record<string, string> | null {
  const errors = error instanceof FieldErrors ? error.errors : error instanceof Refusal ? errorsOf(error.fields) : {};
  return Object.keys(errors).length > 0 ? { ...errors } : null;
}

function explainFields(deps: FaceDeps, error: unknown, scope: { what: string; tenantId: string }): Rendered {
  if (!(error instanceof FieldErrors)) return explain(deps, error, scope);
  return explain(deps, new Refusal('INVALID_INPUT', Object.values(error.errors).join(' ')), scope);
}

async function updateQuietly(deps: FaceDeps, submission: Submission, view: ModalView): Promise<void> {
  try {
    await deps.client.views.update({ view_id: submission.viewId, view });
  } catch (error) {
    // The person closed it meanwhile.
    deps.logger.info({ err: error, tenantId: submission.tenantId }, 'a modal could not be updated');
  }
}

/** Shows another version of the open view, unless it changed again meanwhile. */
export async function replaceView(
  deps: FaceDeps,
  tenantId: string,
  view: { id: string; hash: string },
  build: () => Promise<ModalView>,
): Promise<void> {
  try {
    await deps.client.views.update({ view_id: view.id, hash: view.hash, view: await build() });
  } catch (error) {
    explain(deps, error, { what: 'replace a view', tenantId });
  }
}

type Settled<T> = { ok: true; value: T } | { ok: false; error: unknown };

function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value): Settled<T> => ({ ok: true, value }),
    (error: unknown): Settled<T> => ({ ok: false, error }),
  );
}
