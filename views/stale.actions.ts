import { rootKey } from '../src/domain/changes/create.ts';
import { taskOccasion } from '../src/domain/changes/tasks.ts';
import type { MessageContent } from '../src/domain/message.ts';
import type { Release } from '../src/domain/release.ts';
import { findTask } from '../src/domain/tasks.ts';
import { Refusal, type RefusalCode } from '../src/shared/errors.ts';
import { answerInstead } from './answer.actions.ts';
import { type Click, contextOf, type FaceDeps } from './deps.ts';
import { refreshHome } from './home.actions.ts';
import type { ActionValue } from './ids.ts';
import { renderMessage } from './messages/index.ts';
import { showStatus } from './show.actions.ts';

/** A click on something whose state has moved on refreshes what was clicked; the refusal says what happened (Spec 6.2). */

const MOVED_ON: readonly RefusalCode[] = ['STALE', 'ACTION_NOT_AVAILABLE', 'CONFLICT'];
const FAILURES_LOOKED_BACK = 5;

export function hasMovedOn(error: unknown): boolean {
  return error instanceof Refusal && MOVED_ON.includes(error.code);
}

/** Shows the release as it is now where the click came from. What fails here is logged, the refusal is told all the same. */
export async function refreshClicked(deps: FaceDeps, click: Click, value: ActionValue): Promise<void> {
  const { asker, message, view } = click;
  try {
    if (view?.type === 'home') return await refreshHome(deps, asker.tenantId, asker.userId);
    if (message === null) return;
    const release = await deps.engine.queries.release(asker.tenantId, value.releaseId);
    if (message.ephemeral) {
      const { actor } = await contextOf(deps.engine, asker);
      return await answerInstead(deps, asker, await showStatus(deps.engine, actor, release));
    }
    await refreshMessage(deps, message, value, release);
  } catch (error) {
    deps.logger.info({ err: error, releaseId: value.releaseId }, 'a stale message could not be refreshed');
  }
}

async function refreshMessage(
  deps: FaceDeps,
  message: { channelId: string; ts: string },
  value: ActionValue,
  release: Release,
): Promise<void> {
  const content = await findLivingContent(deps, message.ts, value, release);
  if (content === null) return;
  const config = await deps.engine.queries.config(release.tenantId, release.releaseConfigId);
  const { text, blocks } = renderMessage(content, { release, config, now: deps.engine.now() });
  await deps.client.chat.update({ channel: message.channelId, ts: message.ts, text, blocks });
}

/** The living message that was clicked: one of those whose buttons name this. */
async function findLivingContent(
  deps: FaceDeps,
  ts: string,
  value: ActionValue,
  release: Release,
): Promise<MessageContent | null> {
  for (const key of livingKeys(value, release)) {
    const row = await deps.engine.queries.outboxRow(release.tenantId, key);
    if (row?.ts === ts && row.content.kind !== 'ALERT') return row.content;
  }
  return null;
}

function livingKeys(value: ActionValue, release: Release): string[] {
  const keys = [rootKey(release.id)];
  if (value.gateId) keys.push(`${release.id}:gate:${value.gateId}`);
  const task = value.taskId ? findTask(release, value.taskId) : null;
  if (task) {
    const occasion = `${release.id}:${taskOccasion(task)}`;
    keys.push(`${occasion}:confirm`);
    const last = release.failureCount;
    for (let n = last; n > Math.max(0, last - FAILURES_LOOKED_BACK); n -= 1) keys.push(`${occasion}:failed:${n}`);
  }
  const slot = release.slots.find((candidate) => candidate.id === value.slotId);
  if (slot) keys.push(`${release.id}:slot:${slot.id}:missed:${slot.at.getTime()}`);
  return keys;
}
