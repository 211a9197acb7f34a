import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Slack } from '../slack/index.ts';
import { dim, type Reader } from './mrkdwn.ts';
import { createSession, type Session } from './session.ts';
import { reportFailure, VERBS } from './verbs.ts';

export { mrkdwn, type Reader } from './mrkdwn.ts';

/** A word of the host's own, e.g. `clock +1h`. What `run` resolves with is printed. */
export interface ExtraCommand {
  usage: string;
  help: string;
  run(rest: string, reader: Reader): Promise<string | undefined> | string | undefined;
}

export interface TerminalOptions {
  slack: Slack;
  input: Readable;
  output: Writable;
  /** Who acts at first, by name or id. */
  user: string;
  /** Where, by name or id. */
  channel: string;
  extraCommands?: Record<string, ExtraCommand>;
  /** ANSI styles; default: when the output is a terminal. */
  color?: boolean;
}

export interface Terminal {
  /** Resolves after `quit`, or at the end of the input once every line has been worked on. */
  done: Promise<void>;
  /** Works on one line as if it had been typed; resolves when the bot has acknowledged it. Never rejects. */
  run(line: string): Promise<void>;
}

const isTty = (output: Writable): boolean => 'isTTY' in output && output.isTTY === true;

function prompt(session: Session): string {
  const channel = session.slack.channels().find((candidate) => candidate.id === session.channel);
  const place = channel?.kind === 'im' ? 'direct message' : `#${channel?.name ?? ''}`;
  const thread = session.threadTs ? ' thread' : '';
  const form = session.person.modal() ? ' form' : '';
  return `${session.person.name} ${place}${thread}${form}> `;
}

/** What can be typed next, for where the person is. */
function nextSteps(session: Session): string {
  if (session.question) return 'y · n';
  if (session.person.modal()) return 'set <n> <value> · submit · cancel';
  if (session.threadTs) return 'say <text> · upload <path> · click <n> · back';
  return '/release help · click <n> · upload <path> · home · as <name> · help';
}

function helpLines(extra: Record<string, ExtraCommand>): string[] {
  const rows: [string, string][] = [
    ['/release ...', "the app's command; /release help says more"],
    ...Object.values(VERBS).map((verb): [string, string] => [verb.usage, verb.help]),
    ...Object.values(extra).map((command): [string, string] => [command.usage, command.help]),
    ['help', 'this'],
    ['quit', 'leave'],
  ];
  const width = Math.max(...rows.map(([usage]) => usage.length));
  return [
    'Buttons are numbered [n], messages (n), form fields n.',
    ...rows.map(([usage, help]) => `  ${usage.padEnd(width)}  ${help}`),
  ];
}

async function runSlash(session: Session, line: string): Promise<void> {
  const [command = '', ...words] = line.split(/\s+/);
  if (session.threadTs)
    throw new Error(`${command} is not supported in threads. Sorry! (Slack says so; type back first.)`);
  const rest = line.slice(command.length).trim();
  const ack = await session.person.slash(command, words.length === 0 ? '' : rest, { channel: session.channel });
  reportFailure(session, command, ack);
}

async function answerQuestion(session: Session, line: string): Promise<void> {
  const { question } = session;
  if (/^(y|yes)$/i.test(line)) {
    session.question = null;
    await question?.yes();
  } else if (/^(n|no)$/i.test(line)) {
    session.question = null;
    session.print('Nothing done.');
  } else {
    session.print('Type y or n.');
  }
}

async function runLine(session: Session, line: string, extra: Record<string, ExtraCommand>): Promise<void> {
  if (session.question) return answerQuestion(session, line);
  if (line.startsWith('/')) return runSlash(session, line);
  const [word = '', ...rest] = line.split(' ');
  const text = rest.join(' ');
  if (word === 'quit' || word === 'exit') {
    session.quit = true;
    return;
  }
  if (word === 'help') return session.print(...helpLines(extra));
  const own = Object.hasOwn(extra, word) ? extra[word] : undefined;
  if (own) {
    const said = await own.run(text, session.reader());
    if (said) session.print(said);
    return;
  }
  const verb = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
  if (!verb) throw new Error(`"${word}" is nothing I know. To write it as a message, type: say ${line}`);
  await verb.run(session, text);
}

/** Lets a person act in the local Slack by typing; shows what happens as it happens. */
export function startTerminal(options: TerminalOptions): Terminal {
  const { slack, input, output } = options;
  const tty = isTty(output);
  const extra = options.extraCommands ?? {};
  const lines = createInterface({ input, output: tty ? output : undefined, terminal: tty } as Parameters<
    typeof createInterface
  >[0]);

  let closed = false;
  lines.on('close', () => {
    closed = true;
  });

  function write(text: string[]): void {
    if (tty) output.write('\r\u001b[K');
    output.write(`${text.join('\n')}\n`);
    if (!tty || closed) return;
    lines.setPrompt(prompt(session));
    lines.prompt(true);
  }
  const color = options.color ?? tty;
  const session = createSession({ slack, user: options.user, channel: options.channel, color, write });
  const stopWatching = slack.watch((change) => session.onChange(change));
  let lastHint = '';
  let queue = Promise.resolve();

  function hint(): void {
    const steps = nextSteps(session);
    if (steps !== lastHint && !session.quit) session.print(dim(`next: ${steps}`, color));
    lastHint = steps;
  }

  async function work(raw: string): Promise<void> {
    const line = raw.trim();
    if (session.quit) return;
    try {
      if (line !== '') await runLine(session, line, extra);
    } catch (error) {
      session.print(error instanceof Error ? error.message : String(error));
    }
    hint();
    lines.setPrompt(prompt(session));
    if (session.quit) lines.close();
    else if (tty && !closed) lines.prompt();
  }

  /** Lines are worked on one after the other, in the order they came. */
  function run(line: string): Promise<void> {
    queue = queue.then(() => work(line));
    return queue;
  }

  const done = new Promise<void>((resolve) => {
    lines.on('line', (line) => void run(line));
    lines.on('close', () => {
      void queue.then(() => {
        stopWatching();
        resolve();
      });
    });
  });

  lines.setPrompt(prompt(session));
  session.print(
    `You are ${session.person.name} in #${slack.channel(options.channel).name}. Type help to see what you can do.`,
  );
  hint();
  return { done, run };
}
