import { platformOfFileName } from '../src/domain/build-file-name.ts';
import { describeVersions } from '../src/domain/names.ts';
import type { Release } from '../src/domain/release.ts';
import { isDatabaseError } from '../src/shared/database-errors.ts';
import { answer, attend, DATABASE_GONE, explain } from './answer.actions.ts';
import { code } from './blocks/text.ts';
import type { Asker, Click, FaceDeps, SharedMessage, ShortcutUse } from './deps.ts';
import { readCaption } from './file-caption.actions.ts';
import { fileKey, takeFile } from './file-job.actions.ts';
import type { PickValue } from './ids.ts';
import { plainMessage } from './refusals.ts';
import { releasePicker } from './release-picker.ts';

/** Files that people share in a release's channel or thread (Spec 3.3), and the shortcut "Use as build" (Spec 6.6). */

/** `purpose` of the picker that asks which release a file is for. */
export const USE_FILE = 'use-file';
const QUESTION_LEASE_MS = 60_000;
/** The `message` event of the same share carries its text and thread: it gets this much of a start. */
const MESSAGE_FIRST_MS = 1_500;
/** Events are not repeated once Slack has its answer: a database that is away for a moment is waited for. */
const DATABASE_WAITS_MS = [2_000, 10_000, 30_000];
const MANY_RELEASES = 25;

interface FileShare {
  tenantId: string;
  userId: string;
  channelId: string;
  message: SharedMessage;
  file: { id: string; name: string };
}

/** A message with files (event `message`, subtype `file_share`). */
export async function onMessageWithFiles(
  deps: FaceDeps,
  event: { tenantId: string; userId: string; channelId: string; message: SharedMessage },
): Promise<void> {
  for (const { id, name } of event.message.files) {
    await overDatabaseGap(deps, { ...event, fileName: name }, async () => {
      const releases = await releasesHere(deps, event.tenantId, event.channelId, event.message.threadTs);
      if (releases.length === 0) return;
      const file = { id, name: name ?? (await deps.files.info(id)).name };
      await takeShare(deps, { ...event, file }, releases);
    });
  }
}

/** Event `file_shared`: only an id. Its `message` twin usually comes first and takes the file. */
export async function onFileShared(
  deps: FaceDeps,
  event: { tenantId: string; userId: string; channelId: string; fileId: string },
): Promise<void> {
  const { tenantId, channelId, fileId } = event;
  await deps.wait(MESSAGE_FIRST_MS);
  await overDatabaseGap(deps, { ...event, message: null, fileName: null }, async () => {
    if (await deps.engine.deliveries.find(tenantId, fileKey(fileId))) return;
    if (await deps.engine.deliveries.find(tenantId, questionKey(fileId))) return;
    const file = await deps.files.info(fileId);
    const share = file.shares.find((candidate) => candidate.channelId === channelId);
    const releases = await releasesHere(deps, tenantId, channelId, share?.threadTs ?? null);
    if (releases.length === 0) return;
    const place = { ts: share?.ts ?? '', threadTs: share?.threadTs ?? null };
    const text = share ? await textOf(deps, channelId, place, fileId) : '';
    await takeShare(deps, { ...event, message: { ...place, text, files: [] }, file }, releases);
  });
}

/** The shortcut: on any message with a file, wherever it stands. */
export async function useAsBuild(deps: FaceDeps, use: ShortcutUse): Promise<void> {
  const { asker, message } = use;
  const { channelId } = asker;
  if (message === null || channelId === null || message.files.length === 0) {
    return answer(deps, asker, plainMessage('That message has no file. Use it on a message with a build.'));
  }
  for (const { id, name } of message.files) {
    await attend(deps, asker, 'use as build', async () => {
      const here = await releasesHere(deps, asker.tenantId, channelId, message.threadTs ?? message.ts);
      const { releases } = here.length > 0 ? { releases: here } : await liveReleases(deps, asker.tenantId);
      if (releases.length === 0) return plainMessage('There is no live release this could be a build of.');
      const file = { id, name: name ?? (await deps.files.info(id)).name };
      const share = { ...asker, channelId, message, file };
      if (!(await isBuildName(deps, file.name, releases))) {
        return plainMessage(`${code(file.name)} is not named like a build: .apk, .aab, .ipa or a web archive.`);
      }
      const [release, ...others] = narrowed(releases, message.text);
      if (!release || others.length > 0) return question(deps, share, narrowed(releases, message.text));
      await takeFile(deps, asker.tenantId, jobOf(share, release.id), true);
      return null;
    });
  }
}

/** The picker's answer: the file goes to this release, handed in by the one who chose. */
export async function useFileFor(deps: FaceDeps, click: Click, pick: PickValue): Promise<void> {
  const { asker } = click;
  await attend(deps, asker, 'use file', async () => {
    const release = await deps.engine.queries.release(asker.tenantId, pick.releaseId);
    const threadTs = asker.threadTs;
    const { message } = click;
    const origin = { ts: threadTs ?? '', threadTs };
    const known = message !== null && !message.ephemeral && threadTs !== null;
    const text = known ? await textOf(deps, message.channelId, origin, pick.args) : '';
    await closeQuestion(deps, click, release);
    const { stage, platform } = readCaption(text);
    const job = {
      fileId: pick.args,
      releaseId: release.id,
      stage,
      platform,
      userId: asker.userId,
      channelId: asker.channelId,
      threadTs,
      messageTs: threadTs,
      source: 'SLACK' as const,
    };
    await takeFile(deps, asker.tenantId, job, true);
    return null;
  });
}

async function takeShare(deps: FaceDeps, share: FileShare, releases: Release[]): Promise<void> {
  if (!(await isBuildName(deps, share.file.name, releases))) return;
  const meant = narrowed(releases, share.message.text);
  const [release, ...others] = meant;
  if (!release) return;
  if (others.length > 0) return ask(deps, share, meant);
  await takeFile(deps, share.tenantId, jobOf(share, release.id), false);
}

function jobOf(share: FileShare, releaseId: string) {
  const { stage, platform } = readCaption(share.message.text);
  return {
    fileId: share.file.id,
    releaseId,
    stage,
    platform,
    userId: share.userId,
    channelId: share.channelId,
    threadTs: share.message.threadTs,
    messageTs: share.message.ts || null,
    source: 'SLACK' as const,
  };
}

/** The thread's release, else the live ones of the channel. */
async function releasesHere(
  deps: FaceDeps,
  tenantId: string,
  channelId: string,
  threadTs: string | null,
): Promise<Release[]> {
  const { queries } = deps.engine;
  const threads = threadTs === null ? null : await queries.releaseOfThread(tenantId, channelId, threadTs);
  return threads ? [threads] : queries.liveInChannel(tenantId, channelId);
}

function liveReleases(deps: FaceDeps, tenantId: string): Promise<{ releases: Release[] }> {
  return deps.engine.queries.live(tenantId, { limit: MANY_RELEASES });
}

/** Several releases: those whose version or id the text names, where it names any. */
function narrowed(releases: Release[], text: string): Release[] {
  const { words } = readCaption(text);
  const named = releases.filter(
    (release) => words.includes(release.id) || release.targets.some((target) => words.includes(target.version)),
  );
  return named.length > 0 ? named : releases;
}

async function isBuildName(deps: FaceDeps, name: string, releases: Release[]): Promise<boolean> {
  for (const release of releases) {
    const config = await deps.engine.queries.config(release.tenantId, release.releaseConfigId);
    if (platformOfFileName(name, config.webArchiveEndings)) return true;
  }
  return false;
}

function questionKey(fileId: string): string {
  return `slack-file-question:${fileId}`;
}

/** Asks in the thread which release is meant; once, however often Slack tells of the file. */
async function ask(deps: FaceDeps, share: FileShare, releases: Release[]): Promise<void> {
  const { tenantId, channelId, message } = share;
  const key = questionKey(share.file.id);
  const { claimed, delivery } = await deps.engine.deliveries.receive({ tenantId, key, payload: {} }, QUESTION_LEASE_MS);
  if (!claimed) return;
  const threadTs = message.threadTs ?? message.ts;
  await deps.client.chat.postMessage({
    channel: channelId,
    ...question(deps, share, releases),
    ...(threadTs ? { thread_ts: threadTs } : {}),
  });
  await deps.engine.deliveries.finish(delivery, 'DONE', {});
}

function question(deps: FaceDeps, share: FileShare, releases: Release[]) {
  return releasePicker({
    releases,
    purpose: USE_FILE,
    args: share.file.id,
    question: `Which release is ${share.file.name} for?`,
    now: deps.engine.now(),
  });
}

/** The question shows its answer, without buttons. */
async function closeQuestion(deps: FaceDeps, click: Click, release: Release): Promise<void> {
  const { message, asker } = click;
  if (message === null) return;
  const text = `<@${asker.userId}> chose ${describeVersions(release.targets)}.`;
  const rendered = plainMessage(text);
  try {
    if (!message.ephemeral) await deps.client.chat.update({ channel: message.channelId, ts: message.ts, ...rendered });
    else if (asker.respond) await asker.respond({ replace_original: true, ...rendered });
  } catch (error) {
    deps.logger.info({ err: error, tenantId: asker.tenantId }, 'a question could not be closed');
  }
}

/** The text of the message that shares this file; empty when that is another message or cannot be read. */
async function textOf(
  deps: FaceDeps,
  channelId: string,
  place: { ts: string; threadTs: string | null },
  fileId: string,
): Promise<string> {
  const range = { channel: channelId, latest: place.ts, oldest: place.ts, inclusive: true, limit: 1 };
  try {
    const answer =
      place.threadTs === null
        ? await deps.client.conversations.history(range)
        : await deps.client.conversations.replies({ ...range, ts: place.threadTs });
    const found = answer.messages?.find((message) => message.ts === place.ts);
    return found?.files?.some((file) => file.id === fileId) ? (found.text ?? '') : '';
  } catch (error) {
    deps.logger.info({ err: error, channelId }, 'the text beside a file could not be read');
    return '';
  }
}

/** Tries again while the database is away; then says so, where the file looks like a build. */
async function overDatabaseGap(
  deps: FaceDeps,
  event: {
    tenantId: string;
    userId: string;
    channelId: string;
    message: SharedMessage | null;
    fileName: string | null;
  },
  work: () => Promise<void>,
): Promise<void> {
  const asker: Asker = { ...event, threadTs: event.message?.threadTs ?? null, respond: null };
  for (const waitMs of [...DATABASE_WAITS_MS, null]) {
    try {
      return await work();
    } catch (error) {
      const rendered = explain(deps, error, { what: 'file share', tenantId: event.tenantId });
      const looksLikeBuild = event.fileName !== null && platformOfFileName(event.fileName, []) !== null;
      if (!isDatabaseError(error)) return looksLikeBuild ? answer(deps, asker, rendered) : undefined;
      if (waitMs !== null) await deps.wait(waitMs);
      else if (looksLikeBuild) await answer(deps, asker, plainMessage(DATABASE_GONE));
    }
  }
}
