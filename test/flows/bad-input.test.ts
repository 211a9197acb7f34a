import { mkdirSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { SlackEphemeral } from '../../sandbox/slack/index.ts';
import { makeIpa, zipOf } from '../fixtures/build-files.ts';
import { HOUR_MS, startTestBot, type TestBot } from '../support/bot.ts';
import { buildFile, buildForm } from '../support/build-files.ts';
import { messageAbout, wordsOf } from '../support/messages.ts';
import { TENANT_ID } from '../support/outside.ts';
import { type CreatedRelease, createByModal, shareBuild } from '../support/people.ts';

/** What people and machines get wrong, at the doors of the whole bot: a clear sentence where it came from, nothing stored. */

const MAX_UPLOAD_BYTES = 200_000;
const MARKER = 'xyzzy-in-the-body';

let world: TestBot;
let release: CreatedRelease;
beforeAll(async () => {
  world = await startTestBot({ env: { SLIPWAY_MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES) } });
  const hour = (hours: number) => new Date(world.now().getTime() + hours * HOUR_MS);
  release = await createByModal(world.slack, { kickOff: hour(30), slots: [hour(50), hour(70)] });
});
afterAll(async () => {
  const { violations } = world.slack;
  await world.close();
  expect(violations).toEqual([]);
});

/** What this person alone is told next, where it stands. */
function told(name: string, act: () => Promise<unknown>): Promise<SlackEphemeral> {
  const person = world.slack.user(name);
  const known = new Set(world.slack.ephemerals(name).map((message) => message.ts));
  const next = () => world.slack.ephemerals(name).find((message) => !known.has(message.ts));
  return act().then(() => world.slack.until(next, `the answer to ${person.name}`));
}

async function storedNothing(): Promise<void> {
  const { uploads } = world.persistence.repositories;
  expect(await uploads.listByRelease(TENANT_ID, release.id)).toEqual([]);
  const directory = world.env['ARTIFACTS_DIR'] ?? '';
  mkdirSync(directory, { recursive: true });
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  expect(files.filter((entry) => entry.isFile())).toEqual([]);
}

describe('a request at the address of Slack', () => {
  const body = `command=%2Frelease&text=${MARKER}&team_id=${TENANT_ID}&user_id=U01ALICE&channel_id=C0RELEASES&trigger_id=1.2.3`;

  test.each([
    ['with a wrong signature', { secret: 'guessed' }],
    ['with a timestamp of long ago', { ageS: 400 }],
  ])('%s gets 401 and leaves no word of its body in the log', async (_, signing) => {
    const lines = world.log.length;
    const answer = await world.postToSlackAddress(body, signing);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain(MARKER);
    const logged = world.log.slice(lines);
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join('')).not.toContain(MARKER);
  });

  test('without a signature gets 401', async () => {
    const answer = await fetch(`${world.baseUrl}/slack/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    expect(answer.status).toBe(401);
  });

  test('that is larger than anything Slack sends is refused before it is all there', async () => {
    const answer = await world.postToSlackAddress(`${body}${'x'.repeat(5 * 1024 * 1024)}`, {});
    expect(answer.status).toBe(413);
    await answer.text();
    // The connection is good for the next one.
    expect((await world.postToSlackAddress(body, {})).status).toBe(200);
  });

  test('that is honest is answered', async () => {
    expect((await world.postToSlackAddress(body, {})).status).toBe(200);
  });
});

test('headers of more than 16 KiB are refused at every door', async () => {
  for (const path of ['/slack/events', '/api/v1/releases', '/healthz']) {
    const asking = connect(world.bot.port, '127.0.0.1');
    asking.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nx-long: ${'x'.repeat(17 * 1024)}\r\n\r\n`);
    expect(await text(asking)).toMatch(/^HTTP\/1\.1 431 /);
  }
});

test('an unknown verb is answered with the nearest one', async () => {
  const answer = await told('dave', () => world.slack.user('dave').slash('/release', 'staus', { channel: 'releases' }));
  expect(wordsOf(answer)).toContain('Did you mean `/release status`?');
});

describe('a click', () => {
  test('without the role is refused, naming it and who has it', async () => {
    const answer = await told('dave', () =>
      world.slack.user('dave').click(release.root, { actionId: 'release.start' }),
    );
    expect(wordsOf(answer)).toMatch(/RELEASE_PILOT.*<@U01ALICE>/);
    expect(await world.phase(release.id)).toBe('NOT_STARTED');
  });

  test('that comes twice acts once, and one on the screen of before is told what happened and by whom', async () => {
    const other = await createByModal(world.slack, {
      kickOff: new Date(world.now().getTime() + 40 * HOUR_MS),
      slots: [new Date(world.now().getTime() + 60 * HOUR_MS)],
      versions: { ANDROID: '8.0.0', IOS: '8.0.0' },
    });
    const alice = world.slack.user('alice');
    await alice.click(other.root, { actionId: 'release.start' });
    const clicked = world.slack.deliveries.findLast((delivery) => delivery.name === 'block_actions');
    await world.slack.post(
      new URLSearchParams({ payload: JSON.stringify(clicked?.payload) }).toString(),
      'application/x-www-form-urlencoded',
    );
    await world.slack.until(() => messageAbout(world.slack, other.id, 'started'), 'the start');
    await world.settle();
    const carol = await told('alice', () => alice.click(other.root, { actionId: 'release.start' }, { version: 0 }));
    expect(wordsOf(carol)).toMatch(/Stage 1 - Kickoff Running.*Last step by a person: stage started, <@U01ALICE>/s);
    const trail = await world.persistence.repositories.audit.list(TENANT_ID, other.id, { limit: 100 });
    expect(trail.filter((entry) => entry.action === 'STAGE_STARTED')).toHaveLength(1);
    await world.api('POST', `/releases/${other.id}/actions/PAUSE`, { json: {} });
    await world.api('POST', `/releases/${other.id}/actions/ARCHIVE`, { json: { reason: 'only a try' } });
  });
});

describe('a file in the thread', () => {
  const zip = (name: string, bytes: Buffer) => ({ name, bytes });
  const FILES: [string, () => Promise<{ name: string; bytes: Buffer }>, RegExp][] = [
    ['that is too big', () => buildFile('apk', { padToBytes: MAX_UPLOAD_BYTES + 1 }), /at most 200000 are taken/],
    ['that is empty', async () => zip('app.apk', Buffer.alloc(0)), /is empty/],
    ['that is renamed text', async () => zip('app.apk', Buffer.from('not a zip, not at all')), /app\.apk.*zip/],
    [
      'that is a zip bomb',
      async () =>
        zip('app.apk', await zipOf([{ name: 'AndroidManifest.xml', content: Buffer.alloc(64 * 1024 * 1024) }])),
      /bomb|no real build/,
    ],
    [
      'of another platform inside',
      async () => zip('app.apk', await makeIpa({ bundleId: 'com.acme.app', version: '7.0.0', build: '1' })),
      /AndroidManifest\.xml/,
    ],
    [
      'of another version',
      () => buildFile('apk', { version: '6.9.1' }),
      /This build is 6\.9\.1, the release is 7\.0\.0/,
    ],
  ];

  test.each(FILES)('%s is refused there, and nothing is stored', async (_, make, sentence) => {
    const file = await make();
    const answer = await told('bob', () =>
      world.slack.user('bob').shareFile('releases', file, { threadTs: release.root.ts }),
    );
    expect(answer).toMatchObject({ channel: world.channelId, threadTs: release.root.ts });
    expect(answer.text).toMatch(sentence);
    await storedNothing();
  });

  test('for a closed window is told when it opens', async () => {
    const file = await buildFile('aab');
    const answer = await told('bob', () =>
      world.slack.user('bob').shareFile('releases', file, { threadTs: release.root.ts, text: 'pre-release' }),
    );
    expect(answer.text).toContain(
      'Upload window closed for this stage/cycle. Pre-release has not begun. It opens when the pre-release gate is approved.',
    );
    await storedNothing();
  });

  test('from somebody who may not upload is refused with the role', async () => {
    const file = await buildFile('apk');
    const answer = await told('dave', () =>
      world.slack.user('dave').shareFile('releases', file, { threadTs: release.root.ts }),
    );
    expect(answer.text).toMatch(/UPLOADER/);
    await storedNothing();
  });
});

describe('a call of the API', () => {
  const status = () => `/releases/${release.id}/status`;

  test('without a token, or with a wrong one, gets 401', async () => {
    for (const token of [null, 'slw_guessed']) {
      const answer = await world.api('GET', status(), { token });
      expect(answer).toMatchObject({
        status: 401,
        body: { success: false, error: expect.stringContaining('API token') },
      });
    }
  });

  test('beyond the scope of its token gets 403, naming the scope', async () => {
    const reader = await world.token(['releases:read']);
    expect((await world.api('GET', status(), { token: reader })).status).toBe(200);
    const answer = await world.api('POST', `/releases/${release.id}/actions/PAUSE`, { token: reader, json: {} });
    expect(answer).toMatchObject({ status: 403, body: { error: expect.stringContaining('releases:write') } });
  });

  test('with the token of another tenant finds nothing, as for an id that never was', async () => {
    const stranger = { kind: 'USER', id: 'U0OTHER', roles: ['ADMIN'] } as const;
    const { secret } = await world.bot.engine.tokens.create(
      { name: 'theirs', scopes: ['releases:read', 'releases:write', 'builds:write'] },
      { tenantId: 'T0OTHER', actor: stranger, origin: 'SLACK' },
    );
    for (const path of [status(), `/releases/${release.id}`, `/releases/${release.id}/builds`]) {
      const theirs = await world.api('GET', path, { token: secret });
      const never = await world.api('GET', path.replace(release.id, 'rel_never'), { token: secret });
      expect([theirs.status, never.status]).toEqual([404, 404]);
      expect(JSON.stringify(theirs.body).replaceAll(release.id, 'rel_never')).toBe(JSON.stringify(never.body));
    }
    const act = await world.api('POST', `/releases/${release.id}/actions/START`, { token: secret, json: {} });
    expect(act.status).toBe(404);
    expect((await world.api('GET', '/releases', { token: secret })).body).toMatchObject({ releases: [] });
    expect(await world.phase(release.id)).toBe('NOT_STARTED');
  });

  test('for a closed window gets the one sentence, and nothing is stored', async () => {
    const file = await buildFile('aab');
    const form = buildForm('PRE_RELEASE', 'ANDROID', file);
    const answer = await world.api('POST', `/releases/${release.id}/builds`, { form });
    expect(answer).toMatchObject({
      status: 409,
      body: { success: false, error: 'Upload window closed for this stage/cycle' },
    });
    await storedNothing();
  });
});

test('after all this the right file is taken', async () => {
  await shareBuild(world.slack, release, 'bob', await buildFile('apk'));
  expect((await world.release(release.id)).stagedUploads).toMatchObject([{ platform: 'ANDROID', version: '7.0.0' }]);
});
