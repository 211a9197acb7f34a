import type { BSON, Db, Document, IndexDescription } from 'mongodb';
import { HOUR_MS, MINUTE_MS, startTestBot, type TestBot } from '../support/bot.ts';
import { buildFile, buildForm } from '../support/build-files.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type DatabaseCommand, type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { approve, type CreatedRelease, createByModal, shareBuild } from '../support/people.ts';

/**
 * Spec 8.2, from outside: everything that a running bot asks of its database on its way through ticks, status, App Home and
 * uploads (Agenda's own searches among it) is recorded on the wire, and the server is asked how it would run each.
 */

let world: TestBot;
let proxy: DatabaseProxy;
let empty: TestDatabase;
let release: CreatedRelease;
/** what is being done now, and what was asked meanwhile */
let path = '';
const asked = new Map<string, DatabaseCommand[]>();
let heard: (command: DatabaseCommand) => void = () => {};

beforeAll(async () => {
  empty = await testDatabase();
  world = await startTestBot({
    env: { SLIPWAY_TICK_SECONDS: '1' },
    async databaseUri(straight) {
      proxy = await startDatabaseProxy(straight);
      return proxy.uri;
    },
  });
  proxy.intercept = (command) => {
    asked.set(path, [...(asked.get(path) ?? []), command]);
    heard(command);
    return 'pass';
  };
});
afterAll(async () => {
  await world.close();
  await proxy.close();
  await empty.close();
});

const at = (hours: number) => new Date(new Date('2026-12-01T08:00:00Z').getTime() + hours * HOUR_MS);
const searchesFor = (collection: string, text: string) => (command: DatabaseCommand) =>
  command.collection === collection && JSON.stringify(command.body).includes(text);

/** Resolves when the bot asks this next, by itself. */
function nextAsked(fits: (command: DatabaseCommand) => boolean): Promise<void> {
  return new Promise((resolve) => {
    heard = (command) => {
      if (fits(command)) resolve();
    };
  });
}

const PATHS: Record<string, () => Promise<unknown>> = {
  'creating a release': async () => {
    release = await createByModal(world.slack, { kickOff: at(1), slots: [at(5), at(30)] });
  },
  'an upload in Slack': async () => shareBuild(world.slack, release, 'alice', await buildFile('apk')),
  'an upload over HTTP': async () => {
    const file = await buildFile('ipa');
    const form = buildForm('PRE_REGRESSION', 'IOS', file);
    const { status } = await world.api('POST', `/releases/${release.id}/builds`, { form });
    expect(status).toBe(201);
  },
  'a tick with a release that is due': () => world.skipTo(at(1)),
  'a tick with nothing due': () => world.skip(MINUTE_MS),
  "Agenda's own tick": () => nextAsked(searchesFor('jobs', '"tick"')),
  'status over HTTP': () => world.api('GET', `/releases/${release.id}/status`),
  'status, why and builds in Slack': async () => {
    for (const verb of ['status', 'why', 'builds', 'list', 'history']) {
      await (await world.slack.user('dave').slash('/release', verb, { channel: 'releases' })).reply();
    }
  },
  'opening the App Home': () => world.slack.user('alice').openHome(),
  'an App Home that shows something old': async () => {
    const alice = world.slack.user('alice');
    const { hash } = await alice.openHome();
    await world.api('POST', `/releases/${release.id}/actions/PAUSE`, { json: { reason: 'a look' } });
    await alice.nextHome(hash);
    await world.api('POST', `/releases/${release.id}/actions/RESUME`, { json: {} });
  },
  'a cycle, a gate and an approval': async () => {
    for (const kind of ['apk', 'ipa'] as const)
      await shareBuild(world.slack, release, 'bob', await buildFile(kind, { build: 2 }));
    await world.skipTo(at(5));
    await world.api('POST', `/releases/${release.id}/actions/SKIP_REMAINING_CYCLES`, { json: {} });
    await world.settle();
    await approve(world.slack, release, 'preRelease', 'bob');
    await world.settle();
  },
  retention: () => world.bot.engine.applyRetention(),
  'the hourly look of the doctor, which finds nothing': async () => {
    const { checks } = await world.bot.engine.checkUp();
    expect(checks.flatMap(({ examined }) => examined.map(({ finding }) => finding.text))).toEqual([]);
  },
};

test.each(Object.entries(PATHS))('%s scans no collection', async (name, walk) => {
  path = name;
  await walk();
  path = 'between two paths';
  const searches = (asked.get(name) ?? []).flatMap(searchesOf);
  expect(searches.length).toBeGreaterThan(0);
  expect(await scans(searches)).toEqual([]);
});

test('nor does what the bot asked by itself in between', async () => {
  expect(await scans((asked.get('between two paths') ?? []).flatMap(searchesOf))).toEqual([]);
});

test('a search without an index would be noticed', async () => {
  expect(await scans([{ find: 'releases', filter: { branch: 'release/x' } }])).toHaveLength(1);
});

/** The searches in a command: a write looks for its documents just as a read does, and not every server explains writes. */
function searchesOf({ name, collection, body }: DatabaseCommand): Document[] {
  if (name === 'findAndModify') return [{ find: collection, filter: body['query'], ...sortOf(body) }];
  if (name === 'update' || name === 'delete') {
    const entries: BSON.Document[] = body[`${name}s`];
    return entries.map((entry) => ({ find: collection, filter: entry['q'] }));
  }
  if (name === 'find') return [{ find: collection, filter: body['filter'] ?? {}, ...sortOf(body) }];
  if (name === 'aggregate') return [{ aggregate: collection, pipeline: body['pipeline'], cursor: {} }];
  return [];
}

function sortOf(body: BSON.Document): Document {
  return body['sort'] ? { sort: body['sort'] } : {};
}

/** Those that the server would answer by looking at every document. */
async function scans(searches: readonly Document[]): Promise<Document[]> {
  const copy = world.persistence.connection.getClient().db(empty.name);
  const different = new Map(searches.map((search) => [shapeOf(search), search]));
  const found: Document[] = [];
  for (const search of different.values()) {
    await copyIndexes(copy, search['find'] ?? search['aggregate']);
    const explained = await copy.command({ explain: search, verbosity: 'queryPlanner' });
    if (winningStages(explained).includes('COLLSCAN')) found.push(search);
  }
  return found;
}

const copied = new Set<string>();

/**
 * The server is asked about an empty collection with the same indexes: some servers read a collection whole in spite of its
 * index, once they have counted that it is small.
 */
async function copyIndexes(copy: Db, collection: string): Promise<void> {
  if (copied.has(collection)) return;
  copied.add(collection);
  const indexes = await world.persistence.connection.collection(collection).listIndexes().toArray();
  await copy.createCollection(collection);
  const more = indexes.filter(({ name }) => name !== '_id_').map(({ v, ns, ...index }) => index as IndexDescription);
  if (more.length > 0) await copy.collection(collection).createIndexes(more);
}

/** The search without its values. */
function shapeOf(search: Document): string {
  return (
    JSON.stringify(search, (_, value: unknown) =>
      typeof value === 'object' || typeof value === 'number' ? value : typeof value,
    ) + String(search['find'] ?? search['aggregate'])
  );
}

function winningStages(explained: unknown): string[] {
  if (typeof explained !== 'object' || explained === null) return [];
  return Object.entries(explained).flatMap(([field, value]) => {
    if (field === 'rejectedPlans' || field === 'command') return [];
    if (field === 'stage' && typeof value === 'string') return [value];
    return winningStages(value);
  });
}
