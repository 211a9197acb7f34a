import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { openSlackFile, slackFileOrigins } from '../../../src/integrations/messenger/index.ts';
import { AuthError, PermanentError, TransientError } from '../../../src/shared/errors.ts';

const BYTES = randomBytes(600_000);
type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let server: Server;
let origin: string;
let requests: { range: string | undefined; ifRange: string | undefined; authorization: string | undefined }[];
let answer: Answer;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    requests.push({ range, ifRange: request.headers['if-range']?.toString(), authorization });
    answer(request, response, requests.length);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

function open(options: Partial<Parameters<typeof openSlackFile>[0]> = {}): Promise<Readable> {
  return openSlackFile({
    url: `${origin}/files/app.apk`,
    sizeBytes: BYTES.length,
    token: 'xoxb-secret',
    allowedOrigins: [origin],
    wait: async () => {},
    ...options,
  });
}

async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The file, from the place that is asked for; breaks off after `breakAfter` bytes. */
function serve(options: { breakAfter?: number; etag?: string; ranges?: boolean } = {}): Answer {
  return (request, response) => {
    const start = options.ranges === false ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const part = BYTES.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': part.length,
      ...(options.etag ? { etag: options.etag } : {}),
      ...(start > 0 ? { 'content-range': `bytes ${start}-${BYTES.length - 1}/${BYTES.length}` } : {}),
    });
    if (options.breakAfter === undefined || options.breakAfter >= part.length) return void response.end(part);
    response.write(part.subarray(0, options.breakAfter), () => response.destroy());
  };
}

describe('openSlackFile', () => {
  it('gives the bytes, with the token', async () => {
    answer = serve();
    expect(sha(await read(await open()))).toBe(sha(BYTES));
    expect(requests).toEqual([{ range: undefined, ifRange: undefined, authorization: 'Bearer xoxb-secret' }]);
  });

  it('takes up a broken download where it broke off, as often as there is progress', async () => {
    answer = serve({ breakAfter: 70_000, etag: '"v1"' });
    expect(sha(await read(await open()))).toBe(sha(BYTES));
    expect(requests.length).toBeGreaterThan(5);
    expect(requests[1]).toMatchObject({ range: expect.stringMatching(/^bytes=\d+-$/), ifRange: '"v1"' });
  });

  it('reads past what it has where the server knows no ranges', async () => {
    answer = (request, response, count) =>
      serve({ ranges: false, ...(count === 1 ? { breakAfter: 300_000 } : {}) })(request, response, count);
    expect(sha(await read(await open()))).toBe(sha(BYTES));
    expect(requests).toHaveLength(2);
  });

  it('gives up after five tries without progress, with a clear message', async () => {
    answer = (request, response, count) =>
      count === 1 ? serve({ breakAfter: 1_000 })(request, response, count) : void request.socket.destroy();
    const error = await read(await open()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TransientError);
    expect(String(error)).toMatch(/given up after 5 tries/);
  });

  it('notices a server that falls silent', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 100));
    };
    const error = await read(await open({ idleMs: 30, maxTries: 2 })).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TransientError);
  });

  it('waits as long as a 429 says', async () => {
    const waits: number[] = [];
    answer = (request, response, count) =>
      count === 1 ? void response.writeHead(429, { 'retry-after': '3' }).end() : serve()(request, response, count);
    await read(await open({ wait: async (ms) => void waits.push(ms) }));
    expect(waits).toEqual([3_000]);
  });

  it('does not ask again before the time that a 429 says: one that is too long to wait for ends it', async () => {
    answer = (_request, response) => void response.writeHead(429, { 'retry-after': '600' }).end();
    await expect(open()).rejects.toMatchObject({ name: 'TransientError', retryAfterMs: 600_000 });
    expect(requests).toHaveLength(1);
  });

  it('refuses a file that changed while it was read', async () => {
    answer = (request, response, count) =>
      serve({ etag: `"v${count}"`, breakAfter: 100_000 })(request, response, count);
    await expect(read(await open())).rejects.toThrow(PermanentError);
  });

  it.each([
    ['more', BYTES.length - 1],
    ['fewer', BYTES.length + 1],
  ])('refuses %s bytes than Slack told', async (_what, sizeBytes) => {
    answer = serve();
    await expect(open({ sizeBytes })).rejects.toThrow(PermanentError);
  });

  it('checks the length also where the answer does not tell it', async () => {
    answer = (_request, response) => {
      response.writeHead(200);
      response.end(BYTES.subarray(0, 1_000));
    };
    await expect(read(await open({ maxTries: 2 }))).rejects.toThrow(/ended after 1000 of 600000 bytes/);
  });

  it('knows the sign-in page that comes with 200 for a bad token', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<html>Sign in</html>');
    };
    await expect(open()).rejects.toThrow(AuthError);
  });

  it.each([
    [401, AuthError],
    [403, AuthError],
    [404, PermanentError],
    [410, PermanentError],
  ])('%s is final', async (status, kind) => {
    answer = (_request, response) => void response.writeHead(status).end();
    await expect(open()).rejects.toThrow(kind);
    expect(requests).toHaveLength(1);
  });

  it('asks no other host for anything: the token stays', async () => {
    answer = serve();
    await expect(open({ allowedOrigins: ['https://files.slack.com'] })).rejects.toThrow(/no host of Slack's files/);
    expect(requests).toEqual([]);
  });

  it('follows a redirect to no other host, and knows the one to the sign-in page', async () => {
    answer = (_request, response) => void response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    await expect(open()).rejects.toThrow(/169\.254\.169\.254 is no host/);
    answer = (_request, response) =>
      void response.writeHead(302, { location: 'https://acme.slack.com/?redir=x' }).end();
    await expect(open()).rejects.toThrow(AuthError);
  });

  it('sends no token to another allowed host', async () => {
    const other = createServer((request, response) => {
      requests.push({ range: undefined, ifRange: undefined, authorization: request.headers.authorization });
      serve()(request, response, 1);
    });
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    answer = (_request, response) => void response.writeHead(302, { location: `${elsewhere}/app.apk` }).end();
    await read(await open({ allowedOrigins: [origin, elsewhere] }));
    expect(requests[1]?.authorization).toBeUndefined();
    other.closeAllConnections();
    other.close();
  });

  it('closes the connection when the reader stops half-way', async () => {
    let closed = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    answer = (_request, response) => {
      response.on('close', closed);
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 300_000));
    };
    const stream = await open();
    for await (const _chunk of stream) break;
    await gone;
  });
});

describe('slackFileOrigins', () => {
  it('is Slack’s own file hosts, or the host of another API base', () => {
    expect(slackFileOrigins(undefined)).toEqual(['https://files.slack.com', 'https://slack-files.com']);
    expect(slackFileOrigins('https://slack-gov.com/api/')).toEqual([
      'https://slack-gov.com',
      'https://files.slack-gov.com',
    ]);
  });
});
