import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebClient } from '@slack/web-api';
import { parse } from 'yaml';
import { z } from 'zod';
import { COMMAND } from '../commands/index.ts';
import { METHOD_SCOPES } from '../src/integrations/messenger/scopes.ts';
import { SLACK_EVENTS_PATH } from '../src/slack-app.ts';
import { SHORTCUT_HANDLERS } from '../views/index.ts';

/** `manifest.yml` holds what the bot uses and nothing it does not (Spec 6.6): both are read from the code. */

const ROOT = join(__dirname, '..');

const Manifest = z.strictObject({
  _metadata: z.object({ major_version: z.literal(2) }),
  display_information: z.object({
    name: z.string().max(35),
    description: z.string().max(140),
    long_description: z.string().min(174).max(4000),
    background_color: z.string(),
  }),
  features: z.strictObject({
    app_home: z.object({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.object({ display_name: z.string(), always_online: z.boolean() }),
    slash_commands: z.array(
      z.object({
        command: z.string().max(32),
        description: z.string(),
        usage_hint: z.string(),
        should_escape: z.boolean(),
        url: z.url(),
      }),
    ),
    shortcuts: z.array(
      z.object({
        name: z.string(),
        type: z.enum(['global', 'message']),
        callback_id: z.string(),
        description: z.string().max(150),
      }),
    ),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(z.string()) }) }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({ request_url: z.url(), bot_events: z.array(z.string()) }),
    interactivity: z.strictObject({ is_enabled: z.boolean(), request_url: z.url() }),
    org_deploy_enabled: z.boolean(),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.boolean(),
  }),
});
const manifest = Manifest.parse(parse(readFileSync(join(ROOT, 'manifest.yml'), 'utf8')));

const sources = ['src', 'commands', 'views', 'jobs'].flatMap(sourcesUnder);
const code = sources.map((path) => readFileSync(path, 'utf8')).join('\n');

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Families of Web API methods (`chat`, `views` ...) as the client has them. */
const FAMILIES = new Set(Object.entries(new WebClient()).flatMap(([key, value]) => (isFamily(value) ? [key] : [])));

function isFamily(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).some((one) => typeof one === 'function');
}

/** Every Web API method that the code calls on a client. */
function calledMethods(text: string): string[] {
  const found = text.matchAll(/\b\w*[cC]lient\s*\.((?:[a-z]\w*\.)+[a-z]\w*)\(/g);
  const methods = [...found].map((match) => match[1] ?? '');
  return [...new Set(methods)].filter((method) => FAMILIES.has(method.split('.')[0] ?? '')).sort();
}

/** What each event needs before Slack lets an app subscribe to it. `message` stands for one a kind of channel. */
const EVENT_SUBSCRIPTIONS: Record<string, { events: string[]; scopes: string[] }> = {
  app_home_opened: { events: ['app_home_opened'], scopes: [] },
  file_shared: { events: ['file_shared'], scopes: ['files:read'] },
  message: { events: ['message.channels', 'message.groups'], scopes: ['channels:history', 'groups:history'] },
};

function listenedEvents(text: string): string[] {
  return [...new Set([...text.matchAll(/\bapp\.event\(\s*'([^']+)'/g)].map((match) => match[1] ?? ''))].sort();
}

describe('manifest.yml', () => {
  it('knows the scopes of every Web API method that is called, and of no other', () => {
    expect(calledMethods(code)).toEqual(Object.keys(METHOD_SCOPES).sort());
  });

  it('finds calls however they are written', () => {
    const text =
      'deps.client.chat.update({}); options.client.files.info(x); s3Client.config.region(); client\n.users.list()';
    expect(calledMethods(text)).toEqual(['chat.update', 'files.info', 'users.list']);
  });

  it('asks for the scopes that calls, events and commands need, and for no other', () => {
    const needed = [
      ...Object.values(METHOD_SCOPES).flat(),
      ...listenedEvents(code).flatMap((event) => EVENT_SUBSCRIPTIONS[event]?.scopes ?? []),
      'commands',
    ];
    expect(manifest.oauth_config.scopes.bot).toEqual([...new Set(needed)].sort());
  });

  it('subscribes to the events that are listened to, and to no other', () => {
    const listened = listenedEvents(code);
    expect(listened).toEqual(Object.keys(EVENT_SUBSCRIPTIONS).sort());
    const events = listened.flatMap((event) => EVENT_SUBSCRIPTIONS[event]?.events ?? []);
    expect(manifest.settings.event_subscriptions.bot_events).toEqual(events.sort());
  });

  it('has the one command, with mentions escaped', () => {
    const registered = [...code.matchAll(/\bapp\.command\(\s*(\w+)/g)].map((match) => match[1]);
    expect(registered).toEqual(['COMMAND']);
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual([COMMAND]);
    expect(manifest.features.slash_commands.every(({ should_escape }) => should_escape)).toBe(true);
  });

  it('has a shortcut for every handler, and no other', () => {
    const declared = manifest.features.shortcuts.map(({ callback_id }) => callback_id).sort();
    expect(declared).toEqual(Object.keys(SHORTCUT_HANDLERS).sort());
  });

  it('switches on what the surfaces need: interactivity, the Home tab, and direct messages', () => {
    expect(manifest.settings.interactivity.is_enabled).toBe(true);
    expect(code).toContain('views.publish(');
    expect(manifest.features.app_home).toEqual({
      home_tab_enabled: true,
      // Answers that have no channel go to the person's messages tab, where nothing can be written to the bot.
      messages_tab_enabled: true,
      messages_tab_read_only_enabled: true,
    });
  });

  it('sends everything to the one address that Slack is answered at', () => {
    const urls = [
      ...manifest.features.slash_commands.map(({ url }) => url),
      manifest.settings.event_subscriptions.request_url,
      manifest.settings.interactivity.request_url,
    ];
    for (const url of urls) expect(new URL(url).pathname).toBe(SLACK_EVENTS_PATH);
  });
});
