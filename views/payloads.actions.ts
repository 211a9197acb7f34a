import type {
  AllMiddlewareArgs,
  BlockAction,
  BlockElementAction,
  GlobalShortcut,
  MessageShortcut,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from '@slack/bolt';
import { z } from 'zod';
import type { Click, Respond, SharedMessage, ShortcutUse, Submission } from './deps.ts';
import type { ViewValues } from './types.ts';

/** Slack's payloads as the handlers' own shapes: only what is read is taken over. */

type Context = AllMiddlewareArgs['context'];

/** The workspace a request belongs to. */
export function tenantOf(context: Context): string | null {
  return context.teamId ?? null;
}

export function clickOf(
  body: BlockAction,
  action: BlockElementAction,
  context: Context,
  respond: Respond | undefined,
): Click | null {
  const tenantId = tenantOf(context);
  if (tenantId === null) return null;
  const { message, threadTs } = clickedMessage(body);
  return {
    asker: {
      tenantId,
      userId: body.user.id,
      channelId: message?.channelId ?? null,
      threadTs,
      respond: body.response_url && respond ? respond : null,
    },
    actionId: action.action_id,
    value: actionValue(action),
    triggerId: body.trigger_id,
    message,
    view: body.view
      ? {
          id: body.view.id,
          hash: body.view.hash,
          type: body.view.type,
          privateMetadata: body.view.private_metadata,
          values: ViewState.parse(body.view.state?.values ?? {}),
        }
      : null,
  };
}

const Container = z.object({
  message_ts: z.string(),
  channel_id: z.string(),
  thread_ts: z.string().optional(),
  is_ephemeral: z.boolean().default(false),
});

function clickedMessage(body: BlockAction): { message: Click['message']; threadTs: string | null } {
  const container = Container.safeParse(body.container);
  if (!container.success) return { message: null, threadTs: null };
  const { message_ts: ts, channel_id: channelId, thread_ts, is_ephemeral: ephemeral } = container.data;
  const inThread = thread_ts ?? body.message?.['thread_ts'];
  // The first message of a thread stands in the channel.
  const threadTs = typeof inThread === 'string' && inThread !== ts ? inThread : null;
  return { message: { channelId, ts, ephemeral }, threadTs };
}

function actionValue(action: BlockElementAction): string | null {
  if (action.type === 'button') return action.value ?? null;
  if (action.type === 'overflow' || action.type === 'static_select') return action.selected_option?.value ?? null;
  return null;
}

/** The inputs of a view, as far as they are read (`ViewValue`). */
const ViewState: z.ZodType<ViewValues> = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      value: z.string().nullish(),
      selected_date_time: z.number().nullish(),
      selected_user: z.string().nullish(),
      selected_option: z.object({ value: z.string() }).nullish(),
      files: z.array(z.object({ id: z.string(), name: z.string().default('') })).optional(),
    }),
  ),
) as z.ZodType<ViewValues>;

export function submissionOf(
  { body, view }: Pick<SlackViewMiddlewareArgs<ViewSubmitAction>, 'body' | 'view'>,
  context: Context,
): Submission | null {
  const tenantId = tenantOf(context);
  if (tenantId === null) return null;
  return {
    tenantId,
    userId: body.user.id,
    triggerId: body.trigger_id,
    viewId: view.id,
    privateMetadata: view.private_metadata,
    values: ViewState.parse(view.state.values),
  };
}

export function shortcutUseOf(
  shortcut: GlobalShortcut | MessageShortcut,
  context: Context,
  respond: Respond | undefined,
): ShortcutUse | null {
  const tenantId = tenantOf(context);
  if (tenantId === null) return null;
  const onMessage = shortcut.type === 'message_action' ? shortcut : null;
  const message = onMessage ? sharedMessageOf(onMessage.message) : null;
  return {
    asker: {
      tenantId,
      userId: shortcut.user.id,
      channelId: onMessage?.channel.id ?? null,
      threadTs: message !== null && message.threadTs !== message.ts ? message.threadTs : null,
      respond: onMessage && respond ? respond : null,
    },
    triggerId: shortcut.trigger_id,
    message,
  };
}

const MessageWithFiles = z.object({
  ts: z.string(),
  thread_ts: z.string().optional(),
  text: z.string().nullish(),
  // A file from another workspace comes as a stub without a name.
  files: z.array(z.object({ id: z.string(), name: z.string().nullish() })).default([]),
});

export function sharedMessageOf(message: unknown): SharedMessage | null {
  const parsed = MessageWithFiles.safeParse(message);
  if (!parsed.success) return null;
  const { ts, thread_ts, text, files } = parsed.data;
  return {
    ts,
    threadTs: thread_ts ?? null,
    text: text ?? '',
    files: files.map(({ id, name }) => ({ id, name: name ?? null })),
  };
}
