import { DateTime } from 'luxon';
import type { Change, Person, Slack, SlackEphemeral, SlackMessage, SlackView } from '../slack/index.ts';
import { renderForm } from './form.ts';
import { dim, type Reader } from './mrkdwn.ts';
import { createNumbers, type Numbers, type Shown } from './numbers.ts';
import { renderBlocks, renderGroups } from './render.ts';

/** Where the person is, and what has been put on the screen. */
export interface Session {
  slack: Slack;
  numbers: Numbers;
  /** Who acts now. */
  person: Person;
  channel: string;
  /** Root of the thread that is open, or null. */
  threadTs: string | null;
  /** A question that waits for y or n. */
  question: { yes: () => Promise<void> } | null;
  quit: boolean;
  print(...lines: string[]): void;
  reader(): Reader;
  showMessage(message: SlackMessage, all?: boolean): void;
  showView(view: SlackView): void;
  showHome(): void;
  /** What only this person sees and has not been shown yet. */
  showPrivate(): void;
  onChange(change: Change): void;
}

export interface SessionOptions {
  slack: Slack;
  user: string;
  channel: string;
  color: boolean;
  write(lines: string[]): void;
}

export function createSession(options: SessionOptions): Session {
  const { slack } = options;
  const numbers = createNumbers();
  /** What stands on the screen, each block as one text. */
  const printed = new Map<Shown, string[]>();
  const kept: (SlackMessage | SlackEphemeral)[] = [];

  function reader(): Reader {
    const users = slack.users();
    const me = users.find((user) => user.id === session.person.id);
    return {
      userName: (id) => users.find((user) => user.id === id)?.name ?? id,
      channelName: (id) => slack.channels().find((channel) => channel.id === id)?.name ?? id,
      messageNumber(channel, ts) {
        const message = slack.channels().some(({ id }) => id === channel) ? slack.message(channel, ts) : null;
        return message ? numbers.message(message) : null;
      },
      groupName: (id) => slack.userGroups().find((group) => group.id === id)?.handle ?? id,
      tz: me?.tz ?? 'UTC',
      now: slack.now(),
      color: options.color,
    };
  }

  const numbering = (shown: Shown) => (placed: Parameters<Numbers['button']>[1]) => numbers.button(shown, placed);

  function place(channelId: string): string {
    const channel = slack.channels().find((candidate) => candidate.id === channelId);
    return channel?.kind === 'im' ? 'direct message' : `#${channel?.name ?? channelId}`;
  }

  function time(ts: string): string {
    return DateTime.fromSeconds(Number(ts), { zone: reader().tz }).toFormat('HH:mm');
  }

  function content(shown: SlackMessage | SlackEphemeral): string[][] {
    const groups = renderGroups(shown.blocks, shown.text, reader(), numbering(shown));
    const files = 'files' in shown ? shown.files.map((file) => [`[file: ${file.name}, ${file.sizeBytes} bytes]`]) : [];
    return [...groups.filter((lines) => lines.join('') !== '' || shown.blocks.length > 0), ...files];
  }

  /** An edit shows only the blocks that are new. */
  function news(shown: Shown, groups: string[][], all: boolean): string[] {
    const before = printed.get(shown);
    printed.set(
      shown,
      groups.map((lines) => lines.join('\n')),
    );
    if (all || !before) return groups.flat();
    const added = groups.filter((lines) => !before.includes(lines.join('\n')));
    return added.length > 0 ? added.flat() : [dim('(nothing new in it)', options.color)];
  }

  function header(message: SlackMessage, edited: boolean): string {
    const name = reader().userName(message.user);
    const root = message.threadTs ? slack.message(message.channel, message.threadTs) : null;
    const inThread = root ? ` ↳ in thread of (${numbers.message(root)})` : '';
    const broadcast = message.broadcast ? ', also to the channel' : '';
    const change = edited ? ' changed' : '';
    return `(${numbers.message(message)})${change} ${place(message.channel)} ${name} ${time(message.ts)}${inThread}${broadcast}`;
  }

  function mayRead(channelId: string): boolean {
    return slack.channels().some((channel) => channel.id === channelId && channel.members.has(session.person.id));
  }

  function isPrivate(channelId: string): boolean {
    return slack.channels().find((channel) => channel.id === channelId)?.kind === 'im';
  }

  function showEphemeral(shown: SlackEphemeral, edited: boolean): void {
    const title = `(only you, ${place(shown.channel)}${edited ? ', changed' : ''})`;
    session.print('', title, ...news(shown, content(shown), !edited).map((line) => `  ${line}`));
  }

  const session: Session = {
    slack,
    numbers,
    person: slack.user(options.user),
    channel: slack.channel(options.channel).id,
    threadTs: null,
    question: null,
    quit: false,
    print: (...lines) => options.write(lines),
    reader,

    showMessage(message, all = true) {
      const edited = !all && printed.has(message);
      const indent = message.threadTs ? '    ' : '  ';
      const lines = news(message, content(message), all).map((line) => indent + line);
      session.print('', dim(header(message, edited), options.color), ...lines);
    },

    showView(view) {
      session.print('', ...renderForm(view, reader(), numbering(view)));
    },

    showHome() {
      const home = session.person.home();
      if (!home) return session.print('The app has published no Home tab yet.');
      const lines = renderBlocks(home.blocks, '', reader(), numbering(home));
      session.print('', `⌂ Home of ${session.person.name}`, ...lines.map((line) => `  ${line}`));
    },

    showPrivate() {
      for (const shown of kept.splice(0)) {
        if (shown.deleted) continue;
        if ('source' in shown && shown.user === session.person.id) showEphemeral(shown, false);
        else if (!('source' in shown) && mayRead(shown.channel)) session.showMessage(shown);
        else kept.push(shown);
      }
      const modal = session.person.modal();
      if (modal) session.showView(modal);
    },

    onChange(change) {
      switch (change.kind) {
        case 'message':
          if (mayRead(change.message.channel)) return session.showMessage(change.message);
          kept.push(change.message);
          if (isPrivate(change.message.channel)) {
            const members = [...slack.channel(change.message.channel).members].filter((id) => id !== slack.botUserId);
            const names = members.map((id) => reader().userName(id)).join(', ');
            session.print(dim(`(${names} has a direct message; type: as ${names})`, options.color));
          }
          return;
        case 'message_changed':
          if (mayRead(change.message.channel)) session.showMessage(change.message, false);
          return;
        case 'message_deleted':
          if (printed.has(change.message))
            session.print(dim(`(${numbers.message(change.message)}) was deleted`, options.color));
          return;
        case 'ephemeral':
        case 'ephemeral_changed': {
          const { ephemeral } = change;
          if (ephemeral.user === session.person.id)
            return showEphemeral(ephemeral, change.kind === 'ephemeral_changed');
          const name = reader().userName(ephemeral.user);
          if (!kept.includes(ephemeral)) kept.push(ephemeral);
          session.print(dim(`(only ${name} sees a message; type: as ${name})`, options.color));
          return;
        }
        case 'view_opened':
        case 'view_changed':
          if (change.view.user === session.person.id) session.showView(change.view);
          return;
        case 'violation': {
          const { where, error, messages } = change.violation;
          session.print(`Slack refused ${where}: ${error} ${messages.join('; ')}`);
          return;
        }
        case 'ephemeral_deleted':
        case 'view_closed':
        case 'home':
        case 'file':
        case 'call':
        case 'delivery':
        case 'other':
          return;
      }
    },
  };
  return session;
}
