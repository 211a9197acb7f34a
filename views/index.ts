import type { App, BlockAction, GlobalShortcut, MessageShortcut, ViewSubmitAction } from '@slack/bolt';
import { z } from 'zod';
import { attend } from './answer.actions.ts';
import { changeConfig, openCreateRelease, submitCreateRelease } from './create-release.actions.ts';
import type { Click, ClickHandler, FaceDeps, ShortcutHandler, SubmissionHandler } from './deps.ts';
import { onFileShared, onMessageWithFiles, useAsBuild } from './file-share.actions.ts';
import { GATE_HANDLERS } from './gate.actions.ts';
import { homeOpened, turnHomePage } from './home.actions.ts';
import { CALLBACKS, INPUT_ACTIONS, PAGE_ACTIONS, parsePageValue } from './ids.ts';
import { clickOf, sharedMessageOf, shortcutUseOf, submissionOf, tenantOf } from './payloads.actions.ts';
import { submitReason } from './reason-modal.actions.ts';
import { RELEASE_HANDLERS } from './release.actions.ts';
import { showList } from './show.actions.ts';
import { SLOT_HANDLERS } from './slot.actions.ts';
import { TASK_HANDLERS } from './task.actions.ts';
import { changeUploadStage, submitUploadModal } from './upload-modal.actions.ts';

export type { FaceDeps } from './deps.ts';
export { resumeAbandonedFiles } from './file-job.actions.ts';
export { refreshHome, refreshStaleHomes } from './home.actions.ts';
export { createInbox } from './inbox.actions.ts';

/** Every button, menu and dispatching input but the release picker, which goes on with a command (`commands/`). */
export const ACTION_HANDLERS: Readonly<Record<string, ClickHandler>> = {
  ...RELEASE_HANDLERS,
  ...GATE_HANDLERS,
  ...TASK_HANDLERS,
  ...SLOT_HANDLERS,
  [PAGE_ACTIONS.homePrevious]: turnHomePage,
  [PAGE_ACTIONS.homeNext]: turnHomePage,
  [PAGE_ACTIONS.listNext]: turnList,
  [INPUT_ACTIONS.createConfig]: changeConfig,
  [INPUT_ACTIONS.uploadStage]: changeUploadStage,
  // Read when the modal is submitted.
  [INPUT_ACTIONS.value]: async () => {},
};

export const SUBMISSION_HANDLERS: Readonly<Record<string, SubmissionHandler>> = {
  [CALLBACKS.createRelease]: submitCreateRelease,
  [CALLBACKS.upload]: submitUploadModal,
  [CALLBACKS.reason]: submitReason,
};

export const SHORTCUT_HANDLERS: Readonly<Record<string, ShortcutHandler>> = {
  [CALLBACKS.useAsBuild]: useAsBuild,
  [CALLBACKS.newRelease]: (deps, { asker, triggerId }) => openCreateRelease(deps, asker, triggerId, {}),
};

/** Wires every surface but the command. Acknowledging is Bolt's middleware's (`slack-app.ts`), modals excepted. */
export function registerViews(app: App, deps: FaceDeps): void {
  for (const [actionId, handler] of Object.entries(ACTION_HANDLERS)) registerAction(app, deps, actionId, handler);
  for (const [callbackId, handler] of Object.entries(SUBMISSION_HANDLERS)) {
    app.view<ViewSubmitAction>(callbackId, async ({ body, view, context, ack }) => {
      const submission = submissionOf({ body, view }, context);
      if (submission === null) return ack();
      await handler(deps, submission, (answer) => (answer === undefined ? ack() : ack(answer)));
    });
  }
  for (const [callbackId, handler] of Object.entries(SHORTCUT_HANDLERS)) {
    app.shortcut<GlobalShortcut | MessageShortcut>(callbackId, async ({ shortcut, context, respond }) => {
      const use = shortcutUseOf(shortcut, context, respond);
      if (use !== null) await handler(deps, use);
    });
  }
  registerEvents(app, deps);
}

export function registerAction(app: App, deps: FaceDeps, actionId: string, handler: ClickHandler): void {
  app.action<BlockAction>(actionId, async ({ body, action, context, respond }) => {
    const click = clickOf(body, action, context, respond);
    if (click !== null) await handler(deps, click);
  });
}

const FileSharedEvent = z.object({ file_id: z.string(), user_id: z.string(), channel_id: z.string() });
const FileShareMessage = z.object({ subtype: z.literal('file_share'), user: z.string(), channel: z.string() });

function registerEvents(app: App, deps: FaceDeps): void {
  app.event('app_home_opened', async ({ event, context }) => {
    const tenantId = tenantOf(context);
    if (tenantId === null || !event.user) return;
    await homeOpened(deps, { tenantId, userId: event.user, tab: event.tab ?? 'home' });
  });
  app.event('file_shared', async ({ event, context }) => {
    const tenantId = tenantOf(context);
    const shared = FileSharedEvent.safeParse(event);
    if (tenantId === null || !shared.success) return;
    const { file_id: fileId, user_id: userId, channel_id: channelId } = shared.data;
    await onFileShared(deps, { tenantId, userId, channelId, fileId });
  });
  app.event('message', async ({ event, context }) => {
    const tenantId = tenantOf(context);
    const shared = FileShareMessage.safeParse(event);
    const message = sharedMessageOf(event);
    if (tenantId === null || !shared.success || message === null) return;
    await onMessageWithFiles(deps, { tenantId, userId: shared.data.user, channelId: shared.data.channel, message });
  });
}

/** The next page of a list, below the one that was shown. */
async function turnList(deps: FaceDeps, click: Click): Promise<void> {
  await attend(deps, click.asker, 'list', async () => {
    const page = parsePageValue(click.value);
    return showList(deps.engine, click.asker.tenantId, page ?? { page: 0, after: null, all: false });
  });
}
