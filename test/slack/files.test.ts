import { createHash } from 'node:crypto';
import type { Release } from '../../src/domain/release.ts';
import { resumeAbandonedFiles } from '../../views/index.ts';
import { makeAab, makeApk, makeIpa } from '../fixtures/build-files.ts';
import { HOUR_MS, TENANT } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;
let release: Release;

beforeEach(async () => {
  world = await slackWorld();
  release = await world.create();
  await world.tick();
});
afterEach(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

const apk = (versionName = '7.0.0') => makeApk({ applicationId: 'com.acme.app', versionName, versionCode: 7 });
const uploads = () => world.engine.queries.uploads(TENANT, release.id);
const rootTs = () => {
  const root = world.slack.messages('releases').find(({ metadata }) => JSON.stringify(metadata).includes(':root'));
  if (!root) throw new Error('no root card');
  return root.ts;
};
type Share = Parameters<ReturnType<typeof world.slack.user>['shareFile']>;

async function share(user: string, source: Share[1], options: Share[2] = {}, channel = 'releases') {
  const shared = await world.slack.user(user).shareFile(channel, source, options);
  await world.settle();
  await world.tick();
  return shared;
}

const botTexts = () =>
  world.slack
    .messages('releases')
    .filter(({ fromBot }) => fromBot)
    .map(({ text }) => text);

describe('a file shared in the channel of a release', () => {
  it('is one upload, although Slack tells of it twice and repeats itself', async () => {
    const bytes = await apk();
    const { file } = await share('alice', { name: 'app.apk', bytes });
    const told = world.slack.deliveries.filter(({ body, payload }) => {
      const about = JSON.stringify(payload) + body;
      return about.includes(file.id) && !about.includes('message_changed');
    });
    expect(told.map(({ name }) => name).sort()).toEqual(['file_shared', 'message']);
    for (const { eventId } of told) if (eventId) await world.slack.resend(eventId);
    await world.settle();
    expect(await uploads()).toMatchObject([
      {
        stage: 'PRE_REGRESSION',
        platform: 'ANDROID',
        fileName: 'app.apk',
        version: '7.0.0',
        uploadedBy: 'U01ALICE',
        source: 'SLACK',
        sizeBytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
    ]);
    const delivery = await world.engine.deliveries.find(TENANT, `slack-file:${file.id}`);
    expect(delivery?.status).toBe('DONE');
    expect(botTexts().filter((text) => text.includes('app.apk'))).toHaveLength(1);
  });

  it('is taken from either event when it comes alone', async () => {
    await share('alice', { name: 'one.apk', bytes: await apk() }, { events: ['file_shared'] });
    await share(
      'alice',
      { name: 'two.ipa', bytes: await makeIpa({ bundleId: 'x', version: '6.7.0', build: '1' }) },
      { events: ['message'] },
    );
    expect((await uploads()).map(({ fileName }) => fileName).sort()).toEqual(['one.apk', 'two.ipa']);
  });

  it('is taken in the thread, and as a stub that only names its id', async () => {
    await share('alice', { name: 'app.apk', bytes: await apk() }, { threadTs: rootTs(), stub: true });
    expect(await uploads()).toHaveLength(1);
  });

  it('is ignored when its name is none of a build, and where no release is', async () => {
    await share('alice', { name: 'notes.pdf', bytes: 'text' });
    await world.slack.inviteBot('general');
    await share('alice', { name: 'app.apk', bytes: await apk() }, {}, 'general');
    expect(await uploads()).toEqual([]);
    expect(world.slack.user('alice').ephemerals()).toEqual([]);
  });

  it('the second one before consumption replaces the first', async () => {
    await share('alice', { name: 'old.apk', bytes: await apk() });
    await share('alice', {
      name: 'new.apk',
      bytes: Buffer.concat([await makeApk({ applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 8 })]),
    });
    const all = await uploads();
    expect(all.find(({ fileName }) => fileName === 'old.apk')?.supersededBy).toBe(
      all.find(({ fileName }) => fileName === 'new.apk')?.id,
    );
  });
});

describe('the text beside a file decides', () => {
  it('the stage, and says when that window opens', async () => {
    await share(
      'alice',
      {
        name: 'app.aab',
        bytes: await makeAab({ applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 7 }),
      },
      { text: 'the pre-release one' },
    );
    expect(await uploads()).toEqual([]);
    expect(world.told('alice').text).toContain('Upload window closed for this stage/cycle');
    expect(world.told('alice').text).toContain('It opens when the pre-release gate is approved');
  });

  it('the platform, and a file of another one is refused', async () => {
    await share('alice', { name: 'app.apk', bytes: await apk() }, { text: 'ios' });
    expect(await uploads()).toEqual([]);
    expect(world.told('alice').text).toContain('is not a build for IOS');
  });
});

describe('a file that cannot be taken is refused where it was shared, and nothing is stored', () => {
  it.each([
    ['of another version', () => apk('6.9.1'), 'This build is 6.9.1, the release is 7.0.0'],
    ['that is no build inside', async () => 'just text', 'app.apk'],
    ['that is empty', async () => '', 'empty'],
  ])('%s', async (_what, bytes, words) => {
    const { file } = await share('alice', { name: 'app.apk', bytes: await bytes() });
    expect(world.told('alice').text).toContain(words);
    expect(world.told('alice').channel).toBe('C0RELEASES');
    expect(await uploads()).toEqual([]);
    expect((await world.engine.deliveries.find(TENANT, `slack-file:${file.id}`))?.status).toBe('FAILED');
  });

  it('from somebody who may not upload', async () => {
    await share('carol', { name: 'app.apk', bytes: await apk() });
    expect(world.told('carol').text).toContain('UPLOADER');
    expect(await uploads()).toEqual([]);
  });

  it('that lies elsewhere', async () => {
    await share('alice', { name: 'app.apk', externalUrl: 'https://drive.example.com/app.apk' });
    expect(world.told('alice').text).toContain('lies elsewhere');
  });

  it('whose download breaks off again and again; used as a build afterwards it is taken', async () => {
    world.slack.faults.always('file_download', { kind: 'reset', when: 'before' });
    const { message } = await share('alice', { name: 'app.apk', bytes: await apk() });
    expect(world.told('alice').text).toContain('given up after 5 tries');
    expect(await uploads()).toEqual([]);
    world.slack.faults.clear();
    await world.slack.user('alice').messageShortcut('use_as_build', message);
    await world.settle();
    expect(await uploads()).toHaveLength(1);
  });
});

describe('several live releases in the channel', () => {
  let second: Release;
  beforeEach(async () => {
    second = await world.create({
      targets: [{ platform: 'ANDROID', version: '8.0.0', store: null }],
      kickOffDate: new Date(world.now().getTime() + 2 * HOUR_MS),
    });
    await world.tick();
  });

  it('asks once in the thread; the answer decides and stands there without buttons', async () => {
    const { message } = await share('alice', { name: 'app.apk', bytes: await apk('8.0.0') });
    expect(await uploads()).toEqual([]);
    const question = world.slack.messages('releases').filter(({ text }) => text.startsWith('Which release'));
    expect(question).toHaveLength(1);
    expect(question[0]?.threadTs).toBe(message.ts);
    if (!question[0]) return;
    await world.slack.user('alice').click(question[0], pick(question[0], second.id));
    await world.settle();
    expect(await world.engine.queries.uploads(TENANT, second.id)).toHaveLength(1);
    expect(JSON.stringify(question[0].blocks)).toContain('chose');
    expect(JSON.stringify(question[0].blocks)).not.toContain('release_picker.choose');
  });

  it('does not ask in a thread, nor where the text names the version', async () => {
    await share('alice', { name: 'app.apk', bytes: await apk() }, { threadTs: rootTs() });
    await share('alice', { name: 'app8.apk', bytes: await apk('8.0.0') }, { text: 'for 8.0.0' });
    expect(await uploads()).toHaveLength(1);
    expect(await world.engine.queries.uploads(TENANT, second.id)).toHaveLength(1);
    expect(botTexts().some((text) => text.startsWith('Which release'))).toBe(false);
  });

  it('knows whose thread it is although the process that posted the card died before it wrote that down', async () => {
    // What is stored is what the dead one left: due again after its lease, and not known to stand in Slack.
    const later = new Date(world.now().getTime() + HOUR_MS);
    const forgotten = { status: 'PENDING', ts: null, postedChannelId: null, sentAt: null, work: 'POST', workAt: later };
    const { modifiedCount } = await world.persistence.connection
      .collection('outbox')
      .updateOne({ tenantId: TENANT, key: `${release.id}:root` }, { $set: { ...forgotten, dueAt: later } });
    expect(modifiedCount).toBe(1);
    await share('alice', { name: 'app.apk', bytes: await apk() }, { threadTs: rootTs() });
    expect(await uploads()).toHaveLength(1);
    expect(botTexts().some((text) => text.startsWith('Which release'))).toBe(false);

    world.slack.faults.next('conversations.history', { kind: 'status', status: 500 });
    await share('alice', { name: 'again.apk', bytes: await apk() }, { threadTs: rootTs() });
    expect(botTexts().filter((text) => text.startsWith('Which release'))).toHaveLength(1);
  });

  it('knows whose thread it is although the card is written down only while it looks', async () => {
    const { outbox } = world.persistence.repositories;
    jest.spyOn(outbox, 'findByTs').mockResolvedValueOnce(null);
    await share('alice', { name: 'app.apk', bytes: await apk() }, { threadTs: rootTs() });
    expect(await uploads()).toHaveLength(1);
    expect(botTexts().some((text) => text.startsWith('Which release'))).toBe(false);
  });
});

function pick(message: { blocks: Record<string, unknown>[] }, releaseId: string) {
  for (const block of message.blocks) {
    const accessory = block['accessory'];
    if (typeof accessory !== 'object' || accessory === null || !('value' in accessory)) continue;
    if (String(accessory.value).includes(releaseId)) return { value: String(accessory.value) };
  }
  throw new Error(`no choice for ${releaseId}`);
}

describe('a big file', () => {
  it('has a message that is edited as it goes, and ends with version, size and SHA-256', async () => {
    const bytes = await apk();
    let now = 0;
    world.faces.now = () => {
      now += 4_000;
      return new Date(now);
    };
    const info = world.faces.files.info.bind(world.faces.files);
    world.faces.files.info = async (id) => ({ ...(await info(id)), sizeBytes: 60 * 1024 * 1024 });
    const open = world.faces.files.open.bind(world.faces.files);
    world.faces.files.open = ({ url }) => open({ url, sizeBytes: null });
    world.deps.maxUploadBytes = 100 * 1024 * 1024;
    await share('alice', { name: 'big.apk', bytes });
    const progress = world.slack.messages('releases').find(({ versions }) => versions[0]?.text.includes('Taking'));
    expect(progress?.versions.map(({ text }) => text)).toEqual([
      expect.stringMatching(/Taking `big\.apk` from Slack: 0 % of 60 MiB/),
      ...(progress?.versions.slice(1, -1).map(() => expect.stringMatching(/\d+ % of 60 MiB, .+\/s/)) ?? []),
      expect.stringContaining(createHash('sha256').update(bytes).digest('hex')),
    ]);
    expect(progress?.text).toContain('7.0.0');
  });
});

class MongoServerSelectionError extends Error {
  override readonly name = 'MongoServerSelectionError';
}

describe('a database that is away when a file comes', () => {
  const away = () => new MongoServerSelectionError('connect ECONNREFUSED');

  it('is waited for: the event is not repeated by Slack once it was answered', async () => {
    const { releases } = world.persistence.repositories;
    jest.spyOn(releases, 'listLiveInChannel').mockRejectedValueOnce(away()).mockRejectedValueOnce(away());
    await share('alice', { name: 'app.apk', bytes: await apk() }, { events: ['message'] });
    expect(world.waits).toEqual([2_000, 10_000]);
    expect(await uploads()).toHaveLength(1);
  });

  it('is told where the file was shared when it stays away; other files are passed over in silence', async () => {
    const { releases } = world.persistence.repositories;
    const spy = jest.spyOn(releases, 'listLiveInChannel').mockRejectedValue(away());
    await world.slack.user('alice').shareFile('releases', { name: 'notes.pdf', bytes: 'x' }, { events: ['message'] });
    await world.settle();
    expect(world.slack.user('alice').ephemerals()).toEqual([]);
    await world.slack.user('alice').shareFile('releases', { name: 'app.apk', bytes: 'x' }, { events: ['message'] });
    await world.settle();
    expect(world.told('alice').text).toContain('The database cannot be reached');
    spy.mockRestore();
  });
});

describe('after a crash', () => {
  it('a file whose lease ran out is taken over by the job and becomes the one upload', async () => {
    const { slack, engine } = world;
    const shared = await slack.user('alice').shareFile('general', { name: 'app.apk', bytes: await apk() });
    const payload = {
      fileId: shared.file.id,
      releaseId: release.id,
      stage: null,
      platform: null,
      userId: 'U01ALICE',
      channelId: 'C0RELEASES',
      threadTs: null,
      messageTs: null,
      source: 'SLACK',
    };
    const key = `slack-file:${shared.file.id}`;
    await slack.inviteBot('general');
    await engine.deliveries.receive({ tenantId: TENANT, key, payload }, 60_000);
    expect(await resumeAbandonedFiles(world.faces)).toBe(0);
    world.setNow(new Date(world.now().getTime() + 61_000));
    expect(await resumeAbandonedFiles(world.faces)).toBe(1);
    expect(await uploads()).toHaveLength(1);
    expect((await engine.deliveries.find(TENANT, key))?.status).toBe('DONE');
  });
});

describe('the upload modal', () => {
  async function open(text = 'upload') {
    return (await world.slack.user('alice').slash('/release', text, { channel: 'releases' })).opened();
  }

  it('takes a file for each platform', async () => {
    const modal = await open();
    const ipa = await makeIpa({ bundleId: 'com.acme.app', version: '6.7.0', build: '1' });
    const result = await world.slack.user('alice').submit(modal, {
      Files: [
        { name: 'app.apk', bytes: await apk() },
        { name: 'app.ipa', bytes: ipa },
      ],
    });
    expect(result.outcome).toBe('closed');
    await world.settle();
    expect((await uploads()).map(({ platform, source }) => `${platform} ${source}`).sort()).toEqual([
      'ANDROID MODAL',
      'IOS MODAL',
    ]);
  });

  it('says under the field what cannot be', async () => {
    const modal = await open();
    const result = await world.slack.user('alice').submit(modal, {
      Files: [
        { name: 'one.apk', bytes: await apk() },
        { name: 'two.apk', bytes: await apk() },
      ],
    });
    expect(result.outcome).toBe('errors');
    expect(result.errors).toEqual({ upload_files: 'Two files are for Android; one is expected.' });
    expect(await uploads()).toEqual([]);
  });

  it('does not open when no window is: it says when one does', async () => {
    for (const platform of ['ANDROID', 'IOS'] as const) await world.upload(release.id, platform);
    await world.tick(HOUR_MS);
    for (const platform of ['ANDROID', 'IOS'] as const) await world.upload(release.id, platform);
    await world.tick(4 * HOUR_MS);
    await world.engine.skipRemainingCycles(
      { releaseId: release.id, reason: null },
      { tenantId: TENANT, actor: await world.engine.actor(TENANT, 'U01ALICE'), origin: 'SLACK' },
    );
    await world.tick();
    await world.slack.user('alice').slash('/release', 'upload', { channel: 'releases' });
    await world.settle();
    expect(world.slack.user('alice').modal()).toBeNull();
    expect(world.told('alice').text).toContain('It opens when the pre-release gate is approved');
  });
});
