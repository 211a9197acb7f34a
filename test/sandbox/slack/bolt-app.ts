import type { AddressInfo } from 'node:net';
import { App, type AppOptions, ExpressReceiver, SocketModeReceiver } from '@slack/bolt';
import type { Slack } from '../../../sandbox/slack/index.ts';

/** A small real Bolt app with every kind of listener the tests need. */
export interface BoltApp {
  app: App;
  seen: { event: Record<string, unknown>; retry: number | undefined }[];
  close(): Promise<void>;
}

const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} };

function options(slack: Slack): AppOptions {
  return {
    token: slack.options.botToken,
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    logger: quiet as never,
    deferInitialization: true,
  };
}

const input = (
  blockId: string,
  label: string,
  element: Record<string, unknown>,
  more: Record<string, unknown> = {},
) => ({
  type: 'input',
  block_id: blockId,
  label: { type: 'plain_text', text: label },
  element,
  ...more,
});
const choice = (value: string) => ({ text: { type: 'plain_text', text: `The ${value}` }, value });

const FORM = {
  type: 'modal',
  callback_id: 'form',
  private_metadata: 'kept',
  notify_on_close: true,
  title: { type: 'plain_text', text: 'New release' },
  submit: { type: 'plain_text', text: 'Create' },
  blocks: [
    input('name', 'Name', { type: 'plain_text_input', action_id: 'a', max_length: 20 }),
    input('kind', 'Kind', { type: 'static_select', action_id: 'a', options: [choice('staged'), choice('quick')] }),
    input(
      'radio',
      'Colour',
      { type: 'radio_buttons', action_id: 'a', options: [choice('red'), choice('blue')] },
      { optional: true },
    ),
    input(
      'boxes',
      'Platforms',
      { type: 'checkboxes', action_id: 'a', options: [choice('ios'), choice('android')] },
      { optional: true },
    ),
    input('pilot', 'Pilot', { type: 'users_select', action_id: 'a', initial_user: 'U01ALICE' }),
    input('channel', 'Channel', { type: 'channels_select', action_id: 'a' }, { optional: true }),
    input('day', 'Day', { type: 'datepicker', action_id: 'a' }, { optional: true }),
    input('hour', 'Hour', { type: 'timepicker', action_id: 'a' }, { optional: true }),
    input('kickoff', 'Kick-off', { type: 'datetimepicker', action_id: 'a' }, { optional: true }),
    input(
      'file',
      'Build',
      { type: 'file_input', action_id: 'a', filetypes: ['apk'], max_files: 1 },
      { optional: true },
    ),
    input('approvers', 'Approvers', { type: 'multi_users_select', action_id: 'a' }, { optional: true }),
    input(
      'ticket',
      'Ticket',
      { type: 'external_select', action_id: 'lookup', min_query_length: 1 },
      { optional: true },
    ),
  ],
};

function listen(app: App, seen: BoltApp['seen']): void {
  app.command('/release', async ({ command, ack, respond, client }) => {
    if (command.text === 'slow') {
      await ack();
      await respond({ text: 'later' });
      await respond({ text: 'everyone', response_type: 'in_channel' });
      return;
    }
    if (command.text === 'json') return ack({ response_type: 'ephemeral', text: 'from json' });
    if (command.text === 'new') {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: FORM as never });
      return;
    }
    if (command.text === 'never') return;
    await ack(`you said ${command.text}`);
  });
  app.action('approve', async ({ ack, respond, body }) => {
    await ack();
    await respond({ replace_original: true, text: `approved by ${body.user.id}` });
  });
  app.options('lookup', async ({ options: asked, ack }) => {
    const text = { type: 'plain_text' as const, text: `Ticket ${asked.value}` };
    await ack({ options: [{ text, value: `T-${asked.value}` }] });
  });
  app.view('form', async ({ ack, view }) => {
    const name = view.state.values['name']?.['a']?.value;
    if (name === 'bad') return ack({ response_action: 'errors', errors: { name: 'Taken' } });
    if (name === 'stray') return ack({ response_action: 'errors', errors: { nowhere: 'Taken' } });
    const next = { ...FORM, callback_id: 'second' } as never;
    if (name === 'update') return ack({ response_action: 'update', view: next });
    if (name === 'push') return ack({ response_action: 'push', view: next });
    if (name === 'clear') return ack({ response_action: 'clear' });
    return ack();
  });
  app.view({ callback_id: /form|second/, type: 'view_closed' }, async ({ ack, body }) => {
    seen.push({ event: body as never, retry: undefined });
    await ack();
  });
  app.shortcut('use_as_build', async ({ ack, shortcut }) => {
    seen.push({ event: shortcut as never, retry: undefined });
    await ack();
  });
  app.shortcut('new_release', async ({ ack, client, shortcut }) => {
    await ack();
    await client.views.open({ trigger_id: shortcut.trigger_id, view: FORM as never });
  });
  for (const type of ['message', 'file_shared', 'app_mention', 'member_joined_channel']) {
    app.event(type, async ({ event, context }) => {
      seen.push({ event: event as never, retry: context.retryNum });
    });
  }
  app.event('app_home_opened', async ({ event, client }) => {
    const text = { type: 'mrkdwn' as const, text: `Home of <@${event.user}>` };
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [{ type: 'section', text }] } });
  });
}

export async function startBolt(slack: Slack, mode: 'http' | 'socket'): Promise<BoltApp> {
  const seen: BoltApp['seen'] = [];
  if (mode === 'http') {
    const receiver = new ExpressReceiver({ signingSecret: slack.options.signingSecret, logger: quiet as never });
    const app = new App({ ...options(slack), receiver });
    listen(app, seen);
    await app.init();
    const server = (await app.start(0)) as { address(): AddressInfo };
    slack.setRequestUrl(`http://127.0.0.1:${server.address().port}/slack/events`);
    return { app, seen, close: async () => void (await app.stop()) };
  }
  const receiver = new SocketModeReceiver({
    appToken: slack.options.appToken ?? '',
    logger: quiet as never,
    clientPingTimeout: 50,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  } as never);
  const app = new App({ ...options(slack), receiver });
  listen(app, seen);
  await app.init();
  await app.start();
  return { app, seen, close: async () => void (await app.stop()) };
}
