import { createHmac } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Slack, startSlack } from '../../../sandbox/slack/index.ts';

const OPTIONS = { signingSecret: 'shhh', botToken: 'xoxb-test', teamId: 'T0SANDBOX' };

interface Received {
  headers: IncomingMessage['headers'];
  body: string;
}

let slack: Slack;
let received: Received[];
let answer: (request: Received, response: ServerResponse) => void;
const app = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const one = { headers: request.headers, body: Buffer.concat(chunks).toString() };
    received.push(one);
    answer(one, response);
  });
});

beforeAll(() => new Promise<void>((resolve) => void app.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise<void>((resolve) => void app.close(() => resolve())));

beforeEach(async () => {
  received = [];
  answer = (_request, response) => void response.end();
  slack = await startSlack({ ...OPTIONS, retryDelaysMs: [60_000, 60_000, 60_000] });
  slack.setRequestUrl(`http://127.0.0.1:${(app.address() as AddressInfo).port}/slack/events`);
});
afterEach(() => slack.close());

function signatureOf({ headers, body }: Received): string {
  const base = `v0:${headers['x-slack-request-timestamp']}:${body}`;
  return `v0=${createHmac('sha256', OPTIONS.signingSecret).update(base).digest('hex')}`;
}

describe('what is sent to the app', () => {
  test('is signed over the raw body, form-encoded for commands', async () => {
    await slack.user('alice').slash('/release', 'new & <more>');
    const [request] = received;
    expect(request?.headers['x-slack-signature']).toBe(request && signatureOf(request));
    const form = Object.fromEntries(new URLSearchParams(request?.body));
    expect(form).toMatchObject({
      command: '/release',
      text: 'new &amp; &lt;more&gt;',
      user_id: 'U01ALICE',
      channel_id: 'C0GENERAL',
      channel_name: 'general',
      team_id: 'T0SANDBOX',
    });
  });

  test('can be forged: wrong, missing, or old', async () => {
    slack.forge({ signature: 'wrong' });
    await slack.user('alice').slash('/release');
    slack.forge({ signature: 'missing' });
    await slack.user('alice').slash('/release');
    slack.forge({ ageS: 400 });
    await slack.user('alice').slash('/release');
    const [wrong, missing, old] = received as [Received, Received, Received];
    expect(wrong.headers['x-slack-signature']).not.toBe(signatureOf(wrong));
    expect(missing.headers['x-slack-signature']).toBeUndefined();
    expect(old.headers['x-slack-signature']).toBe(signatureOf(old));
    expect(Date.now() / 1000 - Number(old.headers['x-slack-request-timestamp'])).toBeGreaterThan(300);
  });

  test('a failing app shows the person dispatch_failed, a slow one operation_timeout', async () => {
    answer = (_request, response) => void response.writeHead(500).end();
    expect(await slack.user('alice').slash('/release')).toMatchObject({ status: 500, failure: 'dispatch_failed' });
    answer = () => {};
    const impatient = await startSlack({ ...OPTIONS, ackTimeoutMs: 20 });
    impatient.setRequestUrl(`http://127.0.0.1:${(app.address() as AddressInfo).port}/slack/events`);
    expect(await impatient.user('alice').slash('/release')).toMatchObject({
      status: null,
      failure: 'operation_timeout',
    });
    await impatient.close();
    slack.setRequestUrl(null);
    expect(await slack.user('alice').slash('/release')).toMatchObject({ status: null, failure: 'dispatch_failed' });
  });

  test('the address is verified with a challenge', async () => {
    answer = (request, response) => void response.end(JSON.parse(request.body).challenge);
    expect(await slack.verifyRequestUrl()).toBe(true);
    answer = (_request, response) => void response.end('hello');
    expect(await slack.verifyRequestUrl()).toBe(false);
  });

  test('a channel without the bot stays private to people', async () => {
    await slack.user('alice').say('general', 'psst');
    await slack.user('alice').shareFile('general', { name: 'a.apk', bytes: 'x' });
    expect(received).toEqual([]);
  });

  test('only subscribed events are sent', async () => {
    const narrow = await startSlack({ ...OPTIONS, events: ['file_shared'] });
    narrow.setRequestUrl(`http://127.0.0.1:${(app.address() as AddressInfo).port}/`);
    await narrow.inviteBot('releases');
    await narrow.user('alice').shareFile('releases', { name: 'a.apk', bytes: 'x' });
    expect(received.map((request) => JSON.parse(request.body).event.type)).toEqual(['file_shared']);
    await narrow.close();
  });

  test('an event that was not taken is repeated three times with the same id and the reason', async () => {
    answer = (_request, response) => void response.writeHead(503).end();
    await slack.inviteBot('releases');
    received = [];
    await slack.flushRetries();
    received = [];
    await slack.user('alice').say('releases', 'x');
    await slack.flushRetries();
    const numbers = received.map((request) => [
      request.headers['x-slack-retry-num'],
      request.headers['x-slack-retry-reason'],
    ]);
    expect(numbers).toEqual([
      [undefined, undefined],
      ['1', 'http_error'],
      ['2', 'http_error'],
      ['3', 'http_error'],
    ]);
    expect(new Set(received.map((request) => JSON.parse(request.body).event_id)).size).toBe(1);
  });

  test('X-Slack-No-Retry stops the repeating', async () => {
    answer = (_request, response) => void response.writeHead(500, { 'X-Slack-No-Retry': '1' }).end();
    await slack.inviteBot('releases');
    received = [];
    await slack.user('alice').say('releases', 'x');
    await slack.flushRetries();
    expect(received).toHaveLength(1);
  });

  test('a person who is not in the channel cannot act there', async () => {
    slack.channel('releases').members.delete('U02BOB');
    await expect(slack.user('bob').say('releases', 'x')).rejects.toThrow('bob is not in #releases');
  });
});

describe('response_url', () => {
  async function responseUrl(): Promise<string> {
    return (await slack.user('alice').slash('/release')).responseUrl;
  }
  const use = async (url: string, body: object) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return `${response.status} ${await response.text()}`;
  };

  test('works five times', async () => {
    const url = await responseUrl();
    for (let nth = 1; nth <= 5; nth += 1) expect(await use(url, { text: `${nth}` })).toBe('200 ok');
    expect(await use(url, { text: '6' })).toBe('404 used_url');
    expect(slack.ephemerals('alice')).toHaveLength(5);
  });

  test('works for half an hour', async () => {
    const url = await responseUrl();
    slack.expireResponseUrls();
    expect(await use(url, { text: 'late' })).toBe('404 expired_url');
  });

  test('refuses bad blocks and empty messages', async () => {
    const url = await responseUrl();
    expect(await use(url, { text: 'x', blocks: [{ type: 'box' }] })).toBe('400 invalid_blocks');
    expect(await use(url, {})).toBe('400 no_text');
    expect(slack.violations).toHaveLength(2);
  });
});

describe('files', () => {
  const fetchFile = (url: string, headers: Record<string, string> = {}) =>
    fetch(url, { headers: { authorization: `Bearer ${OPTIONS.botToken}`, ...headers } });

  async function shareUrl(source: Parameters<ReturnType<Slack['user']>['shareFile']>[1]): Promise<string> {
    await slack.inviteBot('releases');
    received = [];
    await slack.user('bob').shareFile('releases', source);
    const share = received
      .map((request) => JSON.parse(request.body).event)
      .find((event) => event.subtype === 'file_share');
    return share.files[0].url_private_download;
  }

  test('are downloaded whole or in ranges with the token', async () => {
    const url = await shareUrl({ name: 'a.apk', bytes: '0123456789' });
    const whole = await fetchFile(url);
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    const part = await fetchFile(url, { range: 'bytes=4-' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 4-9/10',
      '456789',
    ]);
    const middle = await fetchFile(url, { range: 'bytes=2-3' });
    expect(await middle.text()).toBe('23');
    expect((await fetchFile(url, { range: 'bytes=10-' })).status).toBe(416);
  });

  test('a wrong token gets the login page with 200', async () => {
    const url = await shareUrl({ name: 'a.apk', bytes: '0123456789' });
    const page = await fetchFile(url, { authorization: 'Bearer xoxb-other' });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('<!DOCTYPE html>');
  });

  test('a download can break in the middle and go on by range', async () => {
    const url = await shareUrl({ name: 'a.apk', bytes: 'x'.repeat(100_000) });
    slack.faults.next('file_download', { kind: 'half-body' });
    const broken = await fetchFile(url);
    await expect(broken.arrayBuffer()).rejects.toThrow();
    const rest = await fetchFile(url, { range: 'bytes=50000-' });
    expect((await rest.arrayBuffer()).byteLength).toBe(50_000);
  });

  test('a big file is served from where it lies, a stream from a temporary file that is removed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'slack-test-'));
    const path = join(dir, 'big.apk');
    await writeFile(path, '');
    const handle = await open(path, 'r+');
    await handle.truncate(64 * 1024 * 1024);
    await handle.close();
    const url = await shareUrl({ name: 'big.apk', path });
    let bytes = 0;
    for await (const chunk of (await fetchFile(url)).body ?? []) bytes += (chunk as Uint8Array).length;
    expect(bytes).toBe(64 * 1024 * 1024);
    const streamed = await slack
      .user('bob')
      .shareFile('releases', { name: 's.apk', stream: Readable.from(['ab', 'cd']) });
    expect(streamed.file.sizeBytes).toBe(4);
    await rm(dir, { recursive: true });
  });

  test('a stub says only that files.info must be asked', async () => {
    await slack.inviteBot('releases');
    received = [];
    await slack.user('bob').shareFile('releases', { name: 'a.apk', bytes: 'x' }, { stub: true });
    const share = received
      .map((request) => JSON.parse(request.body).event)
      .find((event) => event.subtype === 'file_share');
    expect(share.files).toEqual([{ id: 'F00000001', mode: 'file_access', file_access: 'check_file_info' }]);
  });

  test('either event can come alone or first', async () => {
    await slack.inviteBot('releases');
    const bob = slack.user('bob');
    const types = async (events: readonly ('message' | 'file_shared')[]) => {
      received = [];
      await bob.shareFile('releases', { name: 'a.apk', bytes: 'x' }, { events });
      return received.map((request) => JSON.parse(request.body).event.type).sort();
    };
    expect(await types(['file_shared'])).toEqual(['file_shared']);
    expect(await types(['message'])).toEqual(['message']);
    expect(await types(['file_shared', 'message'])).toEqual(['file_shared', 'message']);
  });

  test('a deleted file is gone, a file that lies elsewhere has no bytes here', async () => {
    await slack.inviteBot('releases');
    const bob = slack.user('bob');
    const { file } = await bob.shareFile('releases', { name: 'a.apk', bytes: 'x' });
    const info = async (id: string) => {
      const headers = { authorization: `Bearer ${OPTIONS.botToken}` };
      const response = await fetch(`${slack.apiUrl}files.info?file=${id}`, { headers });
      return (await response.json()) as { error?: string; file?: object };
    };
    await bob.deleteFile(file);
    expect(await info(file.id)).toMatchObject({ ok: false, error: 'file_deleted' });
    const linked = await bob.shareFile('releases', { name: 'b.apk', externalUrl: 'https://drive.example/b' });
    expect(await info(linked.file.id)).toMatchObject({
      file: { mode: 'external', is_external: true, url_private: 'https://drive.example/b' },
    });
    const secret = await slack.user('alice').shareFile('general', { name: 'c.apk', bytes: 'x' });
    expect(await info(secret.file.id)).toMatchObject({ error: 'file_not_found' });
  });

  test('the bot uploads in three steps, and its own share is told like any other', async () => {
    await slack.inviteBot('releases');
    const call = async (method: string, fields: Record<string, string>) => {
      const headers = { authorization: `Bearer ${OPTIONS.botToken}` };
      const response = await fetch(`${slack.apiUrl}${method}`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(fields),
      });
      return (await response.json()) as Record<string, string>;
    };
    expect(await call('files.getUploadURLExternal', { filename: 'a.png', length: '0' })).toMatchObject({
      error: 'missing_argument',
    });
    const { upload_url: url, file_id: id } = await call('files.getUploadURLExternal', {
      filename: 'a.png',
      length: '4',
    });
    const files = JSON.stringify([{ id, title: 'Chart' }]);
    expect(await call('files.completeUploadExternal', { files, channel_id: 'C0RELEASES' })).toMatchObject({
      error: 'file_not_found',
    });
    expect((await fetch(url ?? '', { method: 'POST', body: 'toolong' })).status).toBe(400);
    expect((await fetch(url ?? '', { method: 'POST', body: 'data' })).status).toBe(200);
    received = [];
    expect(
      await call('files.completeUploadExternal', { files, channel_id: 'C0RELEASES', initial_comment: 'look' }),
    ).toMatchObject({ ok: true });
    await slack.idle();
    const events = received.map((request) => JSON.parse(request.body).event);
    expect(events.map((event) => event.type).sort()).toEqual(['file_shared', 'message']);
    expect(slack.messages('releases').at(-1)).toMatchObject({
      text: 'look',
      fromBot: true,
      files: [{ title: 'Chart' }],
    });
  });
});

describe('faults', () => {
  beforeEach(() => slack.inviteBot('releases'));
  const post = () =>
    fetch(`${slack.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPTIONS.botToken}`, connection: 'close' },
      body: new URLSearchParams({ channel: 'C0RELEASES', text: 'x' }),
    });
  const posted = () => slack.messages('releases').length;

  test('429 says when to come back and carries nothing out', async () => {
    slack.faults.next('chat.postMessage', { kind: 'rate-limit', retryAfterS: 7 });
    const response = await post();
    expect([response.status, response.headers.get('retry-after'), posted()]).toEqual([429, '7', 0]);
    expect((await post()).status).toBe(200);
  });

  test('500 comes as often as it was asked for', async () => {
    slack.faults.next('*', { kind: 'status', status: 500 }, 2);
    expect([(await post()).status, (await post()).status, (await post()).status]).toEqual([500, 500, 200]);
  });

  test('a connection is cut before or after the message was posted', async () => {
    slack.faults.next('chat.postMessage', { kind: 'reset', when: 'before' });
    await expect(post()).rejects.toThrow();
    expect(posted()).toBe(0);
    slack.faults.next('chat.postMessage', { kind: 'reset', when: 'after' });
    await expect(post()).rejects.toThrow();
    expect(posted()).toBe(1);
  });

  test('half an answer and an answer that is no JSON come after the message was posted', async () => {
    slack.faults.next('chat.postMessage', { kind: 'half-body' });
    await expect(post().then((response) => response.json())).rejects.toThrow();
    slack.faults.next('chat.postMessage', { kind: 'wrong-json' });
    await expect(post().then((response) => response.json())).rejects.toThrow('not valid JSON');
    expect(posted()).toBe(2);
  });

  test('a held call goes on when it is let go', async () => {
    let release = () => {};
    slack.faults.next('chat.postMessage', { kind: 'hold', until: new Promise<void>((resolve) => (release = resolve)) });
    const waiting = post();
    await fetch(`${slack.apiUrl}api.test`, { headers: { authorization: `Bearer ${OPTIONS.botToken}` } });
    expect(posted()).toBe(0);
    release();
    expect((await waiting).status).toBe(200);
    expect(posted()).toBe(1);
  });

  test('while Slack is down nothing is answered', async () => {
    slack.down(true);
    await expect(post()).rejects.toThrow();
    slack.down(false);
    expect((await post()).status).toBe(200);
  });
});
