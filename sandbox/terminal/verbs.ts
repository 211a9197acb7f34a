import { stat } from 'node:fs/promises';
import type { Ack, ElementRef, FieldValue, Json, Placed, SubmitResult, Target } from '../slack/index.ts';
import { elementsOf } from '../slack/index.ts';
import { fieldLines, fieldsOf, fieldValue, findField, parsePairs } from './form.ts';
import { textOf } from './render.ts';
import type { Session } from './session.ts';

export interface Verb {
  /** How it is typed. */
  usage: string;
  help: string;
  run(session: Session, rest: string): Promise<void>;
}

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

function number(text: string, usage: string): number {
  const value = Number(text.trim());
  if (!Number.isInteger(value) || value < 1) throw new Error(`Type ${usage}`);
  return value;
}

/** What Slack tells a person when the app failed. */
export function reportFailure(session: Session, what: string, ack: Pick<Ack, 'failure'>): void {
  if (ack.failure === 'unknown_command') session.print(`${what} is not a valid command. The app's is /release.`);
  else if (ack.failure) session.print(`Slackbot: ${what} failed with the error "${ack.failure}"`);
}

function topModal(session: Session) {
  const modal = session.person.modal();
  if (!modal) throw new Error('No form is open. Forms are opened by commands and buttons, e.g. /release new');
  return modal;
}

function pressed(
  session: Session,
  text: string,
  usage: string,
): { target: Target | 'home'; placed: Placed; ref: ElementRef } {
  const numbered = session.numbers.findButton(number(text, usage));
  const placed = session.numbers.resolve(numbered);
  if (!placed) throw new Error(`[${text.trim()}] is gone: the message has changed since.`);
  const target = numbered.shown;
  return { target, placed, ref: { actionId: placed.actionId, blockId: placed.blockId } };
}

function withValue(ref: ElementRef, placed: Placed): ElementRef {
  const value = placed.element['value'];
  return typeof ref === 'string' || typeof value !== 'string' ? ref : { ...ref, value };
}

async function click(session: Session, rest: string): Promise<void> {
  const { target, placed, ref } = pressed(session, rest, 'click <number>, e.g. click 2');
  if (placed.type !== 'button') throw new Error(`That is a menu: type choose ${rest.trim()} <value>`);
  const press = async () => {
    const ack = await session.person.click(target, withValue(ref, placed));
    reportFailure(session, 'The button', ack);
  };
  const { confirm } = placed.element;
  if (!isRecord(confirm)) return press();
  const reader = session.reader();
  const answers = `${textOf(confirm['confirm'], reader)} / ${textOf(confirm['deny'], reader)}`;
  const text = textOf(confirm['text'], reader).split('\n');
  session.print(
    '',
    `? ${textOf(confirm['title'], reader)}`,
    ...text.map((line) => `  ${line}`),
    `  ${answers}: type y or n`,
  );
  session.question = { yes: press };
}

async function choose(session: Session, rest: string): Promise<void> {
  const usage = 'choose <number> <value>, e.g. choose 3 Archive';
  const [nth = '', ...words] = rest.trim().split(/\s+/);
  const { target, placed, ref } = pressed(session, nth, usage);
  if (placed.type === 'button') throw new Error(`That is a button: type click ${nth}`);
  const groups = records(placed.element['option_groups']).flatMap((group) => records(group['options']));
  const options = [...records(placed.element['options']), ...groups];
  const value = fieldValue(placed, options, words.join(' '), session.reader());
  reportFailure(session, 'The menu', await session.person.select(target, ref, value));
}

async function setField(session: Session, name: string, raw: string): Promise<void> {
  const modal = topModal(session);
  const reader = session.reader();
  const field = findField(fieldsOf(modal, reader), name, reader);
  const value: FieldValue = fieldValue(field.placed, field.options, raw, reader);
  if (field.placed.type === 'file_input') await mustExist(raw);
  await session.person.fill(modal, { [`${field.placed.blockId}.${field.placed.actionId}`]: value });
}

async function mustExist(paths: string): Promise<void> {
  for (const path of paths
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) throw new Error(`There is no file "${path}" here (${process.cwd()})`);
  }
}

/** Shows one field after it was set; the whole form is a word away. */
function showField(session: Session, name: string): void {
  const modal = session.person.modal();
  if (!modal) return;
  const reader = session.reader();
  const field = findField(fieldsOf(modal, reader), name, reader);
  session.print(...fieldLines(modal, field, reader).slice(0, 1), '(type form to see all of it)');
}

function again(session: Session): void {
  const modal = session.person.modal();
  if (modal) session.showView(modal);
}

const OUTCOMES: Record<SubmitResult['outcome'], string> = {
  closed: 'Sent.',
  cleared: 'Sent.',
  errors: 'Not taken; see the marked fields.',
  blocked: 'Not sent yet; see the marked fields.',
  updated: '',
  pushed: '',
  failed: 'Slack: We had some trouble connecting. Try again?',
};

async function submit(session: Session): Promise<void> {
  const modal = topModal(session);
  const result = await session.person.submit(modal);
  if (result.outcome === 'blocked') modal.errors = result.errors;
  if (result.outcome === 'errors' || result.outcome === 'blocked') again(session);
  if (OUTCOMES[result.outcome] !== '') session.print(OUTCOMES[result.outcome]);
  if (result.outcome === 'closed') again(session);
}

async function upload(session: Session, rest: string): Promise<void> {
  const [path = '', ...words] = rest.trim().split(/\s+/);
  if (path === '') throw new Error('Type upload <path> [text], e.g. upload ./app.apk');
  await mustExist(path);
  const modal = session.person.modal();
  const field = modal ? elementsOf(modal.blocks).find((placed) => placed.type === 'file_input') : undefined;
  if (modal && field) {
    const name = `${field.blockId}.${field.actionId}`;
    await session.person.fill(modal, { [name]: [{ name: path.split('/').at(-1) ?? path, path }] });
    return again(session);
  }
  const thread = session.threadTs ? { threadTs: session.threadTs } : {};
  const source = { name: path.split('/').at(-1) ?? path, path };
  await session.person.shareFile(session.channel, source, { text: words.join(' '), ...thread });
}

function enterThread(session: Session, rest: string): void {
  const message = session.numbers.findMessage(number(rest, 'thread <number>, e.g. thread 3'));
  const rootTs = message.threadTs ?? message.ts;
  session.channel = message.channel;
  session.threadTs = rootTs;
  for (const entry of session.slack.thread(message.channel, rootTs)) session.showMessage(entry);
}

function enterChannel(session: Session, rest: string): void {
  const channel = session.slack.channel(rest.trim());
  if (!channel.members.has(session.person.id)) throw new Error(`${session.person.name} is not in #${channel.name}`);
  session.channel = channel.id;
  session.threadTs = null;
  const roots = session.slack.messages(channel.id).filter((message) => message.threadTs === null || message.broadcast);
  for (const message of roots.slice(-10)) session.showMessage(message);
  if (roots.length === 0) session.print(`#${channel.name} is empty.`);
}

async function becomeUser(session: Session, rest: string): Promise<void> {
  session.person = session.slack.user(rest.trim());
  session.print(`You are ${session.person.name} now.`);
  session.showPrivate();
}

const HOME_PATIENCE_MS = 3_000;

async function showHome(session: Session): Promise<void> {
  const before = session.person.home();
  await session.person.openHome().catch(() => null);
  // The app publishes anew when the tab is opened: what was there before is not what the reader came for.
  if (before) await session.person.nextHome(before.hash, HOME_PATIENCE_MS).catch(() => null);
  session.showHome();
}

async function shortcut(session: Session, rest: string): Promise<void> {
  const [callbackId = '', nth] = rest.trim().split(/\s+/);
  if (callbackId === '')
    throw new Error('Type shortcut <id> [message number], e.g. shortcut new_release, or shortcut use_as_build 3');
  const ack = nth
    ? await session.person.messageShortcut(
        callbackId,
        session.numbers.findMessage(number(nth, 'shortcut <id> <message>')),
      )
    : await session.person.globalShortcut(callbackId);
  reportFailure(session, 'The shortcut', ack);
}

/** Everything that can be typed, in the order the help shows it. */
export const VERBS: Record<string, Verb> = {
  click: { usage: 'click <n>', help: 'press button [n]', run: click },
  choose: { usage: 'choose <n> <value>', help: 'choose in menu [n]', run: choose },
  set: {
    usage: 'set <n> <value>',
    help: 'fill field n of the open form (nothing after it empties the field)',
    async run(session, rest) {
      const [, nth = '', raw = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
      if (nth === '') throw new Error('Type set <number> <value>, e.g. set 1 7.0.0');
      await setField(session, nth, raw);
      showField(session, nth);
    },
  },
  fill: {
    usage: 'fill <field>=<value> ...',
    help: 'fill several fields by name, e.g. fill version=7.0.0 "Kick-off"=+10m',
    async run(session, rest) {
      for (const [name, raw] of parsePairs(rest)) await setField(session, name, raw);
      again(session);
    },
  },
  form: {
    usage: 'form',
    help: 'show the open form again',
    async run(session) {
      session.showView(topModal(session));
    },
  },
  submit: { usage: 'submit', help: 'send the open form', run: (session) => submit(session) },
  cancel: {
    usage: 'cancel',
    help: 'close the open form',
    async run(session) {
      await session.person.close(topModal(session));
      session.print('Closed.');
      again(session);
    },
  },
  upload: { usage: 'upload <path> [text]', help: 'share a file here, or put it into the open form', run: upload },
  say: {
    usage: 'say <text>',
    help: 'write a message here',
    async run(session, rest) {
      if (rest.trim() === '') throw new Error('Type say <text>');
      await session.person.say(session.channel, rest.trim(), session.threadTs ? { threadTs: session.threadTs } : {});
    },
  },
  thread: {
    usage: 'thread <n>',
    help: 'open the thread of message (n)',
    run: async (session, rest) => enterThread(session, rest),
  },
  back: {
    usage: 'back',
    help: 'leave the thread',
    async run(session) {
      session.threadTs = null;
    },
  },
  show: {
    usage: 'show <n>',
    help: 'show message (n) as it is now',
    run: async (session, rest) =>
      session.showMessage(session.numbers.findMessage(number(rest, 'show <number>, e.g. show 3'))),
  },
  home: { usage: 'home', help: "open the app's Home tab", run: (session) => showHome(session) },
  channel: {
    usage: 'channel <#name>',
    help: 'go to a channel',
    run: async (session, rest) => enterChannel(session, rest),
  },
  as: { usage: 'as <name>', help: 'act as another person', run: becomeUser },
  who: {
    usage: 'who',
    help: 'people and channels',
    async run(session) {
      const people = session.slack.users().filter((user) => !user.isBot && !user.deleted);
      const channels = session.slack.channels().filter((channel) => channel.kind !== 'im' && !channel.archived);
      session.print(`People: ${people.map((user) => `${user.name} (${user.tz})`).join(', ')}`);
      session.print(`Channels: ${channels.map((channel) => `#${channel.name}`).join(', ')}`);
    },
  },
  shortcut: {
    usage: 'shortcut <id> [n]',
    help: 'run a shortcut: new_release, or use_as_build on message (n)',
    run: shortcut,
  },
};
