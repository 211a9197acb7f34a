import { checkView } from '../block-kit/validate.ts';
import { isRecord } from '../driver/state.ts';
import type { Json, SlackView } from '../types.ts';
import { changeView, openModal, publishHome, pushModal, STACK_MAX, stackOf } from '../views.ts';
import { viewToWire } from '../wire.ts';
import { recordViolation, type Trigger, type World } from '../world.ts';
import { ApiError, badArguments, type Method, needed, structured, text } from './method.ts';

function definition(world: World, where: string, args: Json, surface: 'modal' | 'home'): Json {
  const view = structured(args, 'view', 'invalid_arguments');
  if (!isRecord(view)) throw badArguments('missing required field: view');
  const fault = checkView(view, surface, (id) => world.files.has(id));
  if (fault) {
    recordViolation(world, { where, error: fault.error, messages: fault.messages, args });
    const messages = fault.messages.map((message) => `[ERROR] ${message}`);
    throw new ApiError(fault.error, { response_metadata: { messages } });
  }
  return view;
}

/** A trigger works once, for three seconds. */
function useTrigger(world: World, args: Json): Trigger {
  const id = text(args, 'trigger_id') ?? text(args, 'interactivity_pointer');
  if (id === null) throw badArguments('missing required field: trigger_id');
  const trigger = world.triggers.get(id);
  if (!trigger) throw new ApiError('invalid_trigger_id');
  if (trigger.used) throw new ApiError('exchanged_trigger_id');
  if (world.wallNow() > trigger.expiresAt) throw new ApiError('expired_trigger_id');
  return trigger;
}

function refuseTakenExternalId(world: World, view: Json, except: SlackView | null): void {
  const wanted = view['external_id'];
  if (typeof wanted !== 'string' || wanted === '') return;
  const taken = [...world.views.values()].some(
    (other) => other !== except && other.status === 'open' && other.externalId === wanted,
  );
  if (taken) throw new ApiError('duplicate_external_id');
}

const open: Method = {
  scope: null,
  required: ['view'],
  run(world, args) {
    const trigger = useTrigger(world, args);
    const view = definition(world, 'views.open', args, 'modal');
    refuseTakenExternalId(world, view, null);
    trigger.used = true;
    trigger.opened = openModal(world, trigger.user, view);
    return { view: viewToWire(world, trigger.opened) };
  },
};

const push: Method = {
  scope: null,
  required: ['view'],
  run(world, args) {
    const trigger = useTrigger(world, args);
    const stack = stackOf(world, trigger.user);
    if (trigger.viewId === null || stack.length === 0) throw new ApiError('invalid_trigger_id');
    if (stack.length >= STACK_MAX) throw new ApiError('push_limit_reached');
    const view = definition(world, 'views.push', args, 'modal');
    refuseTakenExternalId(world, view, null);
    trigger.used = true;
    trigger.opened = pushModal(world, trigger.user, view);
    return { view: viewToWire(world, trigger.opened) };
  },
};

const update: Method = {
  scope: null,
  required: ['view'],
  run(world, args) {
    const [viewId, externalId] = [text(args, 'view_id'), text(args, 'external_id')];
    if (viewId === null && externalId === null) throw badArguments('missing required field: view_id or external_id');
    const view = [...world.views.values()].find(
      (candidate) =>
        candidate.status === 'open' &&
        candidate.type === 'modal' &&
        (viewId === null ? candidate.externalId === externalId : candidate.id === viewId),
    );
    if (!view) throw new ApiError('not_found');
    const hash = text(args, 'hash');
    if (hash !== null && hash !== view.hash) throw new ApiError('hash_conflict');
    const next = definition(world, 'views.update', args, 'modal');
    refuseTakenExternalId(world, next, view);
    changeView(world, view, next);
    return { view: viewToWire(world, view) };
  },
};

const publish: Method = {
  scope: null,
  required: ['user_id', 'view'],
  run(world, args) {
    const user = world.users.get(needed(args, 'user_id'));
    if (!user || user.isBot) throw badArguments('invalid `user_id`');
    const hash = text(args, 'hash');
    const existing = world.homes.get(user.id);
    if (hash !== null && existing && hash !== existing.hash) throw new ApiError('hash_conflict');
    const view = definition(world, 'views.publish', args, 'home');
    return { view: viewToWire(world, publishHome(world, user.id, view)) };
  },
};

export const viewMethods: Record<string, Method> = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};
