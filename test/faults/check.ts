import { createHash } from 'node:crypto';
import { derivePhase } from '../../src/domain/status.ts';
import { createArtifactStore } from '../../src/integrations/artifacts/index.ts';
import { keyOf } from '../support/messages.ts';
import { TENANT_ID } from '../support/outside.ts';
import { buildLines, effectLines, trailOf } from '../support/record.ts';
import type { FaultWorld } from './world.ts';

/** What must be true of a release in the end, whatever went wrong on the way: everything there, and nothing twice. */

const NAME = '7.0.0_android_6.7.0_ios';
const EFFECTS = [`branch release/${NAME}`, `tag rc-${NAME}-cycle1`, `tag v${NAME}`, `release v${NAME}`];
const BUILDS = [
  'KICKOFF ANDROID app-7.0.0-1.apk s1.TRIGGER_PRE_REGRESSION_BUILDS',
  'KICKOFF IOS app-6.7.0-1.ipa s1.TRIGGER_PRE_REGRESSION_BUILDS',
  'PRE_RELEASE ANDROID app-7.0.0-3.aab s3.CREATE_AAB_BUILD',
  'PRE_RELEASE IOS app-6.7.0-3.ipa s3.TRIGGER_TEST_FLIGHT_BUILD',
  'REGRESSION ANDROID app-7.0.0-2.apk c1.TRIGGER_REGRESSION_BUILDS',
  'REGRESSION IOS app-6.7.0-2.ipa c1.TRIGGER_REGRESSION_BUILDS',
];
const MESSAGES = [
  'root',
  'kickoff',
  'c1:regression-builds',
  'gate:preRelease',
  'gate:preRelease:granted',
  'pre-release',
  'gate:submission',
  'gate:submission:granted',
  's4.SUBMIT_TO_APP_STORE:confirm',
  's4.SUBMIT_TO_PLAY_STORE:confirm',
  'submitted',
];

/** Empty: all is well. */
export async function problemsOf(world: FaultWorld, releaseId: string): Promise<string[]> {
  const release = await world.release(releaseId);
  const phase = derivePhase(release);
  return [
    ...(phase === 'SUBMITTED' ? [] : [`the release ended in ${phase}: ${release.pause?.reason ?? ''}`]),
    ...differences('at GitHub', EFFECTS, effectLines(world)),
    ...differences('build', BUILDS, await buildLines(world, release)),
    ...(await messageProblems(world, releaseId)),
    ...(await fileProblems(world, releaseId)),
    ...(await trailProblems(world, releaseId)),
    ...world.slack.violations.map(({ where, error }) => `Slack would refuse ${where}: ${error}`),
    ...world.log.flatMap((line) => {
      const { level, msg } = JSON.parse(line) as { level: string; msg: string };
      return level === 'error' || level === 'fatal' ? [`logged as a bug: ${msg} ${line.slice(0, 600)}`] : [];
    }),
  ];
}

/** `wanted` and `got` as bags. */
function differences(what: string, wanted: readonly string[], got: readonly string[]): string[] {
  const left = [...got];
  const missing = wanted.filter((line) => {
    const index = left.indexOf(line);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return [...missing.map((line) => `missing ${what}: ${line}`), ...left.map((line) => `too much ${what}: ${line}`)];
}

async function messageProblems(world: FaultWorld, releaseId: string): Promise<string[]> {
  const problems: string[] = [];
  // What one person is answered in a direct message is no part of the release.
  const posted = world.slack.allMessages().filter(({ fromBot, channel }) => fromBot && channel === world.channelId);
  const keys = posted.map((message) => keyOf(message) ?? `no key: ${message.text}`);
  const rows = await world.persistence.repositories.outbox.listByRelease(TENANT_ID, releaseId);
  // The outbox holds the messages in the order they were born in, which must be the order people read them in.
  const born = rows.map((row) => row.key);
  problems.push(...differences('message', born, keys));
  if (problems.length === 0 && keys.join() !== born.join()) problems.push(`the order of messages: ${keys.join()}`);
  for (const occasion of MESSAGES) {
    if (!keys.includes(`${releaseId}:${occasion}`)) problems.push(`nothing was said of ${occasion}`);
  }
  const [root] = posted;
  for (const message of posted.slice(1)) {
    if (message.threadTs !== root?.ts) problems.push(`outside of the thread: ${keyOf(message)}`);
  }
  for (const { key, status, lease, ts, lastError } of rows) {
    const shown = posted.find((message) => keyOf(message) === key);
    if (status !== 'SENT' || lease) problems.push(`left in the outbox: ${key} ${status} ${lastError}`);
    if (shown && shown.ts !== ts) problems.push(`the outbox does not know where ${key} stands`);
  }
  return problems;
}

/** A file that a build needs is there, whole; a file without a record may be left over, half a file never. */
async function fileProblems(world: FaultWorld, releaseId: string): Promise<string[]> {
  const store = createArtifactStore({ kind: 'S3', bucket: world.s3.bucket, endpoint: world.s3.endpoint });
  const uploads = await world.persistence.repositories.uploads.listByRelease(TENANT_ID, releaseId);
  const problems: string[] = [];
  for (const { artifactPath, sha256, deletedAt, fileName } of uploads) {
    if (deletedAt) continue;
    if (!world.s3.keys().includes(artifactPath)) problems.push(`the bucket lacks ${fileName}`);
    else if ((await hashOf(await store.read(artifactPath))) !== sha256) problems.push(`${fileName} has other bytes`);
  }
  if (world.s3.pendingUploads() > 0) problems.push('parts of an upload were left in the bucket');
  const used = uploads.filter((upload) => upload.isUsed);
  const names = used.map((upload) => upload.fileName);
  if (new Set(names).size !== names.length) problems.push(`a file counts twice: ${names.join(', ')}`);
  return problems;
}

async function hashOf(bytes: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const ONCE = ['TASK_COMPLETED', 'TASK_SKIPPED', 'STAGE_STARTED', 'STAGE_COMPLETED', 'RELEASE_CREATED', 'GATE_GRANTED'];

async function trailProblems(world: FaultWorld, releaseId: string): Promise<string[]> {
  const trail = await trailOf(world, releaseId);
  const { auditSeq } = await world.release(releaseId);
  const problems: string[] = [];
  if (trail.some((entry, index) => entry.seq !== index + 1) || trail.length !== auditSeq)
    problems.push(`the audit trail has gaps: ${trail.map(({ seq }) => seq).join(' ')} of ${auditSeq}`);
  const counts = new Map<string, number>();
  for (const { action, subject } of trail) {
    if (!ONCE.includes(action)) continue;
    const name = `${action} ${subject}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [name, count] of counts) if (count > 1) problems.push(`${count} times in the audit trail: ${name}`);
  return problems;
}
