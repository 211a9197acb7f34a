import type { Readable } from 'node:stream';
import type { ModalView } from '@slack/types';
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClient,
} from '@slack/web-api';
import type { Engine, IntentContext } from '../src/engine/index.ts';
import type { Logger } from '../src/shared/logger.ts';
import type { Rendered, ViewValues } from './types.ts';

/** What every handler of Slack's surfaces gets; made once in `main.ts`. */
export interface FaceDeps {
  engine: Engine;
  /** never retries inside */
  client: WebClient;
  botUserId: string;
  files: SlackFileSource;
  logger: Logger;
  /** real time: progress, patience; the engine's own clock is `engine.now()` */
  now(): Date;
  wait(ms: number): Promise<void>;
}

/** Files that lie at Slack. Raises the provider errors of Spec 4.5, and `Refusal` NOT_FOUND. */
export interface SlackFileSource {
  info(fileId: string): Promise<{
    id: string;
    name: string;
    sizeBytes: number | null;
    url: string | null;
    /** why it cannot be taken, a sentence; null = it can */
    problem: string | null;
    /** newest first */
    shares: { channelId: string; ts: string; threadTs: string | null }[];
  }>;
  open(file: { url: string; sizeBytes: number | null }): Promise<Readable>;
}

/** Answers a command or click through its `response_url`; absent where Slack gives none (App Home, modals). */
export type Respond = (message: {
  response_type?: 'ephemeral';
  replace_original?: boolean;
  delete_original?: boolean;
  text?: string;
  blocks?: Rendered['blocks'];
}) => Promise<unknown>;

/** Who asked, and where the answer goes. */
export interface Asker {
  tenantId: string;
  userId: string;
  /** null = nowhere in particular (App Home): the answer goes to the person's DM */
  channelId: string | null;
  threadTs: string | null;
  respond: Respond | null;
}

/** A button, menu or input that was used. */
export interface Click {
  asker: Asker;
  actionId: string;
  /** the button's value, or that of the chosen option */
  value: string | null;
  triggerId: string;
  /** the message it stands on; null in views */
  message: { channelId: string; ts: string; ephemeral: boolean } | null;
  /** the view it stands on; null in messages */
  view: { id: string; hash: string; type: string; privateMetadata: string; values: ViewValues } | null;
}
export type ClickHandler = (deps: FaceDeps, click: Click) => Promise<void>;

/** A modal that was submitted. */
export interface Submission {
  tenantId: string;
  userId: string;
  triggerId: string;
  viewId: string;
  privateMetadata: string;
  values: ViewValues;
}
/** What the modal does next; nothing = it closes. */
export type SubmissionAnswer =
  | { response_action: 'errors'; errors: Record<string, string> }
  | { response_action: 'update'; view: ModalView };
export type Acknowledge = (answer?: SubmissionAnswer) => Promise<void>;
export type SubmissionHandler = (deps: FaceDeps, submission: Submission, acknowledge: Acknowledge) => Promise<void>;

/** A shortcut that was used; `message` only for message shortcuts. */
export interface ShortcutUse {
  asker: Asker;
  triggerId: string;
  message: SharedMessage | null;
}
export type ShortcutHandler = (deps: FaceDeps, use: ShortcutUse) => Promise<void>;

/** A message with files, as far as it is read. */
export interface SharedMessage {
  ts: string;
  threadTs: string | null;
  text: string;
  files: { id: string; name: string | null }[];
}

/** The person with the roles they have now, acting from Slack. */
export async function contextOf(engine: Engine, person: { tenantId: string; userId: string }): Promise<IntentContext> {
  const actor = await engine.actor(person.tenantId, person.userId);
  return { tenantId: person.tenantId, actor, origin: 'SLACK' };
}

/** What a call of `client` threw: Slack's word, and whether trying again may help. Null when it is no fault of Slack's. */
export function slackFault(error: unknown): { word: string; passes: boolean } | null {
  if (error instanceof WebAPIPlatformError) return { word: error.data.error, passes: false };
  if (error instanceof WebAPIRateLimitedError) return { word: 'rate limited', passes: true };
  if (error instanceof WebAPIRequestError) return { word: 'no answer', passes: true };
  if (error instanceof WebAPIHTTPError) return { word: `HTTP ${error.statusCode}`, passes: error.statusCode >= 500 };
  return null;
}
