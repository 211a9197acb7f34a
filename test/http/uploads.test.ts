import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Engine, SubmitUploadInput, UploadReceipt } from '../../src/engine/index.ts';
import { Refusal } from '../../src/shared/errors.ts';
import { fakeEngine, type RunningApi, SECRETS, startApi } from './support/api.ts';
import { makeRelease } from './support/releases.ts';

const PATH = '/api/v1/releases/rel_1/builds';

let api: RunningApi;
afterEach(async () => {
  await api.close();
});

/** What a store keeps: a file counts only when its stream ended well. */
interface Store {
  kept: { input: SubmitUploadInput; bytes: Buffer }[];
  opened: number;
  broken: unknown[];
}

/** An engine that takes uploads into memory; `before` may refuse, before a byte is read. */
async function start(
  options: { before?: (input: SubmitUploadInput) => void; receipt?: Partial<UploadReceipt>; deps?: object } = {},
): Promise<Store> {
  const store: Store = { kept: [], opened: 0, broken: [] };
  const submitUpload: Engine['submitUpload'] = async (input) => {
    options.before?.(input);
    store.opened += 1;
    try {
      const bytes = await readAll(await input.openBytes());
      store.kept.push({ input, bytes });
      return receiptOf(input, bytes, store.kept.length, options.receipt);
    } catch (error) {
      store.broken.push(error);
      throw new Error('the store failed', { cause: error });
    }
  };
  api = await startApi(fakeEngine({ submitUpload }, [makeRelease()]), options.deps);
  return store;
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function receiptOf(
  input: SubmitUploadInput,
  bytes: Buffer,
  count: number,
  values: Partial<UploadReceipt> = {},
): UploadReceipt {
  return {
    uploadId: `upl_${count}`,
    releaseId: input.releaseId,
    stage: input.stage ?? 'REGRESSION',
    platform: input.platform ?? 'IOS',
    fileName: input.fileName,
    version: null,
    buildNumber: null,
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    replacedFileName: null,
    warning: null,
    ...values,
  };
}

type Part = [name: string, value: string | Buffer, fileName?: string];

function form(parts: Part[], boundary = 'XyZ'): { body: Buffer; headers: Record<string, string> } {
  const chunks = parts.flatMap(([name, value, fileName]) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"\r\nContent-Type: application/octet-stream`;
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ];
  });
  const body = Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}
const FIELDS: Part[] = [
  ['stage', 'REGRESSION'],
  ['platform', 'IOS'],
];
const good = (content: string | Buffer = 'bytes', fileName = 'app.ipa') =>
  form([...FIELDS, ['file', content, fileName]]);

describe('an upload', () => {
  test('reaches the engine as fields and a stream; the answer is exactly the contract’s', async () => {
    const store = await start();
    const content = randomBytes(300_000);
    const { status, body } = await api.call('POST', PATH, good(content, 'Über app.ipa'));
    expect([status, body]).toEqual([201, { success: true, buildId: 'upl_1', message: 'Build uploaded to staging' }]);
    expect(store.kept[0]?.bytes.equals(content)).toBe(true);
    expect(store.kept[0]?.input).toMatchObject({
      releaseId: 'rel_1',
      stage: 'REGRESSION',
      platform: 'IOS',
      fileName: 'Über app.ipa',
      sizeBytes: null,
      source: 'API',
      dedupeKey: null,
    });
  });

  test('made by a browser’s own form data arrives too', async () => {
    const store = await start();
    const body = new FormData();
    body.set('stage', 'PRE_REGRESSION');
    body.set('platform', 'ANDROID');
    body.set('file', new Blob(['content']), 'app.aab');
    expect((await api.call('POST', PATH, { body })).status).toBe(201);
    expect(store.kept[0]?.bytes.toString()).toBe('content');
  });

  test('that replaces another, or repeats used bytes, says so besides', async () => {
    await start({ receipt: { replacedFileName: 'old.ipa', warning: 'Used before.' } });
    expect((await api.call('POST', PATH, good())).body).toEqual({
      success: true,
      buildId: 'upl_1',
      message: 'Build uploaded to staging',
      replacedFileName: 'old.ipa',
      warning: 'Used before.',
    });
  });

  test('keeps a path in the file name for the engine to refuse', async () => {
    const store = await start();
    await api.call('POST', PATH, good('x', '../../etc/app.ipa'));
    expect(store.kept[0]?.input.fileName).toBe('../../etc/app.ipa');
  });

  test('of bytes that look like a boundary is whole', async () => {
    const store = await start();
    const tricky = Buffer.from('\r\n--Xy\r\n--XyY--\r\n--X\r\r\n-XyZ--XyZ\n--XyZ\r\n--'.repeat(5000));
    expect((await api.call('POST', PATH, good(tricky))).status).toBe(201);
    expect(store.kept[0]?.bytes.equals(tricky)).toBe(true);
  });
});

describe('a faulty form is 400 and nothing is stored', () => {
  const big = randomBytes(2_000_000);
  test.each<[string, { body: Buffer; headers: Record<string, string> }, RegExp]>([
    ['fields after the file', form([['file', 'x', 'app.ipa'], ...FIELDS]), /(before|after) the file/],
    [
      'one field after the file',
      form([
        ['stage', 'REGRESSION'],
        ['file', 'x', 'app.ipa'],
        ['platform', 'IOS'],
      ]),
      /platform.*(before|after) the file/,
    ],
    [
      'a field after a small file',
      form([...FIELDS, ['file', 'x', 'app.ipa'], ['note', 'n']]),
      /"note" comes after the file/,
    ],
    [
      'a field after a big file',
      form([...FIELDS, ['file', big, 'app.ipa'], ['stage', 'PRE_RELEASE']]),
      /"stage" comes after the file/,
    ],
    ['two files', form([...FIELDS, ['file', big, 'a.ipa'], ['file', 'x', 'b.ipa']]), /one file/],
    ['a file by another name', form([...FIELDS, ['build', 'x', 'app.ipa']]), /as "file", not as "build"/],
    ['no file', form(FIELDS), /no file/],
    ['a file without its name', form([...FIELDS, ['file', 'x']]), /no file/],
    ['nothing at all', form([]), /no file|cannot be read/],
    ['a field twice', form([['stage', 'REGRESSION'], ...FIELDS, ['file', 'x', 'a.ipa']]), /"stage" is there twice/],
    [
      'an endless field',
      form([
        ['stage', 'x'.repeat(5000)],
        ['platform', 'IOS'],
        ['file', 'x', 'a.ipa'],
      ]),
      /too long/,
    ],
    [
      'too many fields',
      form([...Array.from({ length: 25 }, (_, n): Part => [`f${n}`, '']), ['file', 'x', 'a.ipa']]),
      /more than 20 fields/,
    ],
    ['no boundary', { body: Buffer.from('x'), headers: { 'content-type': 'multipart/form-data' } }, /boundary/],
    ['no end', { ...good(big), body: good(big).body.subarray(0, 1_500_000) }, /cannot be read/],
  ])('%s', async (_, options, sentence) => {
    const store = await start();
    const { status, body } = await api.call('POST', PATH, options);
    expect(status).toBe(400);
    expect(body).toEqual({ success: false, error: expect.stringMatching(sentence) });
    expect(store.kept).toEqual([]);
  });

  test('an unknown stage or platform is 422 by name', async () => {
    const store = await start();
    const { status, body } = await api.call(
      'POST',
      PATH,
      form([
        ['stage', 'LATER'],
        ['platform', 'TV'],
        ['file', 'x', 'a.ipa'],
      ]),
    );
    expect([status, Object.keys(body.fields)]).toEqual([422, ['stage', 'platform']]);
    expect(store.opened).toBe(0);
  });

  test.each([
    ['application/octet-stream', 415],
    ['text/plain', 415],
  ])('a body of type %s is %d', async (type, expected) => {
    await start();
    const { status, body } = await api.call('POST', PATH, { body: 'x', headers: { 'content-type': type } });
    expect([status, body.success]).toEqual([expected, false]);
  });
});

describe('a refused upload', () => {
  const CLOSED = 'Upload window closed for this stage/cycle';
  test('is 409 with exactly that sentence; when it opens is a detail', async () => {
    const store = await start({
      before: () => {
        throw new Refusal('WINDOW_CLOSED', `${CLOSED}. It opens when RC1 has ended.`);
      },
    });
    const { status, body } = await api.call('POST', PATH, good(randomBytes(5_000_000)));
    expect([status, body]).toEqual([
      409,
      { success: false, error: CLOSED, detail: `${CLOSED}. It opens when RC1 has ended.` },
    ]);
    expect(store.opened).toBe(0);
  });

  test.each([
    ['TOO_LARGE', 413],
    ['UNSUPPORTED_FILE', 415],
    ['INVALID_BUILD', 422],
    ['NOT_FOUND', 404],
    ['FORBIDDEN', 403],
  ] as const)('%s is %d', async (code, expected) => {
    await start({
      before: () => {
        throw new Refusal(code, 'Because.');
      },
    });
    const { status, body } = await api.call('POST', PATH, good());
    expect([status, body]).toEqual([expected, { success: false, error: 'Because.' }]);
  });

  test('is answered although the client is still sending, without a byte being opened: 401, 409 and 413 alike', async () => {
    const store = await start({
      before: () => {
        throw new Refusal('WINDOW_CLOSED', CLOSED);
      },
      deps: { maxUploadBytes: 40 * 1024 * 1024 },
    });
    const content = Buffer.alloc(30 * 1024 * 1024, 7);
    expect((await api.call('POST', PATH, { ...good(content), token: 'slw_wrong' })).status).toBe(401);
    expect((await api.call('POST', PATH, good(content))).status).toBe(409);
    const tooLong = Buffer.alloc(42 * 1024 * 1024, 7);
    expect((await api.call('POST', PATH, good(tooLong))).status).toBe(413);
    expect(store.opened).toBe(0);
  });

  test('cuts a client off that goes on sending past all bounds', async () => {
    await start({ deps: { limits: { drainBytes: 1_000_000 } } });
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536), Buffer.from('\r\n')]);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    while (!socket.destroyed && !socket.closed) {
      socket.write(chunk);
      await turn();
    }
    await closed;
    expect(answer).toMatch(/^HTTP\/1.1 401/);
  });

  test('JSON triggers a build again: not in manual mode, said plainly', async () => {
    await start();
    const { status, body } = await api.call('POST', PATH, { json: { platform: 'IOS' } });
    expect([status, body]).toEqual([409, { success: false, error: expect.stringContaining('by hand') }]);
    expect((await api.call('POST', PATH, { json: { platform: 'TV' } })).status).toBe(422);
    expect((await api.call('POST', '/api/v1/releases/rel_9/builds', { json: { platform: 'IOS' } })).status).toBe(404);
  });

  test('more at the same time than allowed: 429 with Retry-After, and room again afterwards', async () => {
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let entered: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const submitUpload: Engine['submitUpload'] = async (input) => {
      entered();
      await gate;
      return receiptOf(input, await readAll(await input.openBytes()), 1);
    };
    api = await startApi(fakeEngine({ submitUpload }), { limits: { uploadsAtOnce: 1 } });
    const first = api.call('POST', PATH, good());
    await inside;
    const second = await api.call('POST', PATH, good());
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '10']);
    letGo();
    expect((await first).status).toBe(201);
    expect((await api.call('POST', PATH, good())).status).toBe(201);
  });
});

describe('a stream', () => {
  test('of 64 MiB is never held: what is in flight stays within a few MiB however slowly it is stored', async () => {
    const MIB = 1024 * 1024;
    let sent = 0;
    let stored = 0;
    let mostInFlight = 0;
    const hash = createHash('sha256');
    const submitUpload: Engine['submitUpload'] = async (input) => {
      for await (const chunk of await input.openBytes()) {
        await turn(); // slower than the sender: it must wait
        const bytes = chunk as Buffer;
        stored += bytes.length;
        hash.update(bytes);
        mostInFlight = Math.max(mostInFlight, sent - stored);
      }
      return receiptOf(input, Buffer.alloc(0), 1);
    };
    api = await startApi(fakeEngine({ submitUpload }));
    const expected = createHash('sha256');
    const head = good('')
      .body.toString()
      .replace(/\r\n--XyZ--\r\n$/, '');
    const outgoing = request(`${api.url}${PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.all}`, ...good().headers },
    });
    const answered = once(outgoing, 'response');
    outgoing.write(head);
    for (let part = 0; part < 64; part += 1) {
      const chunk = randomBytes(MIB);
      expected.update(chunk);
      sent += chunk.length;
      if (!outgoing.write(chunk)) await once(outgoing, 'drain');
    }
    outgoing.end('\r\n--XyZ--\r\n');
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(201);
    expect(stored).toBe(64 * MIB);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
    // Kernel buffers of both sockets, ours, and one chunk being written.
    expect(mostInFlight).toBeLessThan(16 * MIB);
  });

  test('whose client goes away fails for whoever stores it, and leaves nothing', async () => {
    const store = await start();
    const outgoing = request(`${api.url}${PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.all}`, ...good().headers, 'content-length': '100000000' },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(good(Buffer.alloc(500_000)).body.subarray(0, 400_000));
    while (store.opened === 0) await turn();
    outgoing.destroy();
    while (store.broken.length === 0) await turn();
    expect(store.kept).toEqual([]);
    expect(String(store.broken[0])).toContain('connection was closed');
  });

  test('that falls silent is given up', async () => {
    const store = await start({ deps: { limits: { uploadIdleMs: 50 } } });
    const outgoing = request(`${api.url}${PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.all}`, ...good().headers, 'content-length': '100000000' },
    });
    const failed = once(outgoing, 'error');
    outgoing.write(good(Buffer.alloc(500_000)).body.subarray(0, 400_000));
    await failed;
    while (store.broken.length === 0) await turn();
    expect(store.kept).toEqual([]);
  });
});

test('a JSON body that never ends is 408', async () => {
  await start({ deps: { limits: { bodyTimeoutMs: 30 } } });
  const outgoing = request(`${api.url}/api/v1/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.all}`, 'content-type': 'application/json', 'content-length': '1000' },
  });
  outgoing.on('error', () => undefined);
  const answered = once(outgoing, 'response');
  outgoing.write('{"releaseConfigId":');
  const [response] = await answered;
  expect(response.statusCode).toBe(408);
  outgoing.destroy();
});
