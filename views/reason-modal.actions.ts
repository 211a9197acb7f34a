import type { ModalView } from '@slack/types';
import type { Release } from '../src/domain/release.ts';
import type { Engine, IntentContext } from '../src/engine/index.ts';
import type { Refusal } from '../src/shared/errors.ts';
import { answer } from './answer.actions.ts';
import { OUT_OF_DATE, refuseClick } from './decide.actions.ts';
import { type Acknowledge, type Click, contextOf, type FaceDeps, type Submission } from './deps.ts';
import { refreshHome } from './home.actions.ts';
import { type ActionValue, BLOCKS, parseActionValue, parseReasonMetadata, type ReasonPurpose } from './ids.ts';
import { openModal, submit } from './modal.actions.ts';
import { once } from './once.actions.ts';
import { requireMayAsk, requireOffered } from './reason-checks.actions.ts';
import { parseReasonModal, reasonModal } from './reason-modal.ts';
import { plainMessage } from './refusals.ts';

/** The modals that ask why, and when for slots: opened by buttons and commands, ended by an intent (Spec 6.1, 6.2). */

/** What was filled in; `slotId` and `at` only for slots. */
interface Filled {
  reason: string | null;
  at: Date | null;
  slotId: string | null;
}
type Doer = (engine: Engine, value: ActionValue, filled: Filled, context: IntentContext) => Promise<Release>;

const DOERS: Record<ReasonPurpose, Doer> = {
  pause: (engine, { releaseId }, { reason }, context) => engine.pauseRelease({ releaseId, reason }, context),
  archive: (engine, { releaseId }, { reason }, context) => engine.archiveRelease({ releaseId, reason }, context),
  'skip-task': (engine, { releaseId, taskId }, { reason }, context) =>
    engine.skipTask({ releaseId, taskId: taskId ?? null, reason: reason ?? '' }, context),
  'abandon-cycle': (engine, { releaseId, cycleNumber }, { reason }, context) =>
    engine.abandonCycle({ releaseId, cycleNumber: cycleNumber ?? null, reason }, context),
  'skip-cycles': (engine, { releaseId }, { reason }, context) =>
    engine.skipRemainingCycles({ releaseId, reason }, context),
  reject: (engine, value, { reason }, context) =>
    engine.rejectGate({ ...gateOf(value), reason: reason ?? '' }, context),
  'approve-override': (engine, value, { reason }, context) =>
    engine.approveGate({ ...gateOf(value), overrideReason: reason }, context),
  'start-override': (engine, { releaseId }, { reason }, context) =>
    engine.startRelease({ releaseId, freezeOverrideReason: reason }, context),
  'slot-add': (engine, { releaseId }, { at }, context) => engine.addSlot({ releaseId, at: dateOf(at) }, context),
  'slot-move': (engine, { releaseId, slotId }, filled, context) =>
    engine.moveSlot({ releaseId, slot: filled.slotId ?? slotId ?? '', at: dateOf(filled.at) }, context),
  'slot-remove': (engine, { releaseId, slotId }, filled, context) =>
    engine.removeSlot({ releaseId, slot: filled.slotId ?? slotId ?? '' }, context),
};

const TITLES: Record<ReasonPurpose, string> = {
  pause: 'Pause',
  archive: 'Archive',
  'skip-task': 'Skip task',
  'abandon-cycle': 'Abandon cycle',
  'skip-cycles': 'Skip cycles',
  reject: 'Reject',
  'approve-override': 'Approve',
  'start-override': 'Start',
  'slot-add': 'Add slot',
  'slot-move': 'Move slot',
  'slot-remove': 'Remove slot',
};

export function reasonTitle(purpose: ReasonPurpose): string {
  return TITLES[purpose];
}

/** A button that asks first. A stale one refreshes its message instead. */
export async function openReason(deps: FaceDeps, click: Click, purpose: ReasonPurpose): Promise<void> {
  const value = parseActionValue(click.value);
  if (value === null) return answer(deps, click.asker, plainMessage(OUT_OF_DATE));
  const { asker, triggerId } = click;
  const place = { channelId: asker.channelId, threadTs: asker.threadTs };
  await openModal(
    deps,
    asker,
    triggerId,
    TITLES[purpose],
    async () => buildReason(deps.engine, await contextOf(deps.engine, asker), purpose, value, place),
    (error) => refuseClick(deps, click, value, error),
  );
}

/** The modal for this release as it is; `Refusal` where it would be refused anyway. */
export async function buildReason(
  engine: Engine,
  context: IntentContext,
  purpose: ReasonPurpose,
  value: ActionValue,
  place: { channelId: string | null; threadTs: string | null },
): Promise<ModalView> {
  const release = await engine.queries.release(context.tenantId, value.releaseId, { toArchive: purpose === 'archive' });
  const now = engine.now();
  await requireMayAsk(engine, context, purpose, release);
  requireOffered(release, purpose, value, now);
  const { releaseId: _, platform: __, stage: ___, beforeSeq: ____, ...shown } = value;
  return reasonModal({ purpose, release, now, ...place, ...shown });
}

export async function submitReason(deps: FaceDeps, submission: Submission, acknowledge: Acknowledge): Promise<void> {
  const metadata = parseReasonMetadata(submission.privateMetadata);
  if (metadata === null) return acknowledge();
  const parsed = parseReasonModal(metadata.purpose, submission.values);
  if (!parsed.ok) return acknowledge({ response_action: 'errors', errors: parsed.errors });
  const { tenantId, userId, triggerId } = submission;
  const work = async () => {
    await once(deps, tenantId, triggerId, async () => {
      const context = await contextOf(deps.engine, submission);
      await DOERS[metadata.purpose](deps.engine, metadata, parsed.input, context);
    });
    return null;
  };
  await submit(deps, submission, acknowledge, TITLES[metadata.purpose], work, (fields) =>
    errorsOf(fields, submission.values),
  );
  if (metadata.channelId === null) await refreshQuietly(deps, tenantId, userId);
}

/** The engine's field names as blocks of these modals. */
function errorsOf(fields: Refusal['fields'], values: Submission['values']): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const [field, text] of Object.entries(fields)) {
    const block = field === 'at' ? BLOCKS.slotAt : field === 'slot' ? BLOCKS.slot : BLOCKS.reason;
    if (block in values) errors[block] = text;
  }
  return errors;
}

async function refreshQuietly(deps: FaceDeps, tenantId: string, userId: string): Promise<void> {
  try {
    await refreshHome(deps, tenantId, userId);
  } catch (error) {
    deps.logger.info({ err: error, tenantId }, 'a Home could not be refreshed');
  }
}

function gateOf({ releaseId, gateId, contentHash }: ActionValue) {
  return { releaseId, gateId: gateId ?? null, contentHash: contentHash ?? null };
}

function dateOf(at: Date | null): Date {
  return at ?? new Date(Number.NaN);
}
