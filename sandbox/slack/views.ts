import { initialState } from './driver/state.ts';
import type { Json, SlackView } from './types.ts';
import { finishBlocks } from './wire.ts';
import { mintId, randomToken, tell, type World } from './world.ts';

/** How many modals may lie on each other. */
export const STACK_MAX = 3;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const object = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null ? (structuredClone(value) as Json) : null;

function mintHash(world: World): string {
  return `${Math.floor(world.wallNow() / 1000)}.${randomToken(4)}`;
}

export function stackOf(world: World, user: string): SlackView[] {
  const stack = world.stacks.get(user) ?? [];
  world.stacks.set(user, stack);
  return stack;
}

/** A view from the argument of views.open, push or publish; it must have been checked before. */
function createView(world: World, user: string, definition: Json, previous: SlackView | null): SlackView {
  const id = mintId(world, 'V');
  const blocks = finishBlocks(definition['blocks']);
  const view: SlackView = {
    id,
    type: definition['type'] === 'home' ? 'home' : 'modal',
    user,
    hash: mintHash(world),
    callbackId: text(definition['callback_id']),
    externalId: text(definition['external_id']),
    privateMetadata: text(definition['private_metadata']),
    title: object(definition['title']),
    submit: object(definition['submit']),
    close: object(definition['close']),
    blocks,
    clearOnClose: definition['clear_on_close'] === true,
    notifyOnClose: definition['notify_on_close'] === true,
    rootId: previous?.rootId ?? id,
    previousId: previous?.id ?? null,
    state: initialState(blocks),
    errors: {},
    versions: [structuredClone(definition)],
    status: 'open',
  };
  world.views.set(id, view);
  return view;
}

/** Replaces what a view shows; what the person typed stays where block_id and action_id stay. */
export function changeView(world: World, view: SlackView, definition: Json): void {
  const kept = view.state;
  view.hash = mintHash(world);
  view.callbackId = text(definition['callback_id']);
  view.externalId = text(definition['external_id']);
  view.privateMetadata = text(definition['private_metadata']);
  view.title = object(definition['title']);
  view.submit = object(definition['submit']);
  view.close = object(definition['close']);
  view.clearOnClose = definition['clear_on_close'] === true;
  view.notifyOnClose = definition['notify_on_close'] === true;
  view.blocks = finishBlocks(definition['blocks']);
  view.errors = {};
  view.versions.push(structuredClone(definition));
  view.state = initialState(view.blocks);
  for (const [blockId, actions] of Object.entries(view.state)) {
    for (const [actionId, value] of Object.entries(actions)) {
      const before = kept[blockId]?.[actionId];
      if (before && before['type'] === value['type']) actions[actionId] = before;
    }
  }
  tell(world, { kind: view.type === 'home' ? 'home' : 'view_changed', view });
}

export function openModal(world: World, user: string, definition: Json): SlackView {
  for (const view of stackOf(world, user)) view.status = 'closed';
  const view = createView(world, user, definition, null);
  world.stacks.set(user, [view]);
  tell(world, { kind: 'view_opened', view });
  return view;
}

export function pushModal(world: World, user: string, definition: Json): SlackView {
  const stack = stackOf(world, user);
  const view = createView(world, user, definition, stack.at(-1) ?? null);
  stack.push(view);
  tell(world, { kind: 'view_opened', view });
  return view;
}

/** Takes a modal off the stack, with those above it. */
export function dropModal(world: World, view: SlackView): void {
  const stack = stackOf(world, view.user);
  const index = stack.indexOf(view);
  if (index < 0) return;
  for (const gone of stack.splice(index)) {
    gone.status = 'closed';
    tell(world, { kind: 'view_closed', view: gone });
  }
}

export function clearModals(world: World, user: string): void {
  const root = stackOf(world, user)[0];
  if (root) dropModal(world, root);
}

export function publishHome(world: World, user: string, definition: Json): SlackView {
  const existing = world.homes.get(user);
  if (existing) {
    changeView(world, existing, definition);
    return existing;
  }
  const view = createView(world, user, definition, null);
  world.homes.set(user, view);
  tell(world, { kind: 'home', view });
  return view;
}
