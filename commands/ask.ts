import type { Gate } from '../src/domain/gate.ts';
import { awaitingGate } from '../src/domain/gate-rules.ts';
import type { Release } from '../src/domain/release.ts';
import { rolesFor } from '../src/domain/roles.ts';
import { type Action, actionsOf, derivePhase, deriveStatus } from '../src/domain/status.ts';
import type { Engine } from '../src/engine/index.ts';
import { Refusal } from '../src/shared/errors.ts';
import { ACTION_WORDS, possibleNow } from '../views/action-words.ts';
import type { ActionValue, ReasonPurpose } from '../views/ids.ts';
import { buildReason, reasonTitle } from '../views/reason-modal.actions.ts';
import { actionConfirmation } from '../views/release-card.ts';
import { type CommandRequest, contextFor, type Reply, say } from './request.ts';

/** How verbs with consequences ask back (Spec 6.1): with the plan and its button, or with a modal that wants a reason. */

/** What the action will do and the button that does it; refused where role or phase do not allow it. */
export async function askConfirmation(
  engine: Engine,
  request: CommandRequest,
  action: Action,
  release: Release,
): Promise<Reply> {
  const what = ACTION_WORDS[action];
  await engine.requireRole(await contextFor(engine, request), rolesFor(action), what);
  const now = engine.now();
  if (!actionsOf(derivePhase(release)).includes(action)) {
    const { displayText } = deriveStatus(release, now);
    throw new Refusal('ACTION_NOT_AVAILABLE', `You cannot ${what}: ${displayText}. ${possibleNow(release)}`);
  }
  return say(actionConfirmation(action, release, now));
}

export async function askReason(
  engine: Engine,
  request: CommandRequest,
  purpose: ReasonPurpose,
  shown: ActionValue,
): Promise<Reply> {
  const { channelId, threadTs } = request;
  const build = async () =>
    buildReason(engine, await contextFor(engine, request), purpose, shown, { channelId, threadTs });
  return { kind: 'modal', title: reasonTitle(purpose), build };
}

/** The gate that waits for a decision; `Refusal` with the phase's text when none does. */
export function requireGate(release: Release, now: Date): Gate {
  const gate = awaitingGate(release);
  if (gate && release.status === 'IN_PROGRESS') return gate;
  const { displayText } = deriveStatus(release, now);
  throw new Refusal('ACTION_NOT_AVAILABLE', `No gate waits for a decision: ${displayText}. ${possibleNow(release)}`);
}
