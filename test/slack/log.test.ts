import type { Release } from '../../src/domain/release.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { HOUR_MS, TENANT } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

/** Each line of the log says what it is about: the request or delivery that led to it, tenant, release and task (Spec 8.5). */

let world: SlackWorld;
let release: Release;
beforeAll(async () => {
  world = await slackWorld();
  const destination = { write: (line: string) => void world.logs.push(line) };
  world.deps.logger = createLogger({ level: 'info', destination });
  release = await world.create();
  await world.tick();
});
afterAll(() => world.close());
beforeEach(() => world.logs.splice(0));

const lines = (msg: string) =>
  world.logs.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['msg'] === msg);
const rootCard = () => {
  const [card] = world.slack.messages('releases').filter(({ metadata }) => JSON.stringify(metadata).includes(':root"'));
  if (!card) throw new Error('there is no root card');
  return card;
};
/** Slack's ids of what it sent, the newest last. */
const requests = () =>
  world.slack.deliveries.map(({ eventId, payload }) => eventId ?? (payload as { trigger_id?: string }).trigger_id);
const clicks = () => requests().filter((id) => !id?.startsWith('Ev'));

test('a refused click', async () => {
  await world.slack.user('dave').click(rootCard(), 'Start now');
  await world.settle();
  expect(lines('refused')).toEqual([
    expect.objectContaining({ requestId: clicks().at(-1), tenantId: TENANT, releaseId: release.id }),
  ]);
});

test('what the engine does because of a click, and nothing of that later', async () => {
  await world.upload(release.id, 'ANDROID');
  await world.slack.user('alice').click(rootCard(), 'Start now');
  await world.settle();
  const requestId = clicks().at(-1);
  expect(requestId).toMatch(/./);
  const ran = lines('task ran');
  expect(ran.map(({ type }) => type)).toContain('FORK_BRANCH');
  for (const { type, ...line } of ran) {
    const taskId = `${release.id}.s1.${String(type)}`;
    expect(line).toMatchObject({ requestId, tenantId: TENANT, releaseId: release.id, taskId });
  }
  world.logs.splice(0);
  await world.upload(release.id, 'IOS');
  await world.tick(HOUR_MS);
  expect(lines('task ran').length).toBeGreaterThan(0);
  expect(world.logs.join('')).not.toContain('requestId');
});

test('a file that is refused', async () => {
  const file = { name: 'app.apk', bytes: Buffer.from('no build') };
  await world.slack.user('alice').shareFile('releases', file, { threadTs: rootCard().ts });
  await world.settle();
  expect(lines('refused')).toEqual([
    expect.objectContaining({
      requestId: expect.stringMatching(/^Ev/),
      deliveryId: expect.stringMatching(/^slack-file:F/),
      tenantId: TENANT,
      releaseId: release.id,
    }),
  ]);
  expect(requests()).toContain(lines('refused')[0]?.['requestId']);
});

test('a release that cannot be advanced', async () => {
  const { releases } = world.deps.repositories;
  jest.spyOn(releases, 'load').mockRejectedValue(new Error('the database is away'));
  await world.engine.advanceDue();
  await world.persistence.connection.collection('releases').updateOne({}, { $set: { nextWakeAt: new Date(0) } });
  await world.engine.advanceDue();
  expect(lines('release could not be advanced')).toEqual([
    expect.objectContaining({ tenantId: TENANT, releaseId: release.id, level: 'error' }),
  ]);
});
