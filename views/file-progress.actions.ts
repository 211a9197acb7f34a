import type { UploadReceipt } from '../src/engine/index.ts';
import { bytesText, code, peopleText } from './blocks/text.ts';
import type { FaceDeps } from './deps.ts';
import { plainMessage } from './refusals.ts';
import type { Rendered } from './types.ts';

/** Files over this size get a message that shows how far they are (Spec 3.3). */
export const PROGRESS_FROM_BYTES = 50 * 1024 * 1024;
const EDIT_EVERY_MS = 3_000;

export interface Progress {
  /** told the bytes stored so far; edits the message at most every few seconds */
  at(writtenBytes: number): void;
  /** the last edit: what became of the file. False when there is no message to edit. */
  end(rendered: Rendered): Promise<boolean>;
}

/** Posts the progress message. What fails here is logged and never stops the upload. */
export async function startProgress(
  deps: FaceDeps,
  place: { channelId: string; threadTs: string | null },
  file: { name: string; sizeBytes: number },
): Promise<Progress> {
  const startedAt = deps.now().getTime();
  const ts = await post(deps, place, progressText(file, 0, 0));
  let editedAt = startedAt;
  let editing: Promise<void> | null = null;
  return {
    at(writtenBytes) {
      const now = deps.now().getTime();
      if (ts === null || editing !== null || now - editedAt < EDIT_EVERY_MS) return;
      editedAt = now;
      editing = edit(deps, ts, progressText(file, writtenBytes, now - startedAt)).then(() => {
        editing = null;
      });
    },
    async end(rendered) {
      if (ts === null) return false;
      await editing;
      await edit(deps, ts, rendered);
      return true;
    },
  };
}

interface Posted {
  channel: string;
  ts: string;
}

async function post(
  deps: FaceDeps,
  place: { channelId: string; threadTs: string | null },
  rendered: Rendered,
): Promise<Posted | null> {
  try {
    const answer = await deps.client.chat.postMessage({
      channel: place.channelId,
      ...rendered,
      ...(place.threadTs === null ? {} : { thread_ts: place.threadTs }),
    });
    return answer.ts && answer.channel ? { channel: answer.channel, ts: answer.ts } : null;
  } catch (error) {
    deps.logger.info({ err: error }, 'a progress message could not be posted');
    return null;
  }
}

async function edit(deps: FaceDeps, message: Posted, rendered: Rendered): Promise<void> {
  try {
    await deps.client.chat.update({ ...message, ...rendered });
  } catch (error) {
    deps.logger.info({ err: error }, 'a progress message could not be edited');
  }
}

function progressText(file: { name: string; sizeBytes: number }, writtenBytes: number, elapsedMs: number): Rendered {
  const percent = Math.min(100, Math.floor((writtenBytes / file.sizeBytes) * 100));
  const speed = elapsedMs > 0 ? `, ${bytesText(writtenBytes / (elapsedMs / 1000))}/s` : '';
  return plainMessage(
    `Taking ${code(file.name)} from Slack: ${percent} % of ${bytesText(file.sizeBytes)}${writtenBytes > 0 ? speed : ''}`,
  );
}

/** What became of a file, with what identifies it. */
export function receiptText(receipt: UploadReceipt): Rendered {
  const version = receipt.version === null ? '' : ` version ${peopleText(receipt.version)},`;
  return plainMessage(
    `${code(receipt.fileName)} is stored:${version} ${bytesText(receipt.sizeBytes)}, SHA-256 \`${receipt.sha256}\``,
  );
}
