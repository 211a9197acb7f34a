import { checkView } from '../block-kit/validate.ts';
import type { Delivery, Json, SlackView } from '../types.ts';
import { changeView, clearModals, dropModal, pushModal, STACK_MAX, stackOf } from '../views.ts';
import { recordViolation, type World } from '../world.ts';
import { isRecord } from './state.ts';

/**
 * What a submission came to. `blocked`: Slack's own client refused it, nothing was sent. `failed`: the bot did not
 * answer 200 in time, or answered something Slack does not understand; the modal stays with a connection error.
 */
export interface SubmitResult {
  outcome: 'closed' | 'errors' | 'updated' | 'pushed' | 'cleared' | 'failed' | 'blocked';
  /** By block_id. */
  errors: Record<string, string>;
  /** The modal on top afterwards, or null. */
  view: SlackView | null;
  status: number | null;
  body: string;
  durationMs: number;
}

function refuse(world: World, message: string, args: Json): 'failed' {
  recordViolation(world, { where: 'view_submission ack', error: 'invalid_response', messages: [message], args });
  return 'failed';
}

function takeErrors(world: World, view: SlackView, body: Json): SubmitResult['outcome'] {
  const { errors } = body;
  if (!isRecord(errors) || Object.keys(errors).length === 0) return refuse(world, 'errors must be an object', body);
  const inputs = view.blocks.filter((block) => block['type'] === 'input').map((block) => block['block_id']);
  const stray = Object.keys(errors).find((blockId) => !inputs.includes(blockId));
  if (stray) return refuse(world, `errors names "${stray}", which is no input block of the view`, body);
  view.errors = Object.fromEntries(Object.entries(errors).map(([blockId, text]) => [blockId, String(text)]));
  return 'errors';
}

function takeView(world: World, view: SlackView, body: Json, push: boolean): SubmitResult['outcome'] {
  const next = body['view'];
  const fault = checkView(next, 'modal', (id) => world.files.has(id));
  if (fault || !isRecord(next)) {
    recordViolation(world, {
      where: 'view_submission ack',
      error: 'invalid_arguments',
      messages: fault?.messages ?? [],
      args: body,
    });
    return 'failed';
  }
  if (!push) {
    changeView(world, view, next);
    return 'updated';
  }
  if (stackOf(world, view.user).length >= STACK_MAX) return refuse(world, 'push_limit_reached', body);
  pushModal(world, view.user, next);
  return 'pushed';
}

function apply(world: World, view: SlackView, text: string): SubmitResult['outcome'] {
  if (text.trim() === '') {
    dropModal(world, view);
    return 'closed';
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuse(world, 'the acknowledgement is not JSON', { body: text });
  }
  if (!isRecord(body)) return refuse(world, 'the acknowledgement is not an object', { body: text });
  switch (body['response_action']) {
    case 'errors':
      return takeErrors(world, view, body);
    case 'update':
      return takeView(world, view, body, false);
    case 'push':
      return takeView(world, view, body, true);
    case 'clear':
      clearModals(world, view.user);
      return 'cleared';
    default:
      return refuse(world, `unknown response_action ${String(body['response_action'])}`, body);
  }
}

/** Carries out what the bot answered to a view_submission. */
export function takeSubmissionAck(world: World, view: SlackView, delivery: Delivery): SubmitResult {
  view.errors = {};
  const outcome = delivery.status === 200 ? apply(world, view, delivery.body) : 'failed';
  return {
    outcome,
    errors: view.errors,
    view: stackOf(world, view.user).at(-1) ?? null,
    status: delivery.status,
    body: delivery.body,
    durationMs: delivery.durationMs,
  };
}
