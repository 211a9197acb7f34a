import { emitPosted } from '../events.ts';
import { shareFiles, takeUpload } from '../files.ts';
import { editMessage, postMessage } from '../messages.ts';
import type { Json, SlackFile, SlackUser, SlackView } from '../types.ts';
import { dropModal, stackOf } from '../views.ts';
import { BOT_USER, directChannel, findChannel, findMessage, mintTs, until, type World } from '../world.ts';
import { type Ack, makeAck, showAckBody, unknownCommand } from './ack.ts';
import { clientFaults } from './client-checks.ts';
import {
  buttonAction,
  confirmOf,
  overflowAction,
  pickButton,
  suggestionOptions,
  suggestionPayload,
  valueAction,
} from './elements.ts';
import { findElement, isEphemeral, isView, type Target } from './find.ts';
import {
  blockActions,
  globalShortcut,
  messageShortcut,
  type Prepared,
  slashCommand,
  viewClosed,
  viewSubmission,
} from './interactions.ts';
import type { Person } from './person-types.ts';
import { emitHomeOpened, emitLinks, emitMention } from './side-events.ts';
import type { Placed } from './state.ts';
import { takeSubmissionAck } from './submission.ts';
import { typedCommand, typedMessage } from './text.ts';
import { type FieldValue, valueState } from './values.ts';

export type { Click, ClickOptions, Person, ShareOptions } from './person-types.ts';

export function createPerson(world: World, user: SlackUser): Person {
  function resolve(target: Target | 'home'): Target {
    if (target !== 'home') return target;
    const home = world.homes.get(user.id);
    if (!home) throw new Error(`${user.name} has no Home tab yet; call openHome() first`);
    return home;
  }

  function mustSee(target: Target): void {
    if (isView(target)) {
      if (target.status === 'closed') throw new Error('The modal is closed');
      if (target.user !== user.id) throw new Error(`The view is ${target.user}'s, not ${user.name}'s`);
      return;
    }
    if (target.deleted) throw new Error('The message is gone');
    if (isEphemeral(target) && target.user !== user.id) throw new Error(`Only ${target.user} sees this message`);
    enter(target.channel);
  }

  function enter(name: string) {
    const channel = findChannel(world, name);
    if (!channel.members.has(user.id)) throw new Error(`${user.name} is not in #${channel.name}`);
    if (channel.archived) throw new Error(`#${channel.name} is archived`);
    return channel;
  }

  async function interact(prepared: Prepared): Promise<Ack> {
    const { payload } = prepared;
    const { delivery } = await world.link.deliver({ kind: 'interaction', name: String(payload['type']), payload });
    return makeAck(world, prepared, delivery);
  }

  async function suggestFor(target: Target, placed: Placed, query: string): Promise<Json[]> {
    const { actions: _a, trigger_id: _t, response_url: _r, ...common } = blockActions(world, user, target, {}).payload;
    const payload = suggestionPayload(world, common, placed, query);
    const { delivery } = await world.link.deliver({ kind: 'interaction', name: 'block_suggestion', payload });
    if (delivery.status !== 200) throw new Error(`The bot gave no options: ${delivery.status ?? delivery.failure}`);
    return suggestionOptions(delivery.body);
  }

  async function setField(view: SlackView, placed: Placed, value: FieldValue): Promise<void> {
    const held = await valueState(world, user.id, placed, value, (at, query) => suggestFor(view, at, query));
    view.state[placed.blockId] = { ...view.state[placed.blockId], [placed.actionId]: held };
    const tells = placed.block['type'] !== 'input' || placed.block['dispatch_action'] === true;
    if (tells) await interact(blockActions(world, user, view, valueAction(placed, held)));
  }

  const person: Person = {
    id: user.id,
    name: user.name,

    async slash(command, text = '', where = {}) {
      const channel = enter(where.channel ?? 'general');
      const known = world.options.commands;
      if (known && !known.includes(command)) return unknownCommand();
      const prepared = slashCommand(world, user, command, typedCommand(world, text), channel.id);
      const { delivery } = await world.link.deliver({ kind: 'command', name: command, payload: prepared.payload });
      if (delivery.status === 200) showAckBody(world, prepared, delivery.body);
      return makeAck(world, prepared, delivery);
    },

    async click(target, button, options = {}) {
      const seen = resolve(target);
      mustSee(seen);
      const placed = pickButton(seen, button, options.version);
      const confirm = confirmOf(placed);
      const prepared = blockActions(world, user, seen, buttonAction(placed));
      if (confirm && options.confirm === 'deny') {
        const none: Ack = { ...unknownCommand(), failure: null };
        return { ...none, confirm, sent: false };
      }
      return { ...(await interact(prepared)), confirm, sent: true };
    },

    async select(target, ref, value) {
      const seen = resolve(target);
      mustSee(seen);
      const placed = findElement(seen.blocks, ref);
      if (placed.type === 'overflow') return interact(blockActions(world, user, seen, overflowAction(placed, value)));
      const held = await valueState(world, user.id, placed, value, (at, query) => suggestFor(seen, at, query));
      if (isView(seen)) seen.state[placed.blockId] = { ...seen.state[placed.blockId], [placed.actionId]: held };
      return interact(blockActions(world, user, seen, valueAction(placed, held)));
    },

    async fill(view, values) {
      mustSee(view);
      for (const [name, value] of Object.entries(values)) {
        const fields = findElement(view.blocks, name);
        await setField(view, fields, value);
      }
    },

    async submit(view, values = {}) {
      await person.fill(view, values);
      if (stackOf(world, user.id).at(-1) !== view) throw new Error('Only the top modal can be submitted');
      if (!view.submit) throw new Error('The modal has no submit button');
      const faults = clientFaults(view);
      if (Object.keys(faults).length > 0) {
        return { outcome: 'blocked', errors: faults, view, status: null, body: '', durationMs: 0 };
      }
      const { payload } = viewSubmission(world, user, view);
      const { delivery } = await world.link.deliver({ kind: 'interaction', name: 'view_submission', payload });
      return takeSubmissionAck(world, view, delivery);
    },

    async close(view) {
      mustSee(view);
      const payload = viewClosed(world, user, view, false);
      dropModal(world, view);
      if (view.notifyOnClose) await world.link.deliver({ kind: 'interaction', name: 'view_closed', payload });
    },

    async messageShortcut(callbackId, message) {
      mustSee(message);
      return interact(messageShortcut(world, user, callbackId, message));
    },

    globalShortcut: (callbackId) => interact(globalShortcut(world, user, callbackId)),

    async say(channelName, text, options = {}) {
      const channel = enter(channelName);
      const root = options.threadTs ? findMessage(world, channel.id, options.threadTs) : null;
      if (options.threadTs && !root) throw new Error(`No message ${options.threadTs} in #${channel.name}`);
      const message = postMessage(world, {
        channel: channel.id,
        user: user.id,
        text: typedMessage(world, text),
        threadTs: root ? (root.threadTs ?? root.ts) : null,
        broadcast: options.broadcast ?? false,
      });
      await Promise.all([emitPosted(world, message), emitMention(world, message), emitLinks(world, message)]);
      return message;
    },

    async editMessage(message, text) {
      if (message.user !== user.id) throw new Error('Only the author edits a message');
      editMessage(world, message, typedMessage(world, text), message.blocks, user.id);
      await world.events.idle();
    },

    async shareFile(channelName, source, options = {}) {
      const channel = enter(channelName);
      const sources = Array.isArray(source) ? source : [source];
      const files: SlackFile[] = [];
      for (const one of sources) {
        const file = await takeUpload(world, user.id, one);
        file.stub = options.stub ?? false;
        files.push(file);
      }
      const [file] = files;
      if (!file) throw new Error('No file was given');
      const root = options.threadTs ? findMessage(world, channel.id, options.threadTs) : null;
      if (options.threadTs && !root) throw new Error(`No message ${options.threadTs} in #${channel.name}`);
      const threadTs = root ? (root.threadTs ?? root.ts) : null;
      const text = typedMessage(world, options.text ?? '');
      const { message, deliveries } = shareFiles(
        world,
        { channel: channel.id, user: user.id, text, threadTs, files },
        options.events,
      );
      await deliveries;
      return { message, file, files };
    },

    async deleteFile(file) {
      if (file.user !== user.id) throw new Error('Only the owner deletes a file');
      file.deleted = true;
      await world.events.emit('file_deleted', { type: 'file_deleted', file_id: file.id, event_ts: mintTs(world) });
    },

    async openHome() {
      const existing = world.homes.get(user.id);
      await emitHomeOpened(world, user, existing ?? null);
      return until(world, () => world.homes.get(user.id), `the Home tab of ${user.name}`);
    },

    suggest: async (target, ref, query) => suggestFor(resolve(target), findElement(resolve(target).blocks, ref), query),
    home: () => world.homes.get(user.id) ?? null,
    modals: () => [...stackOf(world, user.id)],
    modal: () => stackOf(world, user.id).at(-1) ?? null,
    nextModal: (test = () => true, timeoutMs) =>
      until(
        world,
        () => {
          const top = stackOf(world, user.id).at(-1);
          return top && test(top) ? top : null;
        },
        `a modal for ${user.name}`,
        timeoutMs,
      ),
    nextHome: (afterHash, timeoutMs) =>
      until(
        world,
        () => {
          const home = world.homes.get(user.id);
          return home && home.hash !== afterHash ? home : null;
        },
        `a new Home tab for ${user.name}`,
        timeoutMs,
      ),
    ephemerals: (channel) =>
      world.ephemerals.filter(
        (shown) =>
          shown.user === user.id && !shown.deleted && (!channel || shown.channel === findChannel(world, channel).id),
      ),
    dm: () => directChannel(world, user.id, BOT_USER).id,
  };
  return person;
}
