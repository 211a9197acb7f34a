import { Refusal } from '../src/shared/errors.ts';
import { decide } from './decide.actions.ts';
import type { Click, ClickHandler, FaceDeps } from './deps.ts';
import { GATE_ACTIONS } from './ids.ts';
import { openReason } from './reason-modal.actions.ts';

/** Buttons of a gate. `contentHash` is what the person saw: an approval is for that and nothing else (Spec 1.5). */

type GateActionId = (typeof GATE_ACTIONS)[keyof typeof GATE_ACTIONS];

export const GATE_HANDLERS: Record<GateActionId, ClickHandler> = {
  [GATE_ACTIONS.approve]: approve,
  [GATE_ACTIONS.approveOverride]: (deps, click) => openReason(deps, click, 'approve-override'),
  [GATE_ACTIONS.reject]: (deps, click) => openReason(deps, click, 'reject'),
};

/** A check may have failed since the card was painted: then the approver is asked for the reason after all. */
async function approve(deps: FaceDeps, click: Click): Promise<void> {
  let needsReason = false;
  await decide(deps, click, async ({ releaseId, gateId, contentHash }, context) => {
    const seen = { releaseId, gateId: gateId ?? null, contentHash: contentHash ?? null };
    try {
      return await deps.engine.approveGate({ ...seen, overrideReason: null }, context);
    } catch (error) {
      if (!(error instanceof Refusal && 'overrideReason' in error.fields)) throw error;
      needsReason = true;
      return null;
    }
  });
  if (needsReason) await openReason(deps, click, 'approve-override');
}
