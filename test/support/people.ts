import type { Slack, SlackMessage, UploadSource } from '../../sandbox/slack/index.ts';
import type { GateId } from '../../src/domain/gate.ts';
import { VERSIONS } from './build-files.ts';
import { actionsOn, keyed, keyOf, messageAbout, occasionOf, wordsOf } from './messages.ts';
import { RELEASE_CHANNEL } from './outside.ts';

/** What people do in Slack during a release, each step until the bot has said that it took it. */

export interface NewRelease {
  kickOff: Date;
  /** whole minutes; they are typed in the zone of the configuration, which must be UTC */
  slots: Date[];
  versions?: { ANDROID?: string; IOS?: string };
}

export interface CreatedRelease {
  id: string;
  root: SlackMessage;
}

/** Alice fills in the modal of `/release new`. */
export async function createByModal(slack: Slack, release: NewRelease): Promise<CreatedRelease> {
  const alice = slack.user('alice');
  const before = new Set(slack.messages(RELEASE_CHANNEL).map((message) => message.ts));
  const ack = await alice.slash('/release', 'new', { channel: RELEASE_CHANNEL });
  const opened = await ack.opened();
  // Where that takes long, the modal first asks for a moment.
  const modal = await slack.until(() => (opened.submit === null ? null : opened), 'the form');
  const { ANDROID, IOS } = { ...VERSIONS, ...release.versions };
  const sent = await alice.submit(modal, {
    'Android version': ANDROID,
    'iOS version': IOS,
    'Kick-off': release.kickOff,
    'Regression slots': release.slots.map((at) => at.toISOString().slice(0, 16).replace('T', ' ')).join('\n'),
  });
  // Updated: it is still worked on, or was refused, and then no card comes.
  if (!['closed', 'updated'].includes(sent.outcome)) throw new Error(`the form was refused: ${JSON.stringify(sent)}`);
  const root = await slack.until(
    () =>
      slack
        .messages(RELEASE_CHANNEL)
        .find((message) => !before.has(message.ts) && keyOf(message)?.endsWith(':root') === true),
    'the root card of the new release',
  );
  return { id: keyOf(root)?.replace(/:root$/, '') ?? '', root };
}

/** Shares a build in the thread or, with `where: 'channel'`, beside it; until it is announced as taken. */
export async function shareBuild(
  slack: Slack,
  release: CreatedRelease,
  person: string,
  file: UploadSource,
  where: 'thread' | 'channel' = 'thread',
  text = '',
): Promise<SlackMessage> {
  const known = new Set(announced(slack, release.id).map((message) => message.ts));
  const place = where === 'thread' ? { threadTs: release.root.ts } : {};
  await slack.user(person).shareFile(RELEASE_CHANNEL, file, { ...place, text });
  return slack.until(
    () =>
      announced(slack, release.id).find((message) => !known.has(message.ts) && wordsOf(message).includes(file.name)),
    `the word that ${file.name} was taken`,
  );
}

function announced(slack: Slack, releaseId: string): SlackMessage[] {
  return keyed(slack, releaseId).filter((message) => occasionOf(message)?.startsWith('upload:'));
}

/** Clicks the gate card, gives a reason where a check failed, and waits for the word of it. */
export async function approve(
  slack: Slack,
  release: CreatedRelease,
  gate: GateId,
  person: string,
  overrideReason?: string,
): Promise<SlackMessage> {
  const known = new Set(keyed(slack, release.id).map((message) => message.ts));
  const actionId = overrideReason === undefined ? 'gate.approve' : 'gate.approve_override';
  const card = await slack.until(() => cardWith(slack, release, `gate:${gate}`, actionId), `${actionId} on the gate`);
  const who = slack.user(person);
  await who.click(card, { actionId });
  if (overrideReason !== undefined) await who.submit(await who.nextModal(), { reason: overrideReason });
  return slack.until(
    () =>
      keyed(slack, release.id).find(
        (message) =>
          !known.has(message.ts) && new RegExp(`^gate:${gate}:approved:.*:${who.id}$`).test(occasionOf(message) ?? ''),
      ),
    `the approval of ${person}`,
  );
}

/** Says that a platform was submitted by hand; until the button is gone. */
export async function confirmSubmission(
  slack: Slack,
  release: CreatedRelease,
  task: 'SUBMIT_TO_APP_STORE' | 'SUBMIT_TO_PLAY_STORE',
  person: string,
): Promise<void> {
  const actionId = 'task.confirm_submission';
  const card = await slack.until(() => cardWith(slack, release, `s4.${task}:confirm`, actionId), `the card of ${task}`);
  await slack.user(person).click(card, { actionId });
  await slack.until(() => !actionsOn(card).includes(actionId), `${task} confirmed`);
}

/** The message of this occasion, once it has this button. */
export function cardWith(
  slack: Slack,
  release: CreatedRelease,
  occasion: string,
  actionId: string,
): SlackMessage | null {
  const card = messageAbout(slack, release.id, occasion);
  return card && actionsOn(card).includes(actionId) ? card : null;
}
