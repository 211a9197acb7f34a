import type { ShareEvent } from '../files.ts';
import type { Json, SlackEphemeral, SlackFile, SlackMessage, SlackView, UploadSource } from '../types.ts';
import type { Ack } from './ack.ts';
import type { ElementRef, Target } from './find.ts';
import type { SubmitResult } from './submission.ts';
import type { FieldValue } from './values.ts';

export interface ClickOptions {
  /** What the person answers to a confirmation dialog; default `accept`. With `deny` nothing is sent. */
  confirm?: 'accept' | 'deny';
  /** Clicks a button of an earlier version of the message (0 is the first), as on a screen not refreshed yet. */
  version?: number;
}

/** A click: what the confirmation dialog said (null: none), and whether it was sent at all. */
export interface Click extends Ack {
  confirm: Json | null;
  sent: boolean;
}

export interface ShareOptions {
  threadTs?: string;
  /** The message beside the file. */
  text?: string;
  /** Sends the file as `{ id, file_access: 'check_file_info' }`. */
  stub?: boolean;
  /** Which events are sent, in this order; default both, the message first. Slack promises neither order nor both. */
  events?: readonly ShareEvent[];
}

/** A person at the keyboard. Channels are given by id or name, with or without `#`. */
export interface Person {
  id: string;
  name: string;
  slash(command: string, text?: string, where?: { channel?: string }): Promise<Ack>;
  /** Clicks a button on a message, ephemeral message, modal, or the Home tab (`'home'`). */
  click(target: Target | 'home', button: ElementRef, options?: ClickOptions): Promise<Click>;
  /** Chooses in a select, overflow, radio, checkbox or picker outside of input blocks, which tells the bot at once. */
  select(target: Target | 'home', element: ElementRef, value: FieldValue): Promise<Ack>;
  /** Fills fields of a modal by label, block_id, action_id or `block.action`; tells the bot where `dispatch_action` says so. */
  fill(view: SlackView, values: Record<string, FieldValue>): Promise<void>;
  submit(view: SlackView, values?: Record<string, FieldValue>): Promise<SubmitResult>;
  /** Closes a modal; the bot is told when it asked for it (`notify_on_close`). */
  close(view: SlackView): Promise<void>;
  messageShortcut(callbackId: string, message: SlackMessage): Promise<Ack>;
  globalShortcut(callbackId: string): Promise<Ack>;
  /** Types a message; resolves when the bot has answered the event's first delivery. */
  say(channel: string, text: string, options?: { threadTs?: string; broadcast?: boolean }): Promise<SlackMessage>;
  editMessage(message: SlackMessage, text: string): Promise<void>;
  /** Shares files; resolves when the bot has answered the first deliveries of both events. */
  shareFile(
    channel: string,
    source: UploadSource | UploadSource[],
    options?: ShareOptions,
  ): Promise<{ message: SlackMessage; file: SlackFile; files: SlackFile[] }>;
  /** Deletes a file of one's own; messages keep a tombstone. */
  deleteFile(file: SlackFile): Promise<void>;
  /** Opens the Home tab and resolves with it; the first time it waits until the bot has published one. */
  openHome(): Promise<SlackView>;
  /** Options the bot offers for what was typed into an external select. */
  suggest(target: Target | 'home', element: ElementRef, query: string): Promise<Json[]>;
  home(): SlackView | null;
  /** The open modals, the top one last. */
  modals(): SlackView[];
  modal(): SlackView | null;
  /** Waits until a modal lies on top that passes the test (default: any). */
  nextModal(test?: (view: SlackView) => boolean, timeoutMs?: number): Promise<SlackView>;
  /** Waits until the Home tab is another than the one with this hash. */
  nextHome(afterHash: string | null, timeoutMs?: number): Promise<SlackView>;
  /** Ephemeral messages this person sees now, oldest first. */
  ephemerals(channel?: string): SlackEphemeral[];
  /** The direct channel with the bot. */
  dm(): string;
}
