import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { BOT_TOKEN, BUCKET, S3_KEYS } from './world.ts';

/** The baseline of `slack-to-s3`: the download piped into the same bucket by lib-storage, with its SHA-256. */
const [endpoint = ''] = process.argv.slice(2);
const client = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: S3_KEYS,
  requestChecksumCalculation: 'WHEN_REQUIRED',
});

async function copy(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${BOT_TOKEN}` } });
  if (!answer.body) throw new Error('no body');
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const Body = Readable.fromWeb(answer.body).pipe(hashing);
  await new Upload({ client, params: { Bucket: BUCKET, Key: 'baseline.apk', Body } }).done();
  return hash.digest('hex');
}

const server = createServer((request, response) => {
  copy(new URL(request.url ?? '', 'http://127.0.0.1').searchParams.get('url') ?? '').then(
    (digest) => response.end(digest),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`"port":${typeof address === 'object' && address ? address.port : 0}`);
});
process.once('SIGTERM', () => process.exit(0));
