import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Document } from 'mongodb';
import type { SlackMessage } from '../../../sandbox/slack/index.ts';
import { keyOf } from '../../support/messages.ts';
import type { Stored } from './expected.ts';
import type { CrowdWorld } from './world.ts';

/** What must hold in the end for everything that is stored, whatever happened on the way. */
export async function storedFaults(world: CrowdWorld, stored: Stored, jobs: Document[]): Promise<string[]> {
  const faults: string[] = [];
  const messages = new Map<string, SlackMessage>();
  for (const message of world.slack.allMessages()) messages.set(keyOf(message) ?? '', message);
  for (const release of stored.releases) {
    faults.push(...releaseFaults(release));
    const rows = stored.rows
      .filter(({ releaseId }) => releaseId === release['_id'])
      .sort((a, b) => a['seq'] - b['seq']);
    faults.push(...threadFaults(release, rows, messages));
  }
  for (const { key, status, lastError } of stored.rows) {
    if (status !== 'SENT') faults.push(`outbox row ${key} is ${status}: ${lastError}`);
  }
  for (const { name, data } of jobs) {
    if (data?.releaseId) faults.push(`a one-time job ${name} of ${data.releaseId} is left`);
  }
  for (const upload of stored.uploads) faults.push(...uploadFaults(upload, world.env['ARTIFACTS_DIR'] ?? ''));
  return faults;
}

const ENDED: Record<string, string> = {
  status: 'COMPLETED',
  stage1Status: 'COMPLETED',
  stage2Status: 'COMPLETED',
  stage3Status: 'COMPLETED',
  stage4Status: 'COMPLETED',
};

function releaseFaults(release: Document): string[] {
  const name = `release ${release['branch']}`;
  const faults: string[] = [];
  if (release['status'] !== 'SUBMITTED') faults.push(`${name} is ${release['status']}`);
  for (const [field, value] of Object.entries(ENDED)) {
    const found = release['cron']?.[field];
    if (found !== value) faults.push(`${name}: cron.${field} is ${found}`);
  }
  for (const task of [...release['tasks'], ...release['cycles'].flatMap((cycle: Document) => cycle['tasks'])]) {
    if (!['COMPLETED', 'SKIPPED'].includes(task['status']))
      faults.push(`${name}: ${task['type']} is ${task['status']}`);
  }
  if (release['stagedUploads'].length > 0) faults.push(`${name} has uploads that nobody used`);
  return faults;
}

/** Numbered without a gap, and in that order at Slack, in one thread. */
function threadFaults(release: Document, rows: Document[], messages: Map<string, SlackMessage>): string[] {
  const faults: string[] = [];
  const name = `release ${release['branch']}`;
  if (rows.some((row, index) => row['seq'] !== index + 1) || rows.length !== release['messageSeq']) {
    faults.push(`${name}: messages ${rows.map(({ seq }) => seq).join(' ')}, counted ${release['messageSeq']}`);
  }
  const posted = rows.flatMap(({ key }) => messages.get(key) ?? []);
  const [root] = posted;
  posted.forEach((message, index) => {
    const before = posted[index - 1];
    if (before && Number(before.ts) >= Number(message.ts)) {
      faults.push(`${keyOf(message)} stands before ${keyOf(before)}`);
    }
    if (message !== root && message.threadTs !== root?.ts)
      faults.push(`${keyOf(message)} stands outside of the thread`);
  });
  for (const { key, ts } of rows) {
    if (messages.get(key)?.ts !== ts) faults.push(`${key} is stored as ${ts} and stands at ${messages.get(key)?.ts}`);
  }
  return faults;
}

/** A file that counts is there, whole. */
function uploadFaults(upload: Document, directory: string): string[] {
  if (!upload['isUsed']) {
    return upload['supersededBy'] ? [] : [`upload ${upload['fileName']} is neither used nor replaced`];
  }
  try {
    const sha256 = createHash('sha256')
      .update(readFileSync(join(directory, upload['artifactPath'])))
      .digest('hex');
    return sha256 === upload['sha256'] ? [] : [`the file of ${upload['fileName']} has other bytes`];
  } catch (error) {
    return [`the file of ${upload['fileName']} cannot be read: ${String(error)}`];
  }
}
