import { gateCard } from '../views/gate-card.ts';
import { requireGate } from './ask.ts';
import { contextFor, say, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `approve [release]`: shows what would be approved; its button approves exactly that. */
export const approveGate: Verb = (engine, request) =>
  withRelease(engine, request, 'approve', async (release) => {
    const gate = requireGate(release, engine.now());
    await engine.requireRole(await contextFor(engine, request), gate.policy.approvers, 'approve');
    return say(gateCard(release, gate.id, engine.now()));
  });
