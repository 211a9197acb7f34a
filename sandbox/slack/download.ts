import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { visibleFile } from './api/files.ts';
import type { Fault } from './faults.ts';
import { contentSize, readContent } from './files.ts';
import type { World } from './world.ts';

const LOGIN_PAGE =
  '<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body>Sign in to Slack</body></html>';

/** Slack answers a wrong token with 200 and its login page. */
function sendLoginPage(response: ServerResponse): void {
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(LOGIN_PAGE),
  });
  response.end(LOGIN_PAGE);
}

function parseRange(header: string | undefined, size: number): { start: number; end: number } | 'bad' | null {
  if (header === undefined) return null;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start >= size || end < start ? 'bad' : { start, end };
}

/** Lets about half of the bytes through, then breaks. */
function cutAfter(bytes: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const left = bytes - passed;
      if (chunk.length <= left) {
        passed += chunk.length;
        done(null, chunk);
        return;
      }
      this.push(chunk.subarray(0, left));
      // Give what was let through the time to leave before the connection is cut.
      setImmediate(() => done(new Error('cut')));
    },
  });
}

/** GET url_private and url_private_download: bearer token, Range, streamed from where the file lies. */
export async function sendFile(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  fault: Fault | null,
): Promise<void> {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const scopes = world.options.scopes;
  const mayRead = token === world.options.botToken && (!scopes || scopes.includes('files:read'));
  const file = mayRead ? visibleFile(world, id) : null;
  if (!mayRead) return sendLoginPage(response);
  if (!file?.content || file.deleted) {
    response.writeHead(404, { 'Content-Type': 'text/plain' });
    response.end('file_not_found');
    return;
  }
  const size = await contentSize(file.content);
  const range = parseRange(request.headers.range, size);
  if (range === 'bad') {
    response.writeHead(416, { 'Content-Range': `bytes */${size}` });
    response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range ? 206 : 200, {
    'Content-Type': file.mimetype,
    'Content-Length': end - start + 1,
    'Accept-Ranges': 'bytes',
    ETag: `"${file.id}"`,
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
    ...(range ? { 'Content-Range': `bytes ${start}-${end}/${size}` } : {}),
  });
  const source = readContent(file.content, start, end);
  const cut = fault?.kind === 'half-body' ? [cutAfter(Math.floor((end - start + 1) / 2))] : [];
  // A broken pipeline destroys the response, which is what the bot should see.
  await pipeline([source, ...cut, response]).catch(() => response.destroy());
}
