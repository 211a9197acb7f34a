import type { App } from '@slack/bolt';
import { answer, answerInstead, explain } from '../views/answer.actions.ts';
import { OUT_OF_DATE } from '../views/decide.actions.ts';
import type { Asker, Click, ClickHandler, FaceDeps } from '../views/deps.ts';
import { USE_FILE, useFileFor } from '../views/file-share.actions.ts';
import { PICKER_ACTIONS, type PickValue, parsePickValue } from '../views/ids.ts';
import { registerAction } from '../views/index.ts';
import { openModal } from '../views/modal.actions.ts';
import { once } from '../views/once.actions.ts';
import { tenantOf } from '../views/payloads.actions.ts';
import { plainMessage, unknownVerb } from '../views/refusals.ts';
import { parseCommand } from './parse.ts';
import type { CommandRequest, Reply } from './request.ts';
import { LOOKING_VERBS, nearestVerb, VERBS, type VerbName, verbNamed } from './verbs.ts';

/** The command of the bot. */
export const COMMAND = '/release';

/** Buttons that go on with a command. */
export const COMMAND_ACTIONS: Readonly<Record<string, ClickHandler>> = { [PICKER_ACTIONS.choose]: goOn };

const CUT_SHORT = 'I was restarted while I did this. Look at `/release` before you ask again: it may be done.';

/** Whether a command does more than show something, so that it must not be lost. */
export function isDeed({ command, text }: { command: string; text: string }): boolean {
  const name = verbNamed(parseCommand(text).verb);
  return command === COMMAND && name !== null && !LOOKING_VERBS.has(name);
}

export function registerCommands(app: App, deps: FaceDeps): void {
  app.command(COMMAND, async ({ command, context, respond }) => {
    const tenantId = tenantOf(context);
    if (tenantId === null) return;
    const { user_id: userId, channel_id: channelId } = command;
    const asker = { tenantId, userId, channelId, threadTs: null, respond };
    await handleCommand(deps, asker, channelId, command.trigger_id, command.text);
  });
  for (const [actionId, handler] of Object.entries(COMMAND_ACTIONS)) registerAction(app, deps, actionId, handler);
}

/** One command, from its text to its answer. Never throws. */
async function handleCommand(
  deps: FaceDeps,
  asker: Asker,
  channelId: string,
  triggerId: string,
  text: string,
): Promise<void> {
  const { verb, args, flags } = parseCommand(text);
  const name = verbNamed(verb);
  if (name === null) return answer(deps, asker, unknownVerb(verb, nearestVerb(verb)));
  const { tenantId, userId, threadTs } = asker;
  await runVerb(deps, asker, triggerId, name, {
    tenantId,
    userId,
    channelId,
    threadTs,
    args,
    flags,
    releaseId: null,
  });
}

async function runVerb(
  deps: FaceDeps,
  asker: Asker,
  triggerId: string,
  name: VerbName,
  request: CommandRequest,
): Promise<void> {
  const work = async () => reply(deps, asker, triggerId, await VERBS[name](deps.engine, request));
  try {
    if (LOOKING_VERBS.has(name)) await work();
    else {
      const tell = () => answer(deps, asker, plainMessage(CUT_SHORT));
      await once(deps, asker.tenantId, triggerId, work, tell);
    }
  } catch (error) {
    await answer(deps, asker, explain(deps, error, { what: `release ${name}`, tenantId: asker.tenantId }));
  }
}

async function reply(deps: FaceDeps, asker: Asker, triggerId: string, made: Reply): Promise<void> {
  if (made.kind === 'message') await answer(deps, asker, made.rendered);
  else await openModal(deps, asker, triggerId, made.title, made.build);
}

/** The answer to "which release?": the verb goes on with it. */
async function goOn(deps: FaceDeps, click: Click): Promise<void> {
  const pick = parsePickValue(click.value);
  const { asker } = click;
  if (pick === null) return answer(deps, asker, plainMessage(OUT_OF_DATE));
  if (pick.purpose === USE_FILE) return useFileFor(deps, click, pick);
  const name = verbNamed(pick.purpose);
  if (name === null) return answer(deps, asker, plainMessage(OUT_OF_DATE));
  // The question is answered: what comes takes its place.
  const instead = { ...asker, respond: insteadOf(deps, asker) };
  await runVerb(deps, instead, click.triggerId, name, requestOf(click, pick));
}

function requestOf(click: Click, pick: PickValue): CommandRequest {
  const { tenantId, userId, channelId, threadTs } = click.asker;
  // The purpose stands in for the verb, so that everything typed after it is an argument.
  const { args, flags } = parseCommand(`${pick.purpose} ${pick.args}`);
  return { tenantId, userId, channelId: channelId ?? '', threadTs, args, flags, releaseId: pick.releaseId };
}

function insteadOf(deps: FaceDeps, asker: Asker): Asker['respond'] {
  if (asker.respond === null) return null;
  return (message) => answerInstead(deps, asker, { text: message.text ?? '', blocks: message.blocks ?? [] });
}
