import { join } from 'node:path';
import { writeBigApk } from './support/big-build.ts';
import { peakResident, startServer } from './support/child.ts';
import type { Result } from './support/numbers.ts';
import { makeRelease, makeToken } from './support/setup.ts';
import { MIB, ROUNDS, SIZE_BYTES, transferResults } from './support/transfer.ts';
import { BUCKET, S3_KEYS, startWorld, TEAM_ID } from './support/world.ts';

/** A build shared in Slack, streamed to S3, against piping the same download into the same bucket with lib-storage. */
const PATIENCE_MS = 300_000;

type World = Awaited<ReturnType<typeof startWorld>>;

export async function benchSlackToS3(): Promise<Result[]> {
  const s3 = await startServer('bench/support/s3-server.ts', [], {});
  const endpoint = `http://127.0.0.1:${s3.port}`;
  const world = await startWorld({
    ARTIFACTS_S3_BUCKET: BUCKET,
    ARTIFACTS_S3_REGION: 'us-east-1',
    ARTIFACTS_S3_ENDPOINT: endpoint,
    AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
    AWS_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  const baseline = await startServer('bench/support/bare-slack-to-s3.ts', [endpoint], {});
  try {
    const path = join(world.directory, 'big.apk');
    await writeBigApk(path, SIZE_BYTES, '1.0.0');
    await makeRelease(world.bot, await makeToken(world.databaseUri));
    const ours: number[] = [];
    const theirs: number[] = [];
    let growthBytes = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = world.bot.residentBytes();
      const { result, peakBytes } = await peakResident(world.bot, () => share(world, path));
      ours.push(result.tookMs);
      growthBytes = Math.max(growthBytes, peakBytes - before);
      theirs.push(await copy(baseline.port, result.url));
    }
    return transferResults(`a build of ${SIZE_BYTES / MIB} MiB from Slack to S3`, { ours, theirs, growthBytes });
  } finally {
    await baseline.stop();
    await world.close();
    await s3.stop();
  }
}

/** From the file's share to the message that says it was taken; and where Slack keeps the file. */
async function share(world: World, path: string): Promise<{ tookMs: number; url: string }> {
  const taken = () => world.slack.messages(world.channelId).filter((message) => message.text.includes('📦')).length;
  const before = taken();
  const startedAt = performance.now();
  const { file } = await world.slack.user('alice').shareFile(world.channelId, { name: 'big.apk', path });
  await world.slack.until(() => taken() > before, 'the build to be taken', PATIENCE_MS);
  const tookMs = performance.now() - startedAt;
  return { tookMs, url: `${world.slack.url}/files-pri/${TEAM_ID}-${file.id}/download/big.apk` };
}

async function copy(port: number, url: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}/?url=${encodeURIComponent(url)}`);
  if (!answer.ok) throw new Error(`the baseline failed: ${await answer.text()}`);
  return performance.now() - startedAt;
}
