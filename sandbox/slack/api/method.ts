import { checkMessageBlocks } from '../block-kit/validate.ts';
import type { Json, SlackChannel } from '../types.ts';
import { BOT_USER, recordViolation, type World } from '../world.ts';

/** A logical failure: HTTP 200 with `ok: false`. */
export class ApiError extends Error {
  readonly code: string;
  readonly extra: Json;
  constructor(code: string, extra: Json = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

export interface Method {
  /** Scope that is needed; any of them when several. Null: none. */
  scope: readonly string[] | null;
  /** Which token it takes; default bot. */
  token?: 'bot' | 'app';
  /** Reading methods take form bodies only; a JSON body is not looked at. */
  formOnly?: boolean;
  required?: readonly string[];
  run(world: World, args: Json): Json | Promise<Json>;
}

export function badArguments(...messages: string[]): ApiError {
  return new ApiError('invalid_arguments', {
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  });
}

export function text(args: Json, name: string): string | null {
  const value = args[name];
  if (value === undefined || value === null || value === '') return null;
  return typeof value === 'string' ? value : String(value);
}

export function needed(args: Json, name: string): string {
  const value = text(args, name);
  if (value === null) throw badArguments(`missing required field: ${name}`);
  return value;
}

export function flag(args: Json, name: string): boolean {
  return args[name] === true || args[name] === 'true' || args[name] === '1' || args[name] === 1;
}

export function count(args: Json, name: string, fallback: number, max: number): number {
  const value = text(args, name);
  if (value === null) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new ApiError('invalid_limit');
  return Math.min(number || fallback, max);
}

/** A structured argument: JSON text in a form body, or the value itself in a JSON body. */
export function structured(args: Json, name: string, error: string): unknown {
  const value = args[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new ApiError(error);
  }
}

/** The blocks of a message argument, checked; a fault is recorded as a violation and refused. */
export function messageBlocks(world: World, where: string, args: Json): unknown[] | undefined {
  const blocks = structured(args, 'blocks', 'invalid_blocks_format');
  if (blocks === undefined) return undefined;
  const fault = checkMessageBlocks(blocks, (id) => world.files.has(id));
  if (fault) {
    recordViolation(world, { where, error: fault.error, messages: fault.messages, args });
    throw new ApiError(fault.error, {
      errors: fault.messages,
      response_metadata: { messages: fault.messages.map((message) => `[ERROR] ${message}`) },
    });
  }
  return blocks as unknown[];
}

/** A channel the app may see: private ones and direct messages only as a member. */
export function visibleChannel(world: World, id: string): SlackChannel {
  const channel = world.channels.get(id);
  if (!channel || (channel.kind !== 'public' && !channel.members.has(BOT_USER)))
    throw new ApiError('channel_not_found');
  return channel;
}

export function memberChannel(world: World, id: string): SlackChannel {
  const channel = visibleChannel(world, id);
  if (!channel.members.has(BOT_USER)) throw new ApiError('not_in_channel');
  return channel;
}

/** One page of a list, and the cursor of the next. */
export function page<T>(items: T[], args: Json, fallback: number, max: number): { items: T[]; next: string } {
  const limit = count(args, 'limit', fallback, max);
  const cursor = text(args, 'cursor');
  const start = cursor === null ? 0 : Number(Buffer.from(cursor, 'base64').toString('utf8').replace('next:', ''));
  if (!Number.isInteger(start)) throw new ApiError('invalid_cursor');
  const end = start + limit;
  return {
    items: items.slice(start, end),
    next: end < items.length ? Buffer.from(`next:${end}`).toString('base64') : '',
  };
}
