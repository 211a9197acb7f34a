import { gateCard } from '../views/gate-card.ts';
import { requireNotApproved } from '../views/reason-checks.actions.ts';
import { requireGate } from './ask.ts';
import { contextFor, say, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `approve [release]`: shows what would be approved; its button approves exactly that. */
export const approveGate: Verb = (engine, request) =>
  withRelease(engine, request, 'approve', async (release) => {
    const gate = requireGate(release, engine.now());
    const context = await contextFor(engine, request);
    await engine.requireRole(context, gate.policy.approvers, 'approve');
    requireNotApproved(gate, context.actor.id);
    return say(gateCard(release, gate.id, engine.now()));
  });
