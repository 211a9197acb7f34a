import type { Slack } from '../../../sandbox/slack/index.ts';
import type { DatabaseCommand } from '../../support/database-proxy.ts';
import { keyOf } from '../../support/messages.ts';
import type { Asked } from '../../support/relay.ts';
import type { Effect } from './gate.ts';

/** What an outside effect is, in words that are the same in every run. */

/** Ids, hashes, ports and times differ from run to run. */
export function plain(text: string): string {
  return text
    .replaceAll(/\b([a-z]+)_[0-9a-hjkmnp-tv-z]{16}\b/g, '$1')
    .replaceAll(/\bF[0-9]{8}\b/g, 'F')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'uuid')
    .replaceAll(/<!date\^[^>]*>/g, 'time')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'loopback')
    .replaceAll(/\b(?=[a-f]*\d)[0-9a-f]{7,64}\b/g, 'hash');
}

/** Writes of GitHub's API: all that are no GET. */
export function githubEffect({ method, path, body }: Asked): Effect | null {
  if (method === 'GET' || method === 'HEAD') return null;
  const { ref, tag, tag_name: release } = JSON.parse(body.toString() || '{}') as Record<string, string>;
  const call = path.replace(/^.*?\/repos\/[^/]+\/[^/]+\//, '');
  return { kind: 'github', identity: plain(`${method} ${call} ${ref ?? tag ?? release ?? ''}`) };
}

const READING = /^(auth|api)\.test$|\.(info|list|history|replies|members|open)$|^conversations\.join$/;

/** Slack's methods that show something to somebody. A living message is known by the key that it was posted with. */
export function slackEffect(slack: Slack, { path, contentType, body }: Asked): Effect | null {
  if (!path.startsWith('/api/')) return null;
  const method = path.replace(/^\/api\//, '').replace(/\?.*/, '');
  if (READING.test(method) && method !== 'views.open') return null;
  const given: Record<string, unknown> = contentType.includes('json')
    ? (JSON.parse(body.toString()) as Record<string, unknown>)
    : Object.fromEntries(new URLSearchParams(body.toString()));
  const { metadata, channel, ts } = given;
  const posted = typeof ts === 'string' && typeof channel === 'string' ? slack.message(channel, ts) : null;
  const sent: unknown = typeof metadata === 'string' ? JSON.parse(metadata) : metadata;
  const key = posted ? keyOf(posted) : (/"key":"([^"]*)"/.exec(JSON.stringify(sent ?? null))?.[1] ?? null);
  return { kind: 'slack', identity: plain(`${method} ${key ?? ''}`.trim()) };
}

const WRITES = ['insert', 'update', 'delete', 'findAndModify'];
type Doc = Record<string, unknown>;

export function databaseEffect({ name, collection, body }: DatabaseCommand): Effect | null {
  if (!WRITES.includes(name)) return null;
  const what = [...describe(name, body)].join(' | ');
  return { kind: 'mongo', identity: plain(`${name} ${collection} ${what}`.trim()).slice(0, 160) };
}

function* describe(name: string, body: Doc): Generator<string> {
  if (name === 'insert') for (const document of (body['documents'] ?? []) as Doc[]) yield labelOf(document);
  if (name === 'update')
    for (const { q, u } of (body['updates'] ?? []) as { q: Doc; u: Doc }[]) yield `${labelOf(q)} ${changeOf(u)}`.trim();
  if (name === 'delete') for (const { q } of (body['deletes'] ?? []) as { q: Doc }[]) yield labelOf(q);
  if (name === 'findAndModify')
    yield `${labelOf((body['query'] ?? {}) as Doc)} ${changeOf((body['update'] ?? {}) as Doc)}`.trim();
}

function labelOf(document: Doc): string {
  for (const field of ['key', '_id', 'name', 'action', 'fileName', 'taskId']) {
    const value = document[field];
    if (typeof value === 'string') return value.replace(/^(slack-[a-z]+|idempotency):.*/, '$1');
  }
  return '';
}

/** A change of a release is told by what it adds to the audit trail; others by the fields they set. */
function changeOf(update: Doc): string {
  const pushed = update['$push'] as { pendingAudit?: { $each: Doc[] } } | undefined;
  const audit = (pushed?.pendingAudit?.$each ?? []).map((entry) => `${entry['action']} ${entry['subject']}`);
  if (audit.length > 0) return `+ ${audit.join(', ')}`;
  if (pushed) return 'saved';
  return Object.entries(update)
    .filter(([operator]) => operator.startsWith('$'))
    .map(
      ([operator, fields]) =>
        `${operator} ${Object.keys(fields as Doc)
          .sort()
          .slice(0, 6)
          .join(',')}`,
    )
    .join(' ');
}
