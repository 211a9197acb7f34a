import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { actionsOn, keyOf } from '../../support/messages.ts';
import { plain } from './identify.ts';
import type { SweepWorld } from './world.ts';

/** All that is left of a release in the end, in lines; ids and times apart it is the same whatever happened on the way. */
export async function pictureOf(world: SweepWorld): Promise<string[]> {
  const { db, slack, github } = world;
  const all = (name: string) => db.collection(name).find().sort({ _id: 1 }).toArray();
  const lines: string[] = [];
  const add = (what: string, values: readonly unknown[], isOrdered = false) => {
    const said = values.map((value) => `${what}: ${typeof value === 'string' ? plain(value) : JSON.stringify(normal(value))}`);
    lines.push(...(isOrdered ? said : said.sort()));
  };

  for (const release of await all('releases')) {
    for (const [field, value] of Object.entries(normal(release) as object)) {
      if (!VARIES.has(field)) lines.push(`release ${field}: ${JSON.stringify(value)}`);
    }
  }
  const audit = (await all('audit')).sort((a, b) => a['seq'] - b['seq']);
  add('audit', audit.map(({ seq, actor, action, subject }) => `${seq} ${actor} ${action} ${subject}`), true);
  add('build', (await all('builds')).map(({ buildStage, platform, fileName, taskId }) => `${buildStage} ${platform} ${fileName} ${taskId}`));
  add('upload', (await all('uploads')).map(({ stage, platform, fileName, isUsed, source }) => `${stage} ${platform} ${fileName} ${isUsed} ${source}`));
  add('outbox', (await all('outbox')).map(({ key, status, settled, lease, work }) => `${key} ${status} ${settled} ${lease} ${work}`));
  add('delivery', (await all('deliveries')).map(({ status, lease }) => `${status} ${lease}`).filter((line) => line !== 'DONE null'));
  add('one-time job', (await all('jobs')).filter((job) => job['data']?.releaseId).map((job) => job['name']));
  add('effect', github.effects.map(({ kind, name }) => `${kind} ${name}`), true);
  const said = slack.allMessages().filter((message) => message.fromBot);
  add('message', said.map((message) => [
    keyOf(message) ?? 'UNKEYED', message.deleted ? 'deleted' : '', message.broadcast ? 'broadcast' : '',
    message.threadTs && message.threadTs !== message.ts ? 'reply' : 'root', message.text, actionsOn(message).join(','),
  ].join(' | ').replaceAll('\n', ' ')), true);
  add('violation', slack.violations);
  add('file', storedFiles(world.env['ARTIFACTS_DIR'] ?? ''));
  return lines;
}

/** Counts of writes and wake-ups: a repeat may cost some more. */
const VARIES = new Set(['version', 'wakeCount', '__v', 'nextWakeAt']);

function normal(value: unknown): unknown {
  if (value instanceof Date) return 'time';
  if (typeof value === 'string') return plain(value);
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [plain(key), normal(item)]));
}

function storedFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.unfinished'))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}
