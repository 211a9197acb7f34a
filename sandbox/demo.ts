import { awaitingGate, findGate, GATE_CHECK_EVERY_MS } from '../src/domain/gate-rules.ts';
import type { Release } from '../src/domain/release.ts';
import { derivePhase, nextSlot, type Phase } from '../src/domain/status.ts';
import { sampleBuild } from './extra-commands.ts';
import type { Sandbox } from './index.ts';
import type { SlackMessage } from './slack/index.ts';
import { mrkdwn, type Reader } from './terminal/index.ts';

/** Plays a whole release by itself: people act in the local Slack as they would, the clock is moved ahead. */

const PATIENCE_MS = 20_000;
const HOUR_MS = 3_600_000;
const FAR = new Date(8_640_000_000_000_000);
const VERSIONS = { apk: '7.0.0', aab: '7.0.0', ipa: '6.7.0' } as const;
const BRANCH = 'release/7.0.0_android_6.7.0_ios';

/** Resolves with the exit code: 0 only when the release ended SUBMITTED. */
export async function playDemo(sandbox: Sandbox, say: (line: string) => void): Promise<number> {
  const stopTelling = tellMessages(sandbox, say);
  try {
    const demo = createStage(sandbox, say);
    await play(demo);
    const release = await demo.release();
    say('');
    say(`The release ended ${release.status}. Branches and tags on GitHub:`);
    for (const { kind, name } of sandbox.github.effects) say(`  ${kind} ${name}`);
    return release.status === 'SUBMITTED' ? 0 : 1;
  } catch (error) {
    say(`The demo broke off: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    stopTelling();
  }
}

async function play(demo: Stage): Promise<void> {
  const { narrate } = demo;
  narrate('Alice, the release pilot, starts a release with /release new.');
  await demo.create();
  narrate('She drops the Android build into the thread, long before the kick-off.');
  await demo.drop('alice', 'apk');
  narrate('A day before the kick-off Slipway reminds the channel: the iOS build is missing.');
  await demo.skipTo('the reminder', (release) => new Date(release.kickOffDate.getTime() - 24 * HOUR_MS));
  narrate('The kick-off comes, and waits for the one missing build.');
  await demo.skipTo('kick-off', (release) => release.kickOffDate);
  await demo.reach('KICKOFF');
  narrate('Bob drops the iOS build: branch, announcement, on to regression.');
  await demo.drop('bob', 'ipa');
  await demo.reach('REGRESSION_AWAITING_NEXT_CYCLE');

  narrate('Builds for the first regression cycle are handed in ahead of its slot.');
  await demo.drop('alice', 'apk');
  await demo.drop('bob', 'ipa');
  await demo.skipTo('the first slot', (release) => nextSlot(release)?.at);
  await demo.until('RC1 done', (release) => release.cycles[0]?.status === 'DONE');
  narrate('The second slot comes, and nobody has handed in builds: one message, then Slipway waits.');
  await demo.skipTo('the second slot', (release) => nextSlot(release)?.at);
  await demo.until('RC2 waiting', (release) =>
    release.cycles[1]?.tasks.some((task) => task.status === 'AWAITING_MANUAL_BUILD'),
  );
  await demo.drop('alice', 'apk');
  await demo.drop('bob', 'ipa');
  await demo.reach('AWAITING_POST_REGRESSION');

  narrate('The gate to pre-release needs two approvals. Bob gives the first.');
  await demo.approve('bob');
  narrate('Then a developer pushes one more fix: what Bob approved is not what would ship, so his approval is void.');
  demo.push('Fix the last crash');
  await demo.until('approval void', (release) => findGate(release, 'preRelease')?.voided.length === 1);
  narrate('Both look again and approve over the failed check, with a reason.');
  await demo.approve('bob', 'Tested on both devices');
  await demo.approve('carol', 'Agreed with Bob');
  await demo.reach('POST_REGRESSION');
  narrate('The final builds: TestFlight first, then the Android bundle.');
  await demo.drop('bob', 'ipa');
  await demo.drop('alice', 'aab');
  await demo.reach('AWAITING_SUBMISSION');
  narrate('Bob approves the submission; Alice submits in the store consoles and says so.');
  await demo.approve('bob');
  await demo.confirmSubmissions('alice');
  await demo.reach('SUBMITTED');
}

type Stage = ReturnType<typeof createStage>;

function createStage(sandbox: Sandbox, say: (line: string) => void) {
  const { slack, github, bot, clock, channelId } = sandbox;
  let releaseId = '';
  let rootTs = '';

  const release = () => bot.engine.queries.release(slack.options.teamId, releaseId);
  const isTop = (message: SlackMessage) => message.fromBot && message.threadTs === null;

  /** Asks again after every change in Slack and at every tick of the bot. */
  async function until(what: string, isSo: (current: Release) => boolean | undefined): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!isSo(await release())) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The card with this button for this very content or task; an older one would be refused as stale. */
  function cardWith(actionId: string, about: string): Promise<SlackMessage> {
    const hasButton = ({ fromBot, blocks }: SlackMessage) =>
      fromBot &&
      blocks.some(
        ({ elements }) =>
          Array.isArray(elements) &&
          elements.some((element) => element.action_id === actionId && String(element.value).includes(about)),
      );
    return slack.until(() => slack.messages(channelId).findLast(hasButton), `a card with ${actionId}`);
  }

  return {
    release,
    until,
    narrate: (text: string) => say(`\n── ${text}`),
    reach: (phase: Phase) => until(phase, (current) => derivePhase(current) === phase),

    async create() {
      const alice = slack.user('alice');
      const ack = await alice.slash('/release', 'new', { channel: channelId });
      const modal = await ack.opened();
      const kickOff = new Date(Math.ceil((clock.now().getTime() + 30 * HOUR_MS) / 60_000) * 60_000);
      const sent = await alice.submit(modal, {
        'Android version': VERSIONS.apk,
        'iOS version': VERSIONS.ipa,
        'Kick-off': kickOff,
      });
      if (sent.outcome !== 'closed') throw new Error(`the form was refused: ${JSON.stringify(sent.errors)}`);
      const card = await slack.until(() => slack.messages(channelId).find(isTop), 'the release card');
      rootTs = card.ts;
      const [made] = (await bot.engine.queries.liveInChannel(slack.options.teamId, channelId)).slice(0, 1);
      if (!made) throw new Error('no release was made');
      releaseId = made.id;
    },

    async drop(person: string, kind: keyof typeof VERSIONS) {
      const version = VERSIONS[kind];
      const before = (await release()).auditSeq;
      await slack
        .user(person)
        .shareFile(
          channelId,
          { name: `app-${version}.${kind}`, bytes: await sampleBuild(kind, version) },
          { threadTs: rootTs },
        );
      const accepted = async () => {
        const trail = await bot.engine.queries.history(slack.options.teamId, releaseId, { limit: 50 });
        return trail.some((entry) => entry.seq > before && entry.action === 'BUILD_UPLOADED');
      };
      const deadline = Date.now() + PATIENCE_MS;
      while (!(await accepted())) {
        if (Date.now() > deadline) throw new Error(`the build app-${version}.${kind} was not taken`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },

    async skipTo(what: string, instant: (current: Release) => Date | undefined) {
      const at = instant(await release());
      if (!at) throw new Error(`there is no ${what} to wait for`);
      const ms = at.getTime() - clock.now().getTime();
      if (ms > 0) clock.skip(ms);
      say(`   (the clock is moved to ${what}: ${clock.now().toISOString().slice(0, 16).replace('T', ' ')} UTC)`);
      await until(what, (current) => current.updatedAt >= at);
    },

    async approve(person: string, overrideReason?: string) {
      const actionId = overrideReason ? 'gate.approve_override' : 'gate.approve';
      const before = (await release()).gates.flatMap((gate) => gate.approvals).length;
      await until('the check', (current) => Boolean(awaitingGate(current)?.contentHash));
      const card = await cardWith(actionId, awaitingGate(await release())?.contentHash ?? '');
      await slack.user(person).click(card, { actionId });
      if (overrideReason)
        await slack.user(person).submit(await slack.user(person).nextModal(), { reason: overrideReason });
      await until('the approval', (current) => current.gates.flatMap((gate) => gate.approvals).length > before);
      // The gate looks once more at what was approved before it opens or waits on.
      await until('the check', (current) => (awaitingGate(current)?.nextCheckAt ?? FAR) > clock.now());
    },

    push(message: string) {
      github.commit(BRANCH, message, 'Dana Dev');
      clock.skip(GATE_CHECK_EVERY_MS);
    },

    async confirmSubmissions(person: string) {
      const actionId = 'task.confirm_submission';
      for (const type of ['SUBMIT_TO_APP_STORE', 'SUBMIT_TO_PLAY_STORE']) {
        const card = await cardWith(actionId, type);
        await slack.user(person).click(card, { actionId });
        await until('the confirmation', (current) =>
          current.tasks.some((task) => task.type === type && task.confirmation !== null),
        );
      }
    },
  };
}

/** Prints each new message of the bot in one line, also what it tells one person alone. */
function tellMessages(sandbox: Sandbox, say: (line: string) => void): () => void {
  const told = new Set<string>();
  const nameOf = (id: string) => sandbox.slack.users().find((user) => user.id === id)?.name ?? id;
  const firstLine = (text: string) => mrkdwn(text.split('\n')[0] ?? '', readerOf(sandbox, nameOf));
  return sandbox.slack.watch((change) => {
    if (change.kind === 'ephemeral') {
      const { user, text } = change.ephemeral;
      say(`   Slipway (only to ${nameOf(user)}): ${firstLine(text)}`);
    }
    for (const message of sandbox.slack.messages(sandbox.channelId)) {
      if (told.has(message.ts)) continue;
      told.add(message.ts);
      const who = message.fromBot ? 'Slipway' : nameOf(message.user);
      const files = message.files.map((file) => `[${file.name}]`).join(' ');
      say(`   ${who}: ${[firstLine(message.text), files].filter(Boolean).join(' ')}`);
    }
  });
}

/** Who watches the demo reads it in UTC, as its narrator tells the time. */
function readerOf({ slack, clock }: Sandbox, userName: (id: string) => string): Reader {
  return {
    userName,
    channelName: (id) => slack.channels().find((channel) => channel.id === id)?.name ?? id,
    groupName: (id) => id,
    messageNumber: () => null,
    tz: 'UTC',
    now: clock.now(),
    color: false,
  };
}
