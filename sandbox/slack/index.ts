import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { emitJoined } from './api/conversations.ts';
import { type Answer, createLink, type Forgery } from './delivery.ts';
import { createPerson, type Person } from './driver/person.ts';
import { createEvents } from './events.ts';
import type { Faults } from './faults.ts';
import { dropSpool } from './files.ts';
import { createSlackServer } from './http.ts';
import { keepWorld, restoreWorld } from './keep.ts';
import { seed } from './seed.ts';
import { attachSocketMode } from './socket.ts';
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
import {
  BOT_ID,
  BOT_USER,
  createWorld,
  findChannel,
  findMessage,
  findUser,
  mintId,
  until,
  type World,
} from './world.ts';

export type { Forgery } from './delivery.ts';
export type { Ack } from './driver/ack.ts';
export type { ElementRef, Target } from './driver/find.ts';
export type { Click, ClickOptions, Person, ShareOptions } from './driver/person.ts';
export { elementsOf, type Placed } from './driver/state.ts';
export type { SubmitResult } from './driver/submission.ts';
export type { FieldValue } from './driver/values.ts';
export type { Fault, Faults } from './faults.ts';
export type { ShareEvent } from './files.ts';
export type * from './types.ts';

/** A local Slack workspace with one app installed: Web API, deliveries to the app, people, and a record of it all. */
export interface Slack {
  /** `http://127.0.0.1:P` */
  url: string;
  /** `http://127.0.0.1:P/api/`, for `slackApiUrl` and `SLACK_API_URL`. */
  apiUrl: string;
  port: number;
  botUserId: string;
  botId: string;
  options: SlackOptions;
  /** Where commands, interactions and events go (`http://127.0.0.1:3000/slack/events`); null: nowhere. */
  setRequestUrl(url: string | null): void;
  /** The url_verification handshake; true when the app echoed the challenge. */
  verifyRequestUrl(): Promise<boolean>;
  /** A person by id or name; made anew each time, holds nothing of its own. */
  user(idOrName: string): Person;
  addUser(user: Partial<SlackUser> & { name: string }): Person;
  /** Members default to everyone but the bot. */
  addChannel(channel: { name: string; id?: string; kind?: 'public' | 'private'; members?: string[] }): SlackChannel;
  addUserGroup(group: { handle: string; id?: string; name?: string; users: string[] }): SlackUserGroup;
  /** Brings the bot into a channel (and tells it so). */
  inviteBot(channel: string): Promise<void>;
  removeBot(channel: string): void;
  archive(channel: string): void;
  channel(idOrName: string): SlackChannel;
  users(): SlackUser[];
  userGroups(): SlackUserGroup[];
  /** The time of `clock`. */
  now(): Date;
  channels(): SlackChannel[];
  /** Messages that stand there now, oldest first; thread replies included. */
  messages(channel?: string): SlackMessage[];
  /** Root and replies, oldest first. */
  thread(channel: string, rootTs: string): SlackMessage[];
  message(channel: string, ts: string): SlackMessage | null;
  /** Also the deleted ones. */
  allMessages(): SlackMessage[];
  ephemerals(user?: string): SlackEphemeral[];
  files(): SlackFile[];
  /** Open modals of a user, the top one last. */
  openViews(user: string): SlackView[];
  home(user: string): SlackView | null;
  /** Web API calls in the order they came, with their answers; `file_download` counts as one. */
  calls(method?: string): ApiCall[];
  deliveries: Delivery[];
  /** Shape errors the bot made; a test should end with none. */
  violations: Violation[];
  faults: Faults;
  /** Cuts every connection until `down(false)`. */
  down(isDown: boolean): void;
  /** Spoils signatures of all that is sent from now on; null: honest again. */
  forge(forgery: Forgery | null): void;
  /** POSTs a raw signed body to the app. */
  post(body: string, contentType: string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends an event again, with the retry headers. Ids are in `deliveries[].eventId`. */
  resend(eventId: string): Promise<Delivery>;
  /** Carries out the waiting retries of events now. */
  flushRetries(): Promise<void>;
  /** Resolves when no event's first delivery is under way. */
  idle(): Promise<void>;
  /** Makes every trigger handed out so far expire, without waiting three seconds. */
  expireTriggers(): void;
  /** Makes every response_url handed out so far expire. */
  expireResponseUrls(): void;
  /** Waits for the first truthy answer, asked again after every change. Rejects after `timeoutMs` (30 000). */
  until<T>(probe: () => T | null | undefined | false, what?: string, timeoutMs?: number): Promise<T>;
  /** Tells of every change until the returned function is called. */
  watch(listener: (change: Change) => void): () => void;
  socketMode: {
    connections(): number;
    /** Asks the clients to reconnect, as Slack does every few hours. */
    refresh(reason?: 'warning' | 'refresh_requested' | 'link_disabled'): void;
    drop(): void;
  };
  /** The workspace as bytes, for the option `kept` of a later one. */
  keep(): Buffer;
  close(): Promise<void>;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Starts a local Slack with a seeded workspace: alice, bob, carol and dave; #general and #releases. */
export async function startSlack(options: SlackOptions): Promise<Slack> {
  const world = createWorld(options) as World;
  world.link = createLink(world);
  world.events = createEvents(world);
  let isDown = false;
  const server = createSlackServer(world, () => isDown);
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  const socketMode = attachSocketMode(world, server, () => isDown);
  const port = await listen(server, options.port ?? 0);
  world.baseUrl = `http://127.0.0.1:${port}`;
  if (options.kept) restoreWorld(world, options.kept);
  else seed(world);

  const standing = () => world.messages.filter((message) => !message.deleted);
  const cut = () => {
    socketMode.drop();
    for (const connection of connections) connection.destroy();
  };

  return {
    url: world.baseUrl,
    apiUrl: `${world.baseUrl}/api/`,
    port,
    botUserId: BOT_USER,
    botId: BOT_ID,
    options,
    setRequestUrl(url) {
      world.link.requestUrl = url;
    },
    async verifyRequestUrl() {
      const body = JSON.stringify({
        token: 'legacy-verification-token',
        challenge: 'c-9f2b',
        type: 'url_verification',
      });
      const answer = await world.link.post(body, 'application/json');
      return answer.status === 200 && answer.body.includes('c-9f2b');
    },
    user: (idOrName) => createPerson(world, findUser(world, idOrName)),
    addUser(user) {
      const id = user.id ?? mintId(world, 'U');
      const defaults = {
        realName: user.name,
        email: `${user.name}@example.com`,
        tz: 'UTC',
        isBot: false,
        deleted: false,
      };
      const full: SlackUser = { ...defaults, ...user, id };
      world.users.set(id, full);
      for (const channel of world.channels.values()) if (channel.kind === 'public') channel.members.add(id);
      return createPerson(world, full);
    },
    addChannel(channel) {
      const id = channel.id ?? mintId(world, channel.kind === 'private' ? 'G' : 'C');
      const people = [...world.users.values()].filter((user) => !user.isBot).map((user) => user.id);
      const members = new Set(channel.members?.map((name) => findUser(world, name).id) ?? people);
      const [creator = BOT_USER] = members;
      const kind = channel.kind ?? 'public';
      const full: SlackChannel = {
        id,
        name: channel.name,
        kind,
        members,
        archived: false,
        creator,
        createdAt: world.now(),
      };
      world.channels.set(id, full);
      return full;
    },
    addUserGroup(group) {
      const id = group.id ?? mintId(world, 'S');
      const users = group.users.map((name) => findUser(world, name).id);
      const full: SlackUserGroup = { id, handle: group.handle, name: group.name ?? group.handle, users };
      world.userGroups.set(id, full);
      return full;
    },
    async inviteBot(name) {
      const channel = findChannel(world, name);
      channel.members.add(BOT_USER);
      await emitJoined(world, channel, BOT_USER);
    },
    removeBot: (name) => void findChannel(world, name).members.delete(BOT_USER),
    archive(name) {
      findChannel(world, name).archived = true;
    },
    channel: (idOrName) => findChannel(world, idOrName),
    users: () => [...world.users.values()],
    userGroups: () => [...world.userGroups.values()],
    now: () => world.now(),
    channels: () => [...world.channels.values()],
    messages(channel) {
      const id = channel === undefined ? null : findChannel(world, channel).id;
      return standing().filter((message) => id === null || message.channel === id);
    },
    thread(channel, rootTs) {
      const { id } = findChannel(world, channel);
      return standing().filter(
        (message) => message.channel === id && (message.ts === rootTs || message.threadTs === rootTs),
      );
    },
    message: (channel, ts) => findMessage(world, findChannel(world, channel).id, ts),
    allMessages: () => [...world.messages],
    ephemerals(user) {
      const id = user === undefined ? null : findUser(world, user).id;
      return world.ephemerals.filter((shown) => id === null || shown.user === id);
    },
    files: () => [...world.files.values()],
    openViews: (user) => [...(world.stacks.get(findUser(world, user).id) ?? [])],
    home: (user) => world.homes.get(findUser(world, user).id) ?? null,
    calls: (method) => world.calls.filter((call) => method === undefined || call.method === method),
    deliveries: world.deliveries,
    violations: world.violations,
    faults: world.faults,
    down(value) {
      isDown = value;
      if (value) cut();
    },
    forge(forgery) {
      world.link.forgery = forgery;
    },
    post: (body, contentType, headers) => world.link.post(body, contentType, headers),
    resend: (eventId) => world.events.resend(eventId),
    flushRetries: () => world.events.flushRetries(),
    idle: () => world.events.idle(),
    expireTriggers() {
      for (const trigger of world.triggers.values()) trigger.expiresAt = 0;
    },
    expireResponseUrls() {
      for (const entry of world.responseUrls.values()) entry.expiresAt = 0;
    },
    until: (probe, what = 'something', timeoutMs) => until(world, probe, what, timeoutMs),
    watch(listener) {
      world.watchers.add(listener);
      return () => void world.watchers.delete(listener);
    },
    socketMode: {
      connections: () => world.link.sockets.size,
      refresh: (reason) => socketMode.refresh(reason),
      drop: () => socketMode.drop(),
    },
    keep: () => keepWorld(world),
    async close() {
      world.events.stop();
      await socketMode.close();
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await dropSpool(world);
    },
  };
}
