import type { Release } from '../domain/release.ts';
import { deriveStatus } from '../domain/status.ts';
import type { Engine, IntentContext } from '../engine/index.ts';
import { Refusal } from '../shared/errors.ts';
import { ActionAnswer } from './answers.ts';
import type { Answer, AnyEndpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import type { ActionInput, ApiAction } from './inputs.ts';
import { ActionBody, API_ACTIONS } from './inputs.ts';
import { HttpProblem } from './problems.ts';

/** `POST /api/v1/releases/{id}/actions/{action}` (Spec 2.3, 8.4): every action is one intent of the engine. */

type Act = (engine: Engine, releaseId: string, input: ActionInput, context: IntentContext) => Promise<Release>;

const reasonOf = (input: ActionInput) => input.reason ?? null;

const ACTS: Record<ApiAction, Act> = {
  START: (engine, releaseId, input, context) =>
    engine.startRelease({ releaseId, freezeOverrideReason: input.freezeOverrideReason ?? null }, context),
  PAUSE: (engine, releaseId, input, context) => engine.pauseRelease({ releaseId, reason: reasonOf(input) }, context),
  RESUME: (engine, releaseId, _, context) => engine.resumeRelease({ releaseId }, context),
  ARCHIVE: (engine, releaseId, input, context) =>
    engine.archiveRelease({ releaseId, reason: reasonOf(input) }, context),
  TRIGGER_STAGE_2: (engine, releaseId, _, context) => engine.triggerRegression({ releaseId }, context),
  TRIGGER_STAGE_3: (engine, releaseId, input, context) =>
    engine.approveGate({ releaseId, gateId: 'preRelease', ...approvalOf(input) }, context),
  TRIGGER_STAGE_4: (engine, releaseId, input, context) =>
    engine.approveGate({ releaseId, gateId: 'submission', ...approvalOf(input) }, context),
  APPROVE: (engine, releaseId, input, context) =>
    engine.approveGate({ releaseId, gateId: null, ...approvalOf(input) }, context),
  REJECT: (engine, releaseId, input, context) =>
    engine.rejectGate(
      { releaseId, gateId: null, contentHash: input.contentHash ?? null, reason: needed(input, 'reason') },
      context,
    ),
  ABANDON_CYCLE: (engine, releaseId, input, context) =>
    engine.abandonCycle({ releaseId, cycleNumber: input.cycle ?? null, reason: reasonOf(input) }, context),
  SKIP_REMAINING_CYCLES: (engine, releaseId, input, context) =>
    engine.skipRemainingCycles({ releaseId, reason: reasonOf(input) }, context),
  RETRY_TASK: (engine, releaseId, input, context) =>
    engine.retryTask({ releaseId, taskId: input.taskId ?? null }, context),
  SKIP_TASK: (engine, releaseId, input, context) =>
    engine.skipTask({ releaseId, taskId: input.taskId ?? null, reason: needed(input, 'reason') }, context),
  CONFIRM_SUBMISSION: (engine, releaseId, input, context) =>
    engine.confirmSubmission({ releaseId, platform: input.platform ?? null }, context),
  SLOT_ADD: (engine, releaseId, input, context) => engine.addSlot({ releaseId, at: needed(input, 'at') }, context),
  SLOT_MOVE: (engine, releaseId, input, context) =>
    engine.moveSlot({ releaseId, slot: needed(input, 'slot'), at: needed(input, 'at') }, context),
  SLOT_REMOVE: (engine, releaseId, input, context) =>
    engine.removeSlot({ releaseId, slot: needed(input, 'slot') }, context),
  ANSWER_MISSED_SLOT: (engine, releaseId, input, context) =>
    engine.answerMissedSlot({ releaseId, slotId: needed(input, 'slot'), answer: needed(input, 'answer') }, context),
};

/** What each action leaves in the audit trail, by which it is found again after a crash. */
const TRAIL: Record<ApiAction, { action: string; subject?: string }> = {
  START: { action: 'STAGE_STARTED', subject: 'stage1' },
  PAUSE: { action: 'RELEASE_PAUSED' },
  RESUME: { action: 'RELEASE_RESUMED' },
  ARCHIVE: { action: 'RELEASE_ARCHIVED' },
  TRIGGER_STAGE_2: { action: 'STAGE_STARTED', subject: 'stage2' },
  TRIGGER_STAGE_3: { action: 'GATE_APPROVED', subject: 'preRelease' },
  TRIGGER_STAGE_4: { action: 'GATE_APPROVED', subject: 'submission' },
  APPROVE: { action: 'GATE_APPROVED' },
  REJECT: { action: 'GATE_REJECTED' },
  ABANDON_CYCLE: { action: 'CYCLE_ABANDONED' },
  SKIP_REMAINING_CYCLES: { action: 'CYCLES_SKIPPED' },
  RETRY_TASK: { action: 'TASK_RETRIED' },
  SKIP_TASK: { action: 'TASK_SKIPPED' },
  CONFIRM_SUBMISSION: { action: 'SUBMISSION_CONFIRMED' },
  SLOT_ADD: { action: 'SLOT_ADDED' },
  SLOT_MOVE: { action: 'SLOT_MOVED' },
  SLOT_REMOVE: { action: 'SLOT_REMOVED' },
  ANSWER_MISSED_SLOT: { action: 'MISSED_SLOT_ANSWERED' },
};

export function actionEndpoints(engine: Engine, now: () => Date): AnyEndpoint[] {
  const done = (release: Release): Answer => ({
    status: 200,
    body: { success: true, status: deriveStatus(release, now()) },
  });
  return [
    endpoint({
      method: 'post',
      path: '/api/v1/releases/{id}/actions/{action}',
      summary: `Does one of ${API_ACTIONS.join(', ')}; lower case and hyphens will do`,
      scope: 'releases:write',
      body: ActionBody,
      answer: { status: 200, schema: ActionAnswer },
      idempotent: true,
      async handle({ caller, params, body }) {
        const action = parseAction(params['action'] ?? '');
        return done(await ACTS[action](engine, params['id'] ?? '', body, caller.context));
      },
      async recover({ caller, params }, { since }) {
        const action = parseAction(params['action'] ?? '');
        const release = await engine.queries.release(caller.context.tenantId, params['id'] ?? '');
        const entries = await engine.queries.history(release.tenantId, release.id, { limit: 100 });
        const trail = TRAIL[action];
        const wasDone = entries.some(
          (entry) =>
            entry.at >= since &&
            entry.actor === caller.context.actor.id &&
            entry.action === trail.action &&
            (trail.subject === undefined || entry.subject === trail.subject),
        );
        return wasDone ? done(release) : null;
      },
    }),
  ];
}

function parseAction(text: string): ApiAction {
  const wanted = text.toUpperCase().replaceAll('-', '_');
  const action = API_ACTIONS.find((known) => known === wanted);
  if (!action)
    throw new HttpProblem(404, `There is no action "${text.slice(0, 50)}". Known: ${API_ACTIONS.join(', ')}.`);
  return action;
}

function approvalOf(input: ActionInput): { contentHash: string | null; overrideReason: string | null } {
  return { contentHash: input.contentHash ?? null, overrideReason: input.overrideReason ?? null };
}

function needed<K extends keyof ActionInput>(input: ActionInput, field: K): NonNullable<ActionInput[K]> {
  const value = input[field];
  if (value === undefined || value === null) {
    throw new Refusal('INVALID_INPUT', `This action needs "${field}".`, { [field]: 'is missing' });
  }
  return value;
}
