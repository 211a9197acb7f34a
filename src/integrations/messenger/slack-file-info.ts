import type { Readable } from 'node:stream';
import type { FilesInfoResponse, WebClient } from '@slack/web-api';
import { Refusal, TransientError } from '../../shared/errors.ts';
import { mapSlackError, slackErrorWord } from './slack-errors.ts';
import { slackFileOrigins } from './slack-file-request.ts';
import { openSlackFile } from './slack-files.ts';

type SlackFileObject = NonNullable<FilesInfoResponse['file']>;

/** A file at Slack, as far as it is needed. */
export interface SlackFileInfo {
  id: string;
  name: string;
  /** null = Slack does not say */
  sizeBytes: number | null;
  /** null where it cannot be downloaded */
  url: string | null;
  /** why it cannot be taken, a sentence; null = it can */
  problem: string | null;
  /** where it was shared, newest first */
  shares: { channelId: string; ts: string; threadTs: string | null }[];
}

export interface SlackFiles {
  /** `Refusal` NOT_FOUND when it is gone or not ours to see; provider errors otherwise. */
  info(fileId: string): Promise<SlackFileInfo>;
  open(file: { url: string; sizeBytes: number | null }): Promise<Readable>;
}

/** Files of one workspace. Spec 3.3, 8.6. */
export function createSlackFiles(options: {
  client: WebClient;
  token: string;
  slackApiUrl?: string | undefined;
  fetch?: typeof fetch | undefined;
  wait?: ((ms: number) => Promise<void>) | undefined;
}): SlackFiles {
  const allowedOrigins = slackFileOrigins(options.slackApiUrl);
  return {
    async info(fileId) {
      const answer = await options.client.files.info({ file: fileId }).catch((error: unknown) => {
        if (['file_not_found', 'file_deleted'].includes(slackErrorWord(error) ?? '')) {
          throw new Refusal('NOT_FOUND', 'That file is not at Slack any more, or I am in no channel it was shared in.');
        }
        throw mapSlackError(error, 'files.info');
      });
      if (!answer.file?.id) {
        const detail = 'the answer has no file';
        throw new TransientError({ provider: 'SLACK', operation: 'files.info', status: 200, detail });
      }
      return describeFile({ ...answer.file, id: answer.file.id });
    },
    open: ({ url, sizeBytes }) =>
      openSlackFile({
        url,
        sizeBytes,
        token: options.token,
        allowedOrigins,
        fetch: options.fetch,
        wait: options.wait,
      }),
  };
}

function describeFile(file: SlackFileObject & { id: string }): SlackFileInfo {
  const url = file.url_private_download ?? file.url_private ?? null;
  return {
    id: file.id,
    name: file.name ?? file.title ?? file.id,
    sizeBytes: file.size ?? null,
    url,
    problem: problemOf(file, url),
    shares: sharesOf(file),
  };
}

function problemOf(file: SlackFileObject, url: string | null): string | null {
  if (file.mode === 'tombstone') return 'This file was deleted at Slack.';
  if (file.mode === 'hidden_by_limit') return 'Slack hides this file because the workspace is past its storage limit.';
  if (file.is_external || file.mode === 'external') {
    return 'This is a link to a file that lies elsewhere, not the file itself. Upload the file to Slack.';
  }
  if (file.file_access !== undefined && file.file_access !== 'visible') {
    return 'Slack does not let me see this file. It comes from another workspace or its access is restricted.';
  }
  return url === null ? 'Slack gives no address to download this file from.' : null;
}

function sharesOf(file: SlackFileObject): SlackFileInfo['shares'] {
  const places = [...Object.entries(file.shares?.public ?? {}), ...Object.entries(file.shares?.private ?? {})];
  return places
    .flatMap(([channelId, shares]) =>
      shares.flatMap((share) => (share.ts ? [{ channelId, ts: share.ts, threadTs: share.thread_ts ?? null }] : [])),
    )
    .sort((a, b) => Number(b.ts) - Number(a.ts));
}
