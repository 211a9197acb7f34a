import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { writeBigApk } from './support/big-build.ts';
import { peakResident, startServer } from './support/child.ts';
import type { Result } from './support/numbers.ts';
import { makeRelease, makeToken } from './support/setup.ts';
import { MIB, ROUNDS, SIZE_BYTES, transferResults } from './support/transfer.ts';
import { startWorld } from './support/world.ts';

/** A 1 GiB build over the API to the local store, against piping the same request into a file with SHA-256. */
export async function benchUpload(): Promise<Result[]> {
  const world = await startWorld();
  const file = join(world.directory, 'big.apk');
  const baselineFile = join(world.directory, 'baseline.bin');
  const baseline = await startServer('bench/support/bare-upload.ts', [baselineFile], {});
  try {
    await writeBigApk(file, SIZE_BYTES, '1.0.0');
    const secret = await makeToken(world.databaseUri);
    const releaseId = await makeRelease(world.bot, secret);
    const path = `/api/v1/releases/${releaseId}/builds`;
    const ours: number[] = [];
    const theirs: number[] = [];
    let growthBytes = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      theirs.push(await send(baseline.port, '/', secret, file));
      await rm(baselineFile, { force: true });
      const before = world.bot.residentBytes();
      const { result, peakBytes } = await peakResident(world.bot, () => send(world.bot.port, path, secret, file));
      ours.push(result);
      growthBytes = Math.max(growthBytes, peakBytes - before);
    }
    return transferResults(`upload of ${SIZE_BYTES / MIB} MiB over the API to the local store`, {
      ours,
      theirs,
      growthBytes,
    });
  } finally {
    await baseline.stop();
    await world.close();
  }
}

/** Resolves with the milliseconds from the first byte to the answer. */
async function send(port: number, path: string, secret: string, file: string): Promise<number> {
  const boundary = randomUUID();
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const head = Buffer.from(
    `${field('stage', 'PRE_REGRESSION')}${field('platform', 'ANDROID')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.apk"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { size } = await stat(file);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const call = request(
      {
        port,
        path,
        host: '127.0.0.1',
        method: 'POST',
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': `multipart/form-data; boundary=${boundary}`,
          'content-length': head.length + size + tail.length,
        },
      },
      (response) => {
        const body: Buffer[] = [];
        response.on('data', (chunk: Buffer) => body.push(chunk));
        response.once('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve(performance.now() - startedAt);
          else reject(new Error(`answered ${response.statusCode}: ${Buffer.concat(body).toString()}`));
        });
      },
    );
    call.once('error', reject);
    call.write(head);
    const bytes = createReadStream(file, { highWaterMark: MIB });
    bytes.once('error', reject);
    bytes.once('end', () => call.end(tail));
    bytes.pipe(call, { end: false });
  });
}
