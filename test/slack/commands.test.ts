import type { Release } from '../../src/domain/release.ts';
import { PermanentError } from '../../src/shared/errors.ts';
import { HOUR_MS, TENANT } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;
let release: Release;

beforeEach(async () => {
  world = await slackWorld();
});
afterEach(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

async function say(text: string, user = 'alice', channel = 'releases') {
  const ack = await world.slack.user(user).slash('/release', text, { channel });
  expect(ack).toMatchObject({ status: 200, failure: null });
  await world.settle();
}
const told = (user = 'alice') => world.told(user);
const shown = (user = 'alice') => `${told(user).text} ${JSON.stringify(told(user).blocks)}`;
const botMessages = () => world.slack.messages('releases').filter(({ fromBot }) => fromBot);

async function withRelease() {
  release = await world.create();
  await world.tick();
}
const now = () => world.release(release.id);

async function confirm(label: string, user = 'alice') {
  await world.slack.user(user).click(told(user), label);
  await world.settle();
}

async function fillModal(values: Record<string, string | Date>, user = 'alice') {
  const modal = world.slack.user(user).modal();
  if (!modal) throw new Error(`no modal: ${shown(user)}`);
  const result = await world.slack.user(user).submit(modal, values);
  await world.settle();
  return result;
}

describe('words that are no verb', () => {
  it('are answered with the nearest verb', async () => {
    await say('stauts');
    expect(shown()).toContain('/release status');
  });

  it('never act as mentions', async () => {
    await say('<!channel> `x`');
    expect(shown()).not.toContain('<!channel>');
  });

  it('that are known but cannot be used yet say so', async () => {
    await say('insights');
    expect(shown()).toContain('not available yet');
    await say('new quick');
    expect(shown()).toContain('not available yet');
  });
});

describe('help', () => {
  it('says what can be done here by the one who asks', async () => {
    await say('', 'alice');
    expect(shown('alice')).toContain('/release new');
    await say('help', 'carol');
    expect(shown('carol')).not.toContain('/release new');
  });
});

describe('looking', () => {
  beforeEach(withRelease);

  it.each(['status', 'why', 'builds', 'notes', 'history', 'list', 'list all'])(
    '%s answers the asker alone',
    async (verb) => {
      const before = botMessages().length;
      await say(verb, 'carol');
      expect(shown('carol').length).toBeGreaterThan(50);
      expect(botMessages()).toHaveLength(before);
    },
  );

  it('status shows only the buttons that the reader may use', async () => {
    await say('status', 'carol');
    expect(shown('carol')).not.toContain('release.start');
    await say('status', 'alice');
    expect(shown('alice')).toContain('release.start');
  });

  it('status --json is the status response', async () => {
    await say('status 7.0.0 --json');
    const json: unknown = JSON.parse(told().text.replace(/```/g, ''));
    expect(json).toMatchObject({
      release: { id: release.id, status: 'PENDING' },
      currentPhase: 'NOT_STARTED',
      displayText: 'Not Started',
      regression: null,
      actions: ['START'],
    });
  });

  it('finds a release by id and by either version, and says when there is none', async () => {
    for (const reference of [release.id, '7.0.0', 'v6.7.0']) {
      await say(`status ${reference}`);
      expect(shown()).toContain('Not Started');
    }
    await say('status 9.9.9');
    expect(shown()).toContain('There is no release 9.9.9');
  });

  it('asks which one when several fit, and goes on with the choice', async () => {
    const targets = [{ platform: 'ANDROID' as const, version: '8.0.0', store: null }];
    const second = await world.create({ targets });
    await say('status');
    expect(shown()).toContain('Which release?');
    const question = told();
    const choices = [...JSON.stringify(question.blocks).matchAll(/"value":"((?:[^"\\]|\\.)*)"/g)];
    const value = choices.map((match) => JSON.parse(`"${match[1]}"`)).find((text) => text.includes(second.id));
    await world.slack.user('alice').click(question, { value });
    await world.settle();
    expect(shown()).toContain('8.0.0');
    expect(shown()).not.toContain('Which release?');
  });

  it('history shows who did what', async () => {
    await say('history');
    expect(shown()).toContain('<@U01ALICE>');
  });
});

describe('acting', () => {
  beforeEach(withRelease);

  it('start shows the plan, its button does it, and the answer becomes the new status', async () => {
    await say('start');
    expect(shown()).toContain('release/7.0.0_android_6.7.0_ios');
    await confirm('Start now');
    expect((await now()).status).toBe('IN_PROGRESS');
    expect(shown()).toContain('Kickoff Running');
  });

  it('pause and resume', async () => {
    await world.tick(HOUR_MS);
    await say('pause');
    expect((await fillModal({ Reason: 'lunch' })).outcome).toBe('closed');
    expect(await now()).toMatchObject({ status: 'PAUSED', pause: { reason: 'lunch', by: 'U01ALICE' } });
    await say('resume');
    await confirm('Resume');
    expect((await now()).status).toBe('IN_PROGRESS');
  });

  it('archive by an admin, in every phase, with the reason', async () => {
    await say('archive');
    await fillModal({ Reason: 'no longer wanted' });
    expect((await now()).status).toBe('ARCHIVED');
  });

  it('an action that the phase does not offer is refused with its text before anything is asked', async () => {
    for (const verb of ['pause', 'resume', 'retry', 'skip', 'abandon-cycle', 'skip-cycles', 'approve', 'reject']) {
      await say(verb);
      expect(world.slack.user('alice').modal()).toBeNull();
      expect([verb, shown()]).toEqual([verb, expect.stringContaining('Not Started')]);
    }
  });

  it('somebody without the role is refused before anything is asked', async () => {
    for (const verb of ['start', 'archive', 'upload', 'slot add', 'new']) {
      await say(verb, 'carol');
      expect(world.slack.user('carol').modal()).toBeNull();
      expect([verb, shown('carol')]).toEqual([verb, expect.stringMatching(/you need the role/)]);
    }
  });

  it('retry runs the failed task again; skip is refused where the release needs it', async () => {
    const fault = { provider: 'GITHUB', operation: 'ensureBranch', status: 404, detail: 'no such base branch' };
    world.scm.failNext('ensureBranch', new PermanentError(fault));
    await world.tick(HOUR_MS);
    expect((await now()).cron.pauseType).toBe('TASK_FAILURE');
    await say('skip');
    await fillModal({ 'Why can it be left out?': 'no need' });
    expect(JSON.stringify(world.slack.user('alice').modal()?.blocks)).toContain('cannot be skipped');
    await say('retry');
    await confirm('Retry');
    expect((await now()).status).toBe('IN_PROGRESS');
    expect(world.scm.effects).toContainEqual(expect.stringContaining('release/7.0.0'));
  });
});

describe('slot', () => {
  beforeEach(withRelease);
  const slots = async () => (await now()).slots.map(({ at }) => at.toISOString());

  it('add, move and remove at once when all is said', async () => {
    const before = await slots();
    await say('slot add 2026-12-05 10:00');
    expect(shown()).toContain('is added');
    expect(await slots()).toEqual([...before, '2026-12-05T10:00:00.000Z']);
    await say('slot move 3 2026-12-05 11:30 7.0.0');
    expect(await slots()).toEqual([...before, '2026-12-05T11:30:00.000Z']);
    await say('slot remove 3');
    expect(await slots()).toEqual(before);
  });

  it('asks for what was not said', async () => {
    await say('slot add');
    expect((await fillModal({ slot_at: new Date('2026-12-06T10:00:00Z') })).outcome).toBe('closed');
    expect(await slots()).toContain('2026-12-06T10:00:00.000Z');
    await say('slot move');
    await fillModal({ slot_at: new Date('2026-12-01T15:00:00Z') });
    expect(await slots()).toContain('2026-12-01T15:00:00.000Z');
    await say('slot remove');
    await fillModal({});
    expect(await slots()).toHaveLength(2);
  });

  it('says under the field when the time cannot be', async () => {
    await say('slot move');
    const result = await fillModal({ slot_at: new Date('2026-11-30T15:00:00Z') });
    expect(result).toMatchObject({ outcome: 'errors', errors: { slot_at: expect.stringContaining('past') } });
  });

  it.each([
    ['slot', 'slot add 2026-12-01 14:00'],
    ['slot add 2026-13-45 14:00', 'is not a date'],
    ['slot add 2020-01-01 14:00', 'past'],
    ['slot remove 9', 'There is no slot 9'],
  ])('%s is refused plainly', async (text, words) => {
    await say(text);
    expect(shown()).toContain(words);
  });
});

describe('token', () => {
  it('is made by an admin, shown once, listed without its secret, and revoked', async () => {
    await say('token create ci releases:read,builds:write');
    const secret = /slw_[\w-]+/.exec(shown())?.[0] ?? '';
    expect(await world.engine.tokens.authenticate(secret)).toMatchObject({ name: 'ci', tenantId: TENANT });
    await say('token list');
    expect(shown()).toContain('ci');
    expect(shown()).not.toContain('slw_');
    expect(world.logs.join('')).not.toContain(secret);
    await say('token revoke ci');
    expect(await world.engine.tokens.authenticate(secret)).toBeNull();
  });

  it('is refused to others, and without scopes', async () => {
    await say('token list', 'bob');
    expect(shown('bob')).toContain('ADMIN');
    await say('token create ci');
    expect(shown()).toContain('at least one scope');
    await say('token create ci everything');
    expect(shown()).toContain('everything is no scope');
  });

  it('typed twice by a repeating Slack is made once', async () => {
    await say('token create ci releases:read');
    const delivery = world.slack.deliveries.find(({ kind }) => kind === 'command');
    const body = new URLSearchParams();
    for (const [key, value] of Object.entries(delivery?.payload ?? {})) body.set(key, String(value));
    const count = world.slack.user('alice').ephemerals().length;
    await world.slack.post(body.toString(), 'application/x-www-form-urlencoded');
    await world.settle();
    expect(world.slack.user('alice').ephemerals()).toHaveLength(count);
  });
});
