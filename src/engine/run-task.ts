import type { Change } from '../domain/change.ts';
import {
  completeTask,
  delayTask,
  failTask,
  isInterrupted,
  passOverTask,
  startTask,
  type TaskFault,
} from '../domain/changes/tasks.ts';
import type { Facts } from '../domain/decide.ts';
import { flowTask } from '../domain/flows/staged.ts';
import type { Release } from '../domain/release.ts';
import type { Task } from '../domain/task.ts';
import { findTask } from '../domain/tasks.ts';
import { NotConfiguredError, ProviderError, Refusal, TransientError } from '../shared/errors.ts';
import { inLogScope } from '../shared/log-scope.ts';
import type { TaskRunOutcome } from '../shared/metrics.ts';
import type { Deps } from './deps.ts';
import type { HeldLease } from './lease.ts';
import { shortened } from './notes.ts';
import { retryAt } from './retry.ts';
import type { TaskOutcome } from './tasks/handler.ts';
import { runHandler } from './tasks/index.ts';

/** A provider's own words may be a whole page of HTML. */
const FAULT_CHARS = 2000;

type Result = { kind: 'outcome'; outcome: TaskOutcome } | { kind: 'fault'; error: unknown };

/** Marks the task IN_PROGRESS, runs its handler, stores what came of it. After a crash it simply runs again. */
export async function runTask(deps: Deps, release: Release, task: Task, facts: Facts, held: HeldLease): Promise<void> {
  const started = await deps.repositories.releases.save(
    startTask(release, task, deps.clock.now()),
    deps.clock.now(),
    held.current,
  );
  const running = started && findTask(started, task.id);
  if (!started || !running) return;
  if (isInterrupted(task)) deps.metrics.recovered('task');
  const scope = { tenantId: release.tenantId, releaseId: release.id, taskId: task.id };
  const result = await inLogScope(scope, () => attempt(deps, started, running, facts));
  await storeResult(deps, task.id, result, held);
}

async function attempt(deps: Deps, release: Release, task: Task, facts: Facts): Promise<Result> {
  const { logger } = deps;
  try {
    const outcome = await runHandler({
      release,
      task,
      config: facts.config,
      now: deps.clock.now(),
      repositories: deps.repositories,
      scm: () => deps.scmFor(release.tenantId, facts.config.scmIntegrationId),
    });
    logger.info({ type: task.type, outcome: outcome.kind }, 'task ran');
    return { kind: 'outcome', outcome };
  } catch (error) {
    if (deps.isDatabaseError(error)) throw error;
    if (error instanceof NotConfiguredError)
      logger.info({ type: task.type, reason: error.message }, 'task is not configured');
    else if (error instanceof ProviderError) logger.warn({ type: task.type, err: error }, 'task met a fault');
    else logger.error({ type: task.type, err: error }, 'task failed by a mistake of ours');
    return { kind: 'fault', error };
  }
}

/**
 * The outcome is stored on the release as it is by then: a pause or an upload that came meanwhile is kept. What was
 * done outside is always recorded, also where the release was stopped while it was done.
 */
async function storeResult(deps: Deps, taskId: string, result: Result, held: HeldLease): Promise<void> {
  const { releases } = deps.repositories;
  while (!held.lost) {
    const stored = await releases.load(held.current.releaseId);
    if (!stored || stored.lease?.token !== held.current.token) return;
    const task = findTask(stored.release, taskId);
    if (task?.status !== 'IN_PROGRESS') return;
    const { outcome, change } = settled(stored.release, task, result, deps.clock.now());
    if (await releases.save(change, deps.clock.now(), held.current)) {
      deps.metrics.taskRan(task.type, outcome);
      return;
    }
  }
}

function settled(release: Release, task: Task, result: Result, now: Date): { outcome: TaskRunOutcome; change: Change } {
  if (result.kind === 'outcome') {
    const { outcome } = result;
    return outcome.kind === 'done'
      ? { outcome: 'done', change: completeTask(release, task, outcome, now) }
      : { outcome: 'passed-over', change: passOverTask(release, task, outcome.reason, now) };
  }
  const { error } = result;
  if (error instanceof NotConfiguredError && flowTask(task.type).optional) {
    return { outcome: 'passed-over', change: passOverTask(release, task, error.message, now) };
  }
  const described = describe(error);
  const fault = { ...described, message: shortened(described.message, FAULT_CHARS) };
  const nextTryAt = error instanceof TransientError ? retryAt(task.attempts, error.retryAfterMs, now) : null;
  return nextTryAt
    ? { outcome: 'delayed', change: delayTask(release, task, fault, nextTryAt, now) }
    : { outcome: 'failed', change: failTask(release, task, fault, now) };
}

function describe(error: unknown): TaskFault {
  if (error instanceof ProviderError) {
    const { provider, operation, detail, status } = error.fault;
    return {
      message: status === null ? detail : `${detail} (${status})`,
      source: `${provider} ${operation}`,
      transient: error instanceof TransientError,
    };
  }
  if (error instanceof NotConfiguredError || error instanceof Refusal) {
    return { message: error.message, source: null, transient: false };
  }
  const words = error instanceof Error ? error.message : String(error);
  return { message: `Slipway itself failed here: ${words}`, source: null, transient: false };
}
