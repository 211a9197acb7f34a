import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { type S3StandIn, startS3 } from '../../../sandbox/s3/index.ts';
import type { Fault } from '../../../sandbox/scm/index.ts';
import { createS3Store, type S3Config } from '../../../src/integrations/artifacts/s3.ts';
import { attachment } from '../../../src/integrations/artifacts/s3-link.ts';
import { presign } from '../../../src/integrations/artifacts/sigv4.ts';
import { AuthError, PermanentError, TransientError } from '../../../src/shared/errors.ts';
import { createMetrics } from '../../../src/shared/metrics.ts';
import { countsOf } from '../../support/metrics.ts';
import { describeStore, sampleBytes, streamOf } from './contract.ts';

const KEYS = { accessKeyId: 'AKIATEST', secretAccessKey: 'only-for-this-test' };
const MIB = 1024 * 1024;
const maxBytes = 64 * MIB;

const storeAt = (s3: S3StandIn, config: Partial<S3Config> = {}) =>
  createS3Store({ bucket: s3.bucket, endpoint: s3.endpoint, credentials: KEYS, ...config });

describeStore('S3', async () => {
  const s3 = await startS3({ keys: KEYS });
  const store = storeAt(s3, { prefix: 'team/slipway' });
  return {
    store,
    contents: async () => [
      ...s3.keys().map((key) => key.replace('team/slipway/', '')),
      ...Array.from({ length: s3.pendingUploads() }, () => 'unfinished upload'),
    ],
    close: async () => {
      store.close();
      await s3.close();
    },
  };
});

describe('S3', () => {
  let s3: S3StandIn;
  beforeEach(async () => {
    s3 = await startS3({ keys: KEYS });
  });
  afterEach(() => s3.close());

  test('objects lie below the prefix, encrypted where that is asked for', async () => {
    await storeAt(s3, { prefix: '/a/b/', serverSideEncryption: true }).write('c', Readable.from(['x']), { maxBytes });
    await storeAt(s3).write('plain', streamOf(sampleBytes(6 * MIB)), { maxBytes });
    expect(s3.keys()).toEqual(['a/b/c', 'plain']);
    expect(s3.headersOf('a/b/c')).toMatchObject({ 'x-amz-server-side-encryption': 'AES256' });
    expect(s3.headersOf('plain')).not.toHaveProperty('x-amz-server-side-encryption');
  });

  test('a large file goes in parts and is completed once', async () => {
    await storeAt(s3, { serverSideEncryption: true }).write('big', streamOf(sampleBytes(13 * MIB)), { maxBytes });
    expect(s3.effects.map(({ kind }) => kind)).toEqual(['upload-started', 'upload-completed']);
    expect(s3.headersOf('big')).toMatchObject({ 'x-amz-server-side-encryption': 'AES256' });
  });

  const passing: [string, RegExp, Fault][] = [
    ['a part is refused for the moment', /partNumber=2/, { kind: 'status', status: 503 }],
    ['the answer to a part is lost', /partNumber=1/, { kind: 'reset', when: 'after' }],
    ['the answer to the completion is lost', /^POST .*uploadId=/, { kind: 'reset', when: 'after' }],
    ['half of the completion arrives', /^POST .*uploadId=/, { kind: 'half-body' }],
    ['the start is cut', /^POST .*uploads=/, { kind: 'reset', when: 'before' }],
  ];
  test.each(passing)('%s: the file is there, whole and once', async (_, matcher, fault) => {
    const bytes = sampleBytes(12 * MIB);
    s3.faults.next(matcher, fault);
    const store = storeAt(s3);
    const written = await store.write('big', streamOf(bytes), { maxBytes });
    expect(await store.head('big')).toEqual({ sizeBytes: written.sizeBytes });
    expect(s3.effects.filter(({ kind }) => kind === 'upload-completed')).toHaveLength(1);
    expect(s3.keys()).toEqual(['big']);
  });

  const lasting: [string, RegExp, Fault, new (...args: never[]) => Error][] = [
    ['a part fails', /partNumber=2/, { kind: 'status', status: 500 }, TransientError],
    ['the keys lose their right', /partNumber=2/, { kind: 'status', status: 403 }, AuthError],
    ['completing fails', /^POST .*uploadId=/, { kind: 'status', status: 500 }, TransientError],
    ['every answer to completing is lost', /^POST .*uploadId=/, { kind: 'reset', when: 'before' }, TransientError],
    ['the start is refused', /^POST .*uploads=/, { kind: 'status', status: 403 }, AuthError],
  ];
  test.each(lasting)('%s: nothing is left, and the error says whose fault it is', async (_, matcher, fault, kind) => {
    s3.faults.always(matcher, fault);
    const source = streamOf(sampleBytes(24 * MIB));
    const error: unknown = await storeAt(s3)
      .write('big', source, { maxBytes })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ fault: { provider: 'S3', operation: 'write' } });
    expect(source.destroyed).toBe(true);
    expect([s3.keys(), s3.pendingUploads()]).toEqual([[], 0]);
  });

  test('a small file whose answers are all lost is not left behind', async () => {
    s3.faults.always(/^PUT/, { kind: 'reset', when: 'after' });
    await expect(storeAt(s3).write('small', Readable.from(['x']), { maxBytes })).rejects.toBeInstanceOf(TransientError);
    expect(s3.keys()).toEqual([]);
  });

  const reads: [string, Fault, new (...args: never[]) => Error][] = [
    ['403', { kind: 'status', status: 403 }, AuthError],
    ['404', { kind: 'status', status: 404 }, PermanentError],
    ['500', { kind: 'status', status: 500 }, TransientError],
    ['503', { kind: 'status', status: 503 }, TransientError],
    ['429', { kind: 'status', status: 429 }, TransientError],
    ['a cut connection', { kind: 'reset', when: 'before' }, TransientError],
    ['silence', { kind: 'hang', when: 'before' }, TransientError],
  ];
  test.each(reads)('%s on a read', async (_, fault, kind) => {
    s3.faults.always(/^GET/, fault);
    await expect(storeAt(s3, { idleTimeoutMs: 100 }).read('x')).rejects.toBeInstanceOf(kind);
  });

  test('a token that expired is said to be that, also where S3 answers without a body', async () => {
    s3.faults.always(/^HEAD/, { kind: 'status', status: 400, body: '' });
    await expect(storeAt(s3).head('x')).rejects.toBeInstanceOf(AuthError);
    const body = '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>';
    s3.faults.always(/^GET/, { kind: 'status', status: 400, body });
    await expect(storeAt(s3).read('x')).rejects.toBeInstanceOf(AuthError);
  });

  test('verify proves the bucket and the right to write', async () => {
    expect((await storeAt(s3, { prefix: 'p' }).verify()).detail).toBe('bucket builds, below p/');
    await expect(storeAt(s3, { bucket: 'other' }).verify()).rejects.toThrow('no such bucket');
    const wrong = storeAt(s3, { credentials: { ...KEYS, secretAccessKey: 'wrong' } });
    await expect(wrong.verify()).rejects.toBeInstanceOf(AuthError);
    s3.faults.always(/^PUT/, { kind: 'status', status: 403 });
    await expect(storeAt(s3).verify()).rejects.toBeInstanceOf(AuthError);
  });

  test('no error shows the secret key', async () => {
    const body = `<Error><Code>AccessDenied</Code><Message>${KEYS.secretAccessKey}</Message></Error>`;
    s3.faults.always(/^GET/, { kind: 'status', status: 403, body });
    const error: unknown = await storeAt(s3)
      .read('x')
      .catch((thrown: unknown) => thrown);
    expect(`${String(error)} ${inspect(error, { depth: 10 })}`).not.toContain(KEYS.secretAccessKey);
  });

  test('each request is told to the metrics, what the SDK repeats singly, and a link is none', async () => {
    const metrics = createMetrics();
    const store = storeAt(s3, { metrics });
    s3.faults.next(/^PUT .*partNumber=2/, { kind: 'status', status: 503 });
    s3.faults.next(/^PUT .*partNumber=1/, { kind: 'reset', when: 'before' });
    await store.write('big', streamOf(sampleBytes(6 * MIB)), { maxBytes });
    await store.head('other');
    await store.signedLink('big', { fileName: 'big', expiresInSeconds: 60 });
    const line = (operation: string, status: string) =>
      `slipway_provider_call_seconds_count{provider="S3",operation="${operation}",status="${status}"}`;
    expect(countsOf(await metrics.text(), 'slipway_provider_call_seconds_count')).toEqual({
      [line('HeadObject', '4xx')]: 2,
      [line('CreateMultipartUpload', '2xx')]: 1,
      [line('UploadPart', '2xx')]: 2,
      [line('UploadPart', '5xx')]: 1,
      [line('UploadPart', 'none')]: 1,
      [line('CompleteMultipartUpload', '2xx')]: 1,
    });
  });

  test('AWS itself is addressed by the bucket and gets checksums and encryption', async () => {
    const sent: { method: string; hostname: string; headers: Record<string, unknown> }[] = [];
    const requestHandler = {
      handle: async (request: (typeof sent)[number]) => {
        sent.push(request);
        const statusCode = request.method === 'HEAD' ? 404 : 200;
        return { response: { statusCode, headers: {}, body: Readable.from([]) } };
      },
    };
    const store = createS3Store({ bucket: 'acme-builds', region: 'eu-west-1', credentials: KEYS, requestHandler });
    await store.write('a', Readable.from(['x']), { maxBytes });
    const put = sent.find(({ method }) => method === 'PUT');
    expect(put?.hostname).toBe('acme-builds.s3.eu-west-1.amazonaws.com');
    expect(put?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-checksum-crc32': expect.stringMatching(/^[A-Za-z0-9+/]{6}==$/),
    });
  });

  describe('links', () => {
    const link = (now: Date, expiresInSeconds = 60) =>
      storeAt(s3, { prefix: 'p', clock: { now: () => now } }).signedLink('a b/приложение.ipa', {
        fileName: 'приложение "7".ipa',
        expiresInSeconds,
      });

    test('anybody may fetch the file by it, under its own name', async () => {
      await storeAt(s3, { prefix: 'p' }).write('a b/приложение.ipa', Readable.from(['abc']), { maxBytes });
      const answer = await fetch(String(await link(new Date())));
      expect(await answer.text()).toBe('abc');
      expect(answer.headers.get('content-disposition')).toBe(attachment('приложение "7".ipa'));
    });

    test('not any more when its time is over, and not for anything else', async () => {
      await storeAt(s3, { prefix: 'p' }).write('a b/приложение.ipa', Readable.from(['abc']), { maxBytes });
      const old = String(await link(new Date(Date.now() - 120_000)));
      expect((await fetch(old)).status).toBe(403);
      const good = String(await link(new Date()));
      for (const bent of [good.replace('Expires=60', 'Expires=600'), good.replace('.ipa?', '.ipb?')]) {
        expect((await fetch(bent)).status).toBe(403);
      }
    });

    test('lives a week at most', async () => {
      expect(await link(new Date(), 10_000_000)).toContain('X-Amz-Expires=604800');
    });

    test("AWS's own example comes out", () => {
      const signed = presign({
        method: 'GET',
        url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
        query: {},
        region: 'us-east-1',
        credentials: {
          accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
          secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
        },
        expiresInSeconds: 86_400,
        now: new Date('2013-05-24T00:00:00Z'),
      });
      expect(signed).toContain('X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
    });

    test('a file name cannot break out of its header', () => {
      expect(attachment('a"; filename=b\r\nX: y.ipa')).toBe(
        `attachment; filename="a_; filename=b__X: y.ipa"; filename*=UTF-8''a%22%3B%20filename%3Db%0D%0AX%3A%20y.ipa`,
      );
    });
  });
});
