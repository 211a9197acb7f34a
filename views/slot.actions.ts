import type { MissedSlotAnswer } from '../src/domain/slot.ts';
import { Refusal } from '../src/shared/errors.ts';
import { decide, OUT_OF_DATE } from './decide.actions.ts';
import type { Click, ClickHandler, FaceDeps } from './deps.ts';
import { SLOT_ACTIONS } from './ids.ts';
import { openReason } from './reason-modal.actions.ts';

/** Answers to a missed slot, and changes of slots (Spec 1.1, 1.4). */

type SlotActionId = (typeof SLOT_ACTIONS)[keyof typeof SLOT_ACTIONS];

export const SLOT_HANDLERS: Record<SlotActionId, ClickHandler> = {
  [SLOT_ACTIONS.runNow]: (deps, click) => answerMissed(deps, click, 'RUN_NOW'),
  [SLOT_ACTIONS.fold]: (deps, click) => answerMissed(deps, click, 'FOLD'),
  [SLOT_ACTIONS.drop]: (deps, click) => answerMissed(deps, click, 'DROP'),
  [SLOT_ACTIONS.move]: (deps, click) => openReason(deps, click, 'slot-move'),
  [SLOT_ACTIONS.remove]: (deps, click) =>
    decide(deps, click, ({ releaseId, slotId }, context) =>
      deps.engine.removeSlot({ releaseId, slot: named(slotId) }, context),
    ),
};

function answerMissed(deps: FaceDeps, click: Click, answer: MissedSlotAnswer): Promise<void> {
  return decide(deps, click, ({ releaseId, slotId }, context) =>
    deps.engine.answerMissedSlot({ releaseId, slotId: named(slotId), answer }, context),
  );
}

function named(slotId: string | undefined): string {
  if (slotId === undefined) throw new Refusal('STALE', OUT_OF_DATE);
  return slotId;
}
