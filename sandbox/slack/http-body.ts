import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import { spool } from './files.ts';
import type { FileContent, Json } from './types.ts';
import type { World } from './world.ts';

export function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
    request.on('aborted', () => reject(new Error('aborted')));
  });
}

export interface Arguments {
  args: Json;
  json: boolean;
  warning: string | null;
}

/** The arguments of a Web API call: query string, form, multipart fields or JSON. */
export async function readArguments(request: IncomingMessage, query: URLSearchParams): Promise<Arguments> {
  const contentType = request.headers['content-type'] ?? '';
  const args: Json = Object.fromEntries(query);
  if (contentType.startsWith('multipart/form-data')) {
    Object.assign(args, await multipartFields(request));
    return { args, json: false, warning: null };
  }
  const raw = await readText(request);
  if (!contentType.startsWith('application/json')) {
    Object.assign(args, Object.fromEntries(new URLSearchParams(raw)));
    return { args, json: false, warning: null };
  }
  const body: unknown = raw === '' ? {} : JSON.parse(raw);
  if (typeof body === 'object' && body !== null) Object.assign(args, body);
  return { args, json: true, warning: contentType.includes('charset') ? null : 'missing_charset' };
}

function multipartFields(request: IncomingMessage): Promise<Json> {
  return new Promise((resolve, reject) => {
    const fields: Json = {};
    const parser = new Busboy({ headers: { 'content-type': '', ...request.headers } as never });
    parser.on('field', (name, value) => {
      fields[name] = value;
    });
    parser.on('file', (_name, stream) => stream.resume());
    parser.on('finish', () => resolve(fields));
    parser.on('error', reject);
    request.pipe(parser);
  });
}

type Spooled = { content: FileContent; sizeBytes: number };

/** The bytes sent to an upload URL: raw, or the first file of a multipart form. */
export function readUpload(world: World, request: IncomingMessage): Promise<Spooled> {
  const contentType = request.headers['content-type'] ?? '';
  if (!contentType.startsWith('multipart/form-data')) return spool(world, request);
  return new Promise((resolve, reject) => {
    let taken: Promise<Spooled> | null = null;
    const parser = new Busboy({ headers: { 'content-type': '', ...request.headers } as never });
    parser.on('file', (_name, stream) => {
      if (taken) stream.resume();
      else taken = spool(world, stream);
    });
    parser.on('finish', () => {
      if (taken) taken.then(resolve, reject);
      else reject(new Error('no file in the form'));
    });
    parser.on('error', reject);
    request.pipe(parser);
  });
}
