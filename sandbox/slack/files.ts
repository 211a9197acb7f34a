import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { emitPosted } from './events.ts';
import { type Draft, postMessage } from './messages.ts';
import type { Delivery, FileContent, SlackFile, SlackMessage, UploadSource } from './types.ts';
import { BOT_USER, mintId, mintTs, randomToken, tell, type World } from './world.ts';

const MIMETYPES: Record<string, string> = {
  apk: 'application/vnd.android.package-archive',
  aab: 'application/octet-stream',
  ipa: 'application/octet-stream',
  zip: 'application/zip',
  txt: 'text/plain',
  png: 'image/png',
  json: 'application/json',
};

export function newFile(
  world: World,
  name: string,
  sizeBytes: number,
  user: string,
  content: FileContent | null,
  mimetype?: string,
): SlackFile {
  const filetype = extname(name).slice(1).toLowerCase() || 'binary';
  return {
    id: mintId(world, 'F'),
    name,
    title: name,
    mimetype: mimetype ?? MIMETYPES[filetype] ?? 'application/octet-stream',
    filetype,
    sizeBytes,
    user,
    createdAt: world.now(),
    shares: [],
    stub: false,
    externalUrl: null,
    deleted: false,
    content,
  };
}

const spools = new WeakMap<World, Promise<string>>();

function spoolDir(world: World): Promise<string> {
  const existing = spools.get(world);
  if (existing) return existing;
  const made = mkdtemp(join(tmpdir(), 'local-slack-'));
  spools.set(world, made);
  return made;
}

/** Removes the temporary files. */
export async function dropSpool(world: World): Promise<void> {
  const dir = spools.get(world);
  if (dir) await rm(await dir, { recursive: true, force: true });
}

/** Writes a stream to a temporary file; memory stays flat. */
export async function spool(world: World, stream: Readable): Promise<{ content: FileContent; sizeBytes: number }> {
  const path = join(await spoolDir(world), randomToken(8));
  await pipeline(stream, createWriteStream(path));
  return { content: { path, temporary: true }, sizeBytes: (await stat(path)).size };
}

/** Takes a file from a person's disk, memory or a stream; nothing is shared yet. */
export async function takeUpload(world: World, user: string, source: UploadSource): Promise<SlackFile> {
  let content: FileContent;
  let sizeBytes: number;
  if (source.path !== undefined) {
    content = { path: source.path, temporary: false };
    sizeBytes = (await stat(source.path)).size;
  } else if (source.stream) {
    ({ content, sizeBytes } = await spool(world, source.stream));
  } else {
    const bytes = Buffer.from(source.bytes ?? '');
    content = { bytes };
    sizeBytes = bytes.length;
  }
  const file = newFile(world, source.name, source.sizeBytes ?? sizeBytes, user, content, source.mimetype);
  file.externalUrl = source.externalUrl ?? null;
  if (file.externalUrl !== null) file.content = null;
  world.files.set(file.id, file);
  tell(world, { kind: 'file', file });
  return file;
}

export async function contentSize(content: FileContent): Promise<number> {
  return 'bytes' in content ? content.bytes.length : (await stat(content.path)).size;
}

/** Large enough that reading is not what slows a download down. */
const READ_BYTES = 512 * 1024;

/** The bytes from `start` to `end`, both inclusive. */
export function readContent(content: FileContent, start: number, end: number): Readable {
  if ('bytes' in content) return Readable.from([content.bytes.subarray(start, end + 1)]);
  return end < start ? Readable.from([]) : createReadStream(content.path, { start, end, highWaterMark: READ_BYTES });
}

export type ShareEvent = 'message' | 'file_shared';

/** What came of sharing files: the message, and the first delivery attempt of each event. */
export interface Shared {
  message: SlackMessage;
  deliveries: Promise<(Delivery | null)[]>;
}

/** Posts a message with files and tells the app twice, as Slack does: `file_shared` and `message`/`file_share`. */
export function shareFiles(
  world: World,
  draft: Draft & { files: SlackFile[] },
  events: readonly ShareEvent[] = ['message', 'file_shared'],
): Shared {
  const message = postMessage(world, draft);
  const inChannel = world.channels.get(draft.channel)?.members.has(BOT_USER) ?? false;
  const sends: Record<ShareEvent, () => Promise<Delivery | null>[]> = {
    message: () => [emitPosted(world, message)],
    file_shared: () => (inChannel ? draft.files.map((file) => emitFileShared(world, file, draft.channel)) : []),
  };
  return { message, deliveries: Promise.all(events.flatMap((event) => sends[event]())) };
}

function emitFileShared(world: World, file: SlackFile, channel: string): Promise<Delivery | null> {
  return world.events.emit('file_shared', {
    type: 'file_shared',
    file_id: file.id,
    user_id: file.user,
    file: { id: file.id },
    channel_id: channel,
    event_ts: mintTs(world),
  });
}
