import type { ModalView } from '@slack/types';
import type { Engine, IntentContext } from '../src/engine/index.ts';
import { contextOf } from '../views/deps.ts';
import type { Rendered } from '../views/types.ts';

/** A verb of `/release` as a person asked for it. */
export interface CommandRequest {
  tenantId: string;
  userId: string;
  channelId: string;
  /** null: Slack has no commands in threads, but a picker's answer may come from one */
  threadTs: string | null;
  /** what was typed after the verb */
  args: readonly string[];
  flags: ReadonlySet<string>;
  /** chosen in a picker: no reference is looked for in `args` then */
  releaseId: string | null;
}

/** What the person gets: a message that only they see, or a modal. */
export type Reply =
  | { kind: 'message'; rendered: Rendered }
  | { kind: 'modal'; title: string; build: () => Promise<ModalView> };

/** One verb. Throws `Refusal` with a sentence for the person. */
export type Verb = (engine: Engine, request: CommandRequest) => Promise<Reply>;

export function say(rendered: Rendered): Reply {
  return { kind: 'message', rendered };
}

export function contextFor(engine: Engine, request: CommandRequest): Promise<IntentContext> {
  return contextOf(engine, request);
}
