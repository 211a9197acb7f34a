import type { Release } from '../domain/release.ts';
import { addToLogScope, inLogScope } from '../shared/log-scope.ts';
import { within } from '../shared/within.ts';
import { resolveActor } from './actors.ts';
import { advance, handBackNow } from './advance.ts';
import { readBacklog } from './backlog.ts';
import { createDeliveries } from './deliveries.ts';
import type { Deps } from './deps.ts';
import { checkUp } from './doctor/check-up.ts';
import type { AdvanceResult, Engine, IntentContext } from './index.ts';
import { createRelease } from './intents/create-release.ts';
import * as cycles from './intents/cycles.ts';
import * as gates from './intents/gates.ts';
import { requireRoles } from './intents/intent.ts';
import * as lifecycle from './intents/lifecycle.ts';
import { submitUpload } from './intents/submit-upload.ts';
import * as tasks from './intents/tasks.ts';
import type { HeldLease } from './lease.ts';
import { CLAIM_MS, drainRelease, giveBackNow, type HeldRow } from './outbox.ts';
import { createQueries } from './queries.ts';
import { applyRetention } from './retention.ts';
import { LONGEST_WAIT_MS } from './retry.ts';
import { createTokens } from './tokens.ts';
import { verifyIntegrations } from './verify-integrations.ts';

const DUE_BATCH = 100;
const AT_ONCE = 8;
/** a clock that goes back by less was only corrected */
const SET_BACK_MS = 60_000;
/** How long whoever recorded a fact waits to see what comes of it; the work itself goes on. */
const WAIT_FOR_OUTCOME_MS = 8_000;

type Intent<I> = (deps: Deps, input: I, context: IntentContext) => Promise<Release>;

function nameInLog(input: object, { tenantId }: IntentContext): void {
  const named = 'releaseId' in input && typeof input.releaseId === 'string' ? { releaseId: input.releaseId } : {};
  addToLogScope({ tenantId, ...named });
}

/** The engine over its dependencies. Holds nothing that another instance would need (Spec 8.7). */
export function createEngine(deps: Deps): Engine {
  const underWay = new Set<Promise<unknown>>();
  const holds = new Set<HeldLease>();
  const holdsRows = new Set<HeldRow>();
  let stopping = false;
  let lastTickAt = deps.clock.now();
  const isStopping = () => stopping;
  const { deliveries, handBackAll } = createDeliveries(deps, isStopping);

  function track<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    const done = () => underWay.delete(work);
    work.then(done, done);
    return work;
  }

  /** Work that nobody waits for: its failure is logged, the tick repeats it. */
  function inBackground(releaseId: string, what: string, work: () => Promise<unknown>): Promise<void> {
    return inLogScope({ releaseId }, () =>
      track(
        work().then(
          () => undefined,
          (error: unknown) => deps.logger.error({ err: error }, what),
        ),
      ),
    );
  }

  async function countedAdvance(releaseId: string): Promise<AdvanceResult> {
    try {
      const result = await advance(deps, releaseId, isStopping, holds);
      deps.metrics.advanced(result);
      return result;
    } catch (error) {
      deps.metrics.advanced('failed');
      throw error;
    }
  }

  async function advanceAndSend(releaseId: string): Promise<AdvanceResult> {
    const result = await countedAdvance(releaseId);
    const drain = () => drainRelease(deps, releaseId, isStopping, holdsRows);
    void inBackground(releaseId, 'outbox could not be drained', drain);
    return result;
  }

  /** The fact is stored; what follows is seen for a while, and goes on by itself where it takes longer. */
  async function follow(releaseId: string): Promise<void> {
    const work = inBackground(releaseId, 'release could not be advanced', () => advanceAndSend(releaseId));
    await within(WAIT_FOR_OUTCOME_MS, work, undefined);
  }

  function intent<I extends object>(run: Intent<I>): (input: I, context: IntentContext) => Promise<Release> {
    return async (input, context) => {
      nameInLog(input, context);
      const release = await track(run(deps, input, context));
      await follow(release.id);
      return deps.repositories.releases.get(context.tenantId, release.id);
    };
  }

  /**
   * Until when a tick looks ahead: now. Where the clock was set back since the last tick, what was to be looked at a while after
   * that time is looked at once, or it would sleep for the difference as well (Spec 7.3).
   */
  async function dueUntil(): Promise<Date> {
    const now = deps.clock.now();
    const before = lastTickAt;
    lastTickAt = now;
    if (before.getTime() - now.getTime() < SET_BACK_MS) return now;
    deps.logger.warn({ before, now }, 'the clock was set back');
    const until = new Date(before.getTime() + LONGEST_WAIT_MS);
    await deps.repositories.outbox.bringForward(now, until, CLAIM_MS);
    await deps.repositories.deliveries.bringForward(now, until, CLAIM_MS);
    return until;
  }

  async function eachAtOnce(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
    const queue = [...ids];
    const worker = async () => {
      for (let id = queue.shift(); id !== undefined && !stopping; id = queue.shift()) await work(id);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker));
  }

  return {
    createRelease: intent(createRelease),
    startRelease: intent(lifecycle.startRelease),
    pauseRelease: intent(lifecycle.pause),
    resumeRelease: intent(lifecycle.resume),
    archiveRelease: intent(lifecycle.archive),
    triggerRegression: intent(lifecycle.triggerRegression),
    approveGate: intent(gates.approve),
    rejectGate: intent(gates.reject),
    retryTask: intent(tasks.retry),
    skipTask: intent(tasks.skip),
    confirmSubmission: intent(tasks.confirm),
    abandonCycle: intent(cycles.abandon),
    skipRemainingCycles: intent(cycles.skipRemaining),
    addSlot: intent(cycles.add),
    moveSlot: intent(cycles.move),
    removeSlot: intent(cycles.remove),
    answerMissedSlot: intent(cycles.answer),
    async submitUpload(input, context) {
      nameInLog(input, context);
      const receipt = await track(submitUpload(deps, input, context));
      await follow(receipt.releaseId);
      return receipt;
    },

    advance: (releaseId) => inLogScope({ releaseId }, () => track(advanceAndSend(releaseId))),
    async advanceDue() {
      const seen = new Set<string>();
      const until = await dueUntil();
      // What stays due though it was looked at (somebody else holds it) must not hide what comes after it.
      for (let stillDue = 0; !stopping; ) {
        const due = await deps.repositories.releases.findDue(until, DUE_BATCH + stillDue);
        const fresh = due.filter((id) => !seen.has(id));
        if (fresh.length === 0) break;
        for (const id of fresh) seen.add(id);
        stillDue = due.length - fresh.length;
        await eachAtOnce(fresh, (id) => inBackground(id, 'release could not be advanced', () => advanceAndSend(id)));
      }
      return seen.size;
    },
    async drainOutbox() {
      const due = await deps.repositories.outbox.findDueReleases(deps.clock.now(), DUE_BATCH);
      let sent = 0;
      await eachAtOnce(due, (id) =>
        inBackground(id, 'outbox could not be drained', async () => {
          sent += await drainRelease(deps, id, isStopping, holdsRows);
        }),
      );
      return sent;
    },
    clockWasSetBack(byMs) {
      lastTickAt = new Date(deps.clock.now().getTime() + byMs);
    },
    applyRetention: () => track(applyRetention(deps)),
    verifyIntegrations: () => track(verifyIntegrations(deps)),
    checkUp: () => track(checkUp(deps)),
    backlog: () => readBacklog(deps),
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
    async stop(timeoutMs) {
      stopping = true;
      await within(timeoutMs, this.idle(), undefined);
      await Promise.all([
        ...[...holds].map((held) => handBackNow(deps, held)),
        ...[...holdsRows].map((held) => giveBackNow(deps, held)),
        handBackAll(),
      ]);
    },

    actor: (tenantId, userId) => resolveActor(deps, tenantId, userId),
    requireRole: (context, roles, what) => requireRoles(deps, context, roles, what),
    queries: createQueries(deps),
    tokens: createTokens(deps),
    deliveries,
    homes: {
      opened: (tenantId, userId, page) => deps.repositories.homes.opened(tenantId, userId, page, deps.clock.now()),
      takeStale: () => deps.repositories.homes.takeStale(deps.clock.now()),
    },
    now: () => deps.clock.now(),
  };
}
