import { z } from 'zod';
import { PLATFORMS } from '../src/domain/release.ts';
import { UPLOAD_STAGES } from '../src/domain/upload.ts';
import type { UploadReceipt } from '../src/engine/index.ts';
import { isDatabaseError } from '../src/shared/database-errors.ts';
import { Refusal } from '../src/shared/errors.ts';
import { inLogScope } from '../src/shared/log-scope.ts';
import { answer, explain } from './answer.actions.ts';
import { code, escapeText } from './blocks/text.ts';
import { type Asker, contextOf, type FaceDeps } from './deps.ts';
import { PROGRESS_FROM_BYTES, type Progress, receiptText, startProgress } from './file-progress.actions.ts';
import { plainMessage } from './refusals.ts';
import type { Rendered } from './types.ts';

/** One file at Slack becomes one upload, ever, across events, clicks, crashes and instances (Spec 3.3, 7.2). */

const KEY_PREFIX = 'slack-file:';
const LEASE_MS = 60_000;
/** A file whose work was cut short this often by a dying process is given up. */
const MAX_ATTEMPTS = 5;

const WILL_RESUME = 'The database cannot be reached. I take the file up again by myself when it is back.';

const GOES_ON_ELSEWHERE = 'Slipway is being restarted. I go on with this file by myself in a moment.';

const FileJob = z.object({
  fileId: z.string(),
  releaseId: z.string(),
  stage: z.enum(UPLOAD_STAGES).nullable(),
  platform: z.enum(PLATFORMS).nullable(),
  /** who hands it in */
  userId: z.string(),
  /** where answers go; null = a DM */
  channelId: z.string().nullable(),
  /** the thread of the answers */
  threadTs: z.string().nullable(),
  /** the message that shares the file; progress is told below it */
  messageTs: z.string().nullable(),
  source: z.enum(['SLACK', 'MODAL']),
});
/** A file that was handed in: the payload of its delivery. */
export type FileJob = z.infer<typeof FileJob>;

type Delivery = Awaited<ReturnType<FaceDeps['engine']['deliveries']['receive']>>['delivery'];

export function fileKey(fileId: string): string {
  return `${KEY_PREFIX}${fileId}`;
}

/**
 * Takes the file unless it was taken already. `asked`: a person pointed at it (modal, shortcut, picker); then a file that
 * was refused before may be tried anew, and one that was used is answered.
 */
export async function takeFile(deps: FaceDeps, tenantId: string, job: FileJob, asked: boolean): Promise<void> {
  const work = await receiveFile(deps, tenantId, job, asked);
  await work();
}

/** The first half of `takeFile`: from here on the file is not lost. Returns the other half. */
export async function receiveFile(
  deps: FaceDeps,
  tenantId: string,
  job: FileJob,
  asked: boolean,
): Promise<() => Promise<void>> {
  const { deliveries } = deps.engine;
  const first = { tenantId, key: fileKey(job.fileId), payload: { ...job } };
  let received = await deliveries.receive(first, LEASE_MS);
  if (!received.claimed && asked && received.delivery.status === 'FAILED') {
    await deliveries.forget(received.delivery);
    received = await deliveries.receive(first, LEASE_MS);
  }
  const { claimed, delivery } = received;
  if (claimed) return () => workOnFile(deps, delivery, job);
  if (!asked) return async () => undefined;
  const done = delivery.status === 'DONE';
  const text = done ? 'This file was handed in as a build already.' : 'This file is being taken right now.';
  return () => answer(deps, askerOf(tenantId, job), plainMessage(text));
}

/** For a job: takes over files whose instance died while it worked on them. Returns how many. */
export async function resumeAbandonedFiles(deps: FaceDeps): Promise<number> {
  for (let count = 0; ; count += 1) {
    const delivery = await deps.engine.deliveries.claimAbandoned(KEY_PREFIX, LEASE_MS);
    if (delivery === null) return count;
    const job = FileJob.safeParse(delivery.payload);
    if (job.success) await workOnFile(deps, delivery, job.data);
    else await deps.engine.deliveries.finish(delivery, 'FAILED', { error: 'unreadable payload' });
  }
}

async function workOnFile(deps: FaceDeps, delivery: Delivery, job: FileJob): Promise<void> {
  const { tenantId, key: deliveryId } = delivery;
  await inLogScope({ tenantId, deliveryId, releaseId: job.releaseId }, () => takeAndTell(deps, delivery, job));
}

async function takeAndTell(deps: FaceDeps, delivery: Delivery, job: FileJob): Promise<void> {
  const { tenantId } = delivery;
  const lease = keepLease(deps, delivery);
  let progress: Progress | null = null;
  let fileName: string | null = null;
  try {
    if (delivery.attempts > MAX_ATTEMPTS) {
      throw new Refusal('INVALID_BUILD', `Taking this file was cut short ${MAX_ATTEMPTS} times; share it again.`);
    }
    const receipt = await submitFile(deps, tenantId, job, {
      named: (name) => {
        fileName = name;
      },
      started: (progressed) => {
        progress = progressed;
      },
    });
    await deps.engine.deliveries.finish(delivery, 'DONE', { uploadId: receipt.uploadId });
    await endProgress(progress, receiptText(receipt));
    if (receipt.warning !== null) deps.logger.info({ tenantId, releaseId: job.releaseId }, 'a build with a warning');
  } catch (error) {
    const explained = aboutFile(fileName, explain(deps, error, { what: `file ${job.fileId}`, tenantId }));
    // Without the database nothing is decided: the delivery stays and is taken over when its lease runs out.
    const stays = isDatabaseError(error);
    if (!stays && !(await failFile(deps, delivery, error))) {
      await endProgress(progress, plainMessage(GOES_ON_ELSEWHERE));
      return;
    }
    const rendered = stays ? plainMessage(WILL_RESUME) : explained;
    const told = await endProgress(progress, rendered);
    if (!told || error instanceof Refusal) await answer(deps, askerOf(tenantId, job), rendered);
  } finally {
    lease.stop();
  }
}

async function submitFile(
  deps: FaceDeps,
  tenantId: string,
  job: FileJob,
  on: { named(fileName: string): void; started(progress: Progress): void },
): Promise<UploadReceipt> {
  const file = await deps.files.info(job.fileId);
  const { problem, url, sizeBytes, name } = file;
  on.named(name);
  if (problem !== null || url === null) {
    throw new Refusal('UNSUPPORTED_FILE', problem ?? 'Slack gives no address to download this file from.');
  }
  let progress: Progress | null = null;
  return deps.engine.submitUpload(
    {
      releaseId: job.releaseId,
      stage: job.stage,
      platform: job.platform,
      fileName: name,
      sizeBytes,
      source: job.source,
      dedupeKey: fileKey(job.fileId),
      openBytes: async () => {
        const bytes = await deps.files.open({ url, sizeBytes });
        if (sizeBytes !== null && sizeBytes > PROGRESS_FROM_BYTES) {
          const place = { channelId: job.channelId ?? job.userId, threadTs: job.threadTs ?? job.messageTs };
          progress = await startProgress(deps, place, { name, sizeBytes });
          on.started(progress);
        }
        return bytes;
      },
      onProgress: (writtenBytes) => progress?.at(writtenBytes),
    },
    await contextOf(deps.engine, { tenantId, userId: job.userId }),
  );
}

/** A message may hold several files: what is said of one names it. */
function aboutFile(fileName: string | null, said: Rendered): Rendered {
  const [first, ...rest] = said.blocks;
  if (!fileName || first?.type !== 'section' || !first.text || said.text.includes(escapeText(fileName))) return said;
  const name = `${code(fileName, 80)}: `;
  const text = { ...first.text, text: `${name}${first.text.text}` };
  return { text: `${name}${said.text}`, blocks: [{ ...first, text }, ...rest] };
}

async function endProgress(progress: Progress | null, rendered: Rendered): Promise<boolean> {
  return progress === null ? false : progress.end(rendered);
}

/** False when it is another instance's by now, which goes on with it and tells what comes of it. */
async function failFile(deps: FaceDeps, delivery: Delivery, error: unknown): Promise<boolean> {
  const text = error instanceof Error ? error.message : String(error);
  try {
    return await deps.engine.deliveries.finish(delivery, 'FAILED', { error: text });
  } catch (fault) {
    deps.logger.warn({ err: fault, tenantId: delivery.tenantId }, 'a file could not be marked as failed');
    return true;
  }
}

function askerOf(tenantId: string, job: FileJob): Asker {
  return { tenantId, userId: job.userId, channelId: job.channelId, threadTs: job.threadTs, respond: null };
}

/** Renews the lease while the bytes flow, so that no other instance takes the file over. */
function keepLease(deps: FaceDeps, delivery: Delivery): { stop(): void } {
  const timer = setInterval(() => {
    deps.engine.deliveries.renew(delivery, LEASE_MS).catch((error: unknown) => {
      deps.logger.warn({ err: error, tenantId: delivery.tenantId }, 'the lease of a file could not be renewed');
    });
  }, LEASE_MS / 3);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
