import { randomBytes } from 'node:crypto';
import type { Link } from './delivery.ts';
import type { Events } from './events.ts';
import { createFaults, type Faults } from './faults.ts';
import type {
  ApiCall,
  Change,
  Delivery,
  SlackChannel,
  SlackEphemeral,
  SlackFile,
  SlackMessage,
  SlackOptions,
  SlackUser,
  SlackUserGroup,
  SlackView,
  Violation,
} from './types.ts';

export const BOT_USER = 'U0BOT';
export const BOT_ID = 'B0BOT';
export const APP_ID = 'A0SLIPWAY';

/** A link an app may answer to: at most 5 times within 30 minutes. */
export interface ResponseUrl {
  token: string;
  user: string;
  channel: string;
  threadTs: string | null;
  uses: number;
  expiresAt: number;
  /** What `replace_original` and `delete_original` act on; null for a slash command. */
  original: SlackMessage | SlackEphemeral | null;
  /** Everything shown through it, in order. */
  shown: (SlackMessage | SlackEphemeral)[];
}

export interface Trigger {
  user: string;
  expiresAt: number;
  used: boolean;
  /** The modal the person acted in, if any: `views.push` needs it. */
  viewId: string | null;
  /** The modal that was opened with it. */
  opened: SlackView | null;
}

/** All that this Slack knows; the API and the driver work on it. */
export interface World {
  options: SlackOptions;
  baseUrl: string;
  users: Map<string, SlackUser>;
  channels: Map<string, SlackChannel>;
  userGroups: Map<string, SlackUserGroup>;
  messages: SlackMessage[];
  ephemerals: SlackEphemeral[];
  files: Map<string, SlackFile>;
  pendingUploads: Map<string, SlackFile>;
  /** Open modals per user, the top one last. */
  stacks: Map<string, SlackView[]>;
  views: Map<string, SlackView>;
  homes: Map<string, SlackView>;
  triggers: Map<string, Trigger>;
  responseUrls: Map<string, ResponseUrl>;
  calls: ApiCall[];
  deliveries: Delivery[];
  violations: Violation[];
  faults: Faults;
  link: Link;
  /** Socket Mode addresses handed out and not used yet. */
  tickets: Set<string>;
  events: Events;
  watchers: Set<(change: Change) => void>;
  lastTsMicros: number;
  counters: Map<string, number>;
  now(): Date;
  wallNow(): number;
}

/** The bare state; `startSlack` adds the link and the events. */
export function createWorld(options: SlackOptions): Omit<World, 'link' | 'events'> {
  const clock = options.clock ?? (() => new Date());
  const wall = options.wallClock ?? (() => new Date());
  return {
    options,
    baseUrl: '',
    users: new Map(),
    channels: new Map(),
    userGroups: new Map(),
    messages: [],
    ephemerals: [],
    files: new Map(),
    pendingUploads: new Map(),
    stacks: new Map(),
    views: new Map(),
    homes: new Map(),
    triggers: new Map(),
    responseUrls: new Map(),
    tickets: new Set(),
    calls: [],
    deliveries: [],
    violations: [],
    faults: createFaults(),
    watchers: new Set(),
    lastTsMicros: 0,
    counters: new Map(),
    now: () => clock(),
    wallNow: () => wall().getTime(),
  };
}

/** A message ts: seconds and six digits, growing also when the clock stands still or goes back. */
export function mintTs(world: World): string {
  const micros = Math.max(world.now().getTime() * 1000, world.lastTsMicros + 1);
  world.lastTsMicros = micros;
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
}

export function mintId(world: World, prefix: string): string {
  const count = (world.counters.get(prefix) ?? 0) + 1;
  world.counters.set(prefix, count);
  return `${prefix}${String(count).padStart(8, '0')}`;
}

export const randomToken = (bytes = 8): string => randomBytes(bytes).toString('hex');

export function tell(world: World, change: Change): void {
  for (const watcher of world.watchers) watcher(change);
}

export function recordViolation(world: World, violation: Violation): void {
  world.violations.push(violation);
  tell(world, { kind: 'violation', violation });
}

/** Resolves with the first truthy answer of `probe`, asked now and after every change; rejects after the timeout. */
export function until<T>(
  world: World,
  probe: () => T | null | undefined | false,
  what: string,
  timeoutMs = 30_000,
): Promise<T> {
  const first = probe();
  if (first) return Promise.resolve(first);
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      world.watchers.delete(look);
    };
    const look = () => {
      try {
        const found = probe();
        if (!found) return;
        stop();
        resolve(found);
      } catch (error) {
        stop();
        reject(error);
      }
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`Slack waited ${timeoutMs} ms for ${what} and it did not come`));
    }, timeoutMs);
    world.watchers.add(look);
  });
}

export function findUser(world: World, idOrName: string): SlackUser {
  const wanted = idOrName.replace(/^@/, '');
  const found =
    world.users.get(wanted) ??
    [...world.users.values()].find((user) => user.name === wanted || user.realName === wanted);
  if (!found)
    throw new Error(
      `No user "${idOrName}"; there are ${[...world.users.values()].map((user) => user.name).join(', ')}`,
    );
  return found;
}

export function findChannel(world: World, idOrName: string): SlackChannel {
  const wanted = idOrName.replace(/^#/, '');
  const found = world.channels.get(wanted) ?? [...world.channels.values()].find((channel) => channel.name === wanted);
  if (!found) {
    const names = [...world.channels.values()].map((channel) => `#${channel.name}`).join(', ');
    throw new Error(`No channel "${idOrName}"; there are ${names}`);
  }
  return found;
}

/** The direct channel of two users, made when it is not there yet. */
export function directChannel(world: World, userA: string, userB: string): SlackChannel {
  for (const channel of world.channels.values()) {
    if (channel.kind === 'im' && channel.members.has(userA) && channel.members.has(userB)) return channel;
  }
  const id = mintId(world, 'D');
  const channel: SlackChannel = {
    id,
    name: id,
    kind: 'im',
    members: new Set([userA, userB]),
    archived: false,
    creator: userA,
    createdAt: world.now(),
  };
  world.channels.set(id, channel);
  return channel;
}

export function findMessage(world: World, channel: string, ts: string): SlackMessage | null {
  return world.messages.find((message) => message.channel === channel && message.ts === ts && !message.deleted) ?? null;
}

const TRIGGER_LIFE_MS = 3000;

export function mintTrigger(world: World, user: string, viewId: string | null = null): string {
  const id = `${world.wallNow()}.${mintId(world, '')}.${randomToken(16)}`;
  world.triggers.set(id, { user, expiresAt: world.wallNow() + TRIGGER_LIFE_MS, used: false, viewId, opened: null });
  return id;
}

export const RESPONSE_URL_USES = 5;
const RESPONSE_URL_LIFE_MS = 30 * 60_000;

export function mintResponseUrl(
  world: World,
  fields: Pick<ResponseUrl, 'user' | 'channel' | 'threadTs' | 'original'>,
): { url: string; entry: ResponseUrl } {
  const token = randomToken(12);
  const entry: ResponseUrl = {
    ...fields,
    token,
    uses: 0,
    expiresAt: world.wallNow() + RESPONSE_URL_LIFE_MS,
    shown: [],
  };
  world.responseUrls.set(token, entry);
  return { url: `${world.baseUrl}/actions/${world.options.teamId}/${token}`, entry };
}
