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
    const said = values.map((value) => `${what}: ${plain(typeof value === 'string' ? value : JSON.stringify(value))}`);
    lines.push(...(isOrdered ? said : said.sort()));
  };

  for (const release of await all('releases')) {
    for (const [field, value] of Object.entries(release))
      if (!VARIES.has(field)) lines.push(...leaves(`release.${field}`, value));
  }
  const audit = (await all('audit')).sort((a, b) => a['seq'] - b['seq']);
  add(
    'audit',
    audit.map(({ seq, actor, action, subject }) => `${seq} ${actor} ${action} ${subject}`),
    true,
  );
  add(
    'build',
    (await all('builds')).map(
      ({ buildStage, platform, fileName, taskId }) => `${buildStage} ${platform} ${fileName} ${taskId}`,
    ),
  );
  add(
    'upload',
    (await all('uploads')).map(
      ({ stage, platform, fileName, isUsed, source }) => `${stage} ${platform} ${fileName} ${isUsed} ${source}`,
    ),
  );
  add(
    'outbox',
    (await all('outbox')).map(
      ({ key, status, settled, lease, work }) => `${key} ${status} ${settled} ${lease} ${work}`,
    ),
  );
  add(
    'delivery',
    (await all('deliveries'))
      .map(({ key, status, lease }) => `${String(key).split(':')[0]} ${status} ${lease ? 'leased' : 'free'}`)
      .filter((line) => !/DONE free$/.test(line)),
  );
  add(
    'one-time job',
    (await all('jobs')).filter((job) => job['data']?.releaseId).map((job) => job['name']),
  );
  add(
    'effect',
    github.effects.map(({ kind, name }) => `${kind} ${name}`),
    true,
  );
  const said = slack.allMessages().filter((message) => message.fromBot);
  add(
    'message',
    said.map((message) =>
      [
        keyOf(message) ?? 'UNKEYED',
        message.deleted ? 'deleted' : '',
        message.broadcast ? 'broadcast' : '',
        message.threadTs && message.threadTs !== message.ts ? 'reply' : 'root',
        message.text,
        actionsOn(message).join(','),
      ]
        .join(' | ')
        .replaceAll('\n', ' '),
    ),
    true,
  );
  add('violation', slack.violations);
  add('file', storedFiles(world.env['ARTIFACTS_DIR'] ?? ''));
  return lines;
}

/** Counts of writes and wake-ups: a repeat may cost some more. */
const VARIES = new Set(['version', 'wakeCount', '__v', 'nextWakeAt']);

/** One line for each value, with the way to it. */
function leaves(path: string, value: unknown): string[] {
  // A task that was begun anew after a death counts that; how often a release was written is a count of writes.
  if (/\.tasks\.\d+\.attempts$|\.reached\.version$/.test(path)) return [];
  if (value instanceof Date) return [`${path}: a time`];
  if (typeof value !== 'object' || value === null) return [`${path}: ${plain(String(value))}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${path}: none`];
  return entries.flatMap(([key, item]) => leaves(`${path}.${plain(key)}`, item));
}

function storedFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.unfinished'))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}
