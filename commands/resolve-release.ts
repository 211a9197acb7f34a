import type { Release } from '../src/domain/release.ts';
import type { Engine, LookOptions } from '../src/engine/index.ts';
import { Refusal } from '../src/shared/errors.ts';
import { releasePicker } from '../views/release-picker.ts';
import { joinArgs } from './parse.ts';
import { type CommandRequest, type Reply, say } from './request.ts';

const SHOWN = 15;
/** Verbs that ask for a reason: people type it after the verb. */
const ASKING_VERBS = ['pause', 'archive', 'skip', 'reject', 'abandon-cycle', 'skip-cycles'];

/** The release that a verb is about, or the picker that asks for it. */
export type Resolved = { release: Release } | { reply: Reply };

/**
 * `[release]` is an id, a version, or nothing: then the one of the thread or channel, else the only live one, else a
 * picker that goes on with `verb` and the same arguments. Spec 6.1.
 */
export async function resolveRelease(
  engine: Engine,
  request: CommandRequest,
  verb: string,
  reference: string | undefined,
): Promise<Resolved> {
  const { tenantId, releaseId } = request;
  const options = { toArchive: verb === 'archive' };
  if (releaseId !== null) return { release: await engine.queries.release(tenantId, releaseId, options) };
  const found =
    reference === undefined ? await releasesHere(engine, request) : await named(engine, tenantId, reference, options);
  const [first, ...others] = found;
  if (!first) {
    const text = 'There is no live release. `/release new` starts one, `/release list all` shows the ended ones.';
    throw new Refusal('NOT_FOUND', text.replaceAll('`', ''));
  }
  if (others.length === 0) return { release: first };
  const args = joinArgs(
    request.args.filter((arg) => arg !== reference),
    request.flags,
  );
  const question = reference === undefined ? 'Which release?' : `Several releases have ${reference}. Which one?`;
  return { reply: say(releasePicker({ releases: found, purpose: verb, args, question, now: engine.now() })) };
}

/** Live ones before ended ones: a version that is under way is meant before one that was. */
async function named(engine: Engine, tenantId: string, reference: string, options: LookOptions): Promise<Release[]> {
  const found = await engine.queries.findReleases(tenantId, reference.replace(/^v(?=\d)/, ''), options);
  if (found.length === 0) {
    throw new Refusal(
      'NOT_FOUND',
      `There is no release ${reference}. Give its version or id, or see /release list all.`,
    );
  }
  const live = found.filter(({ status }) => status !== 'COMPLETED' && status !== 'ARCHIVED');
  return live.length > 0 ? live : found;
}

/** The thread's release, else the channel's live ones, else the tenant's live ones. */
export async function releasesHere(engine: Engine, request: CommandRequest): Promise<Release[]> {
  const { tenantId, channelId, threadTs } = request;
  const { queries } = engine;
  const thread = threadTs === null ? null : await queries.releaseOfThread(tenantId, channelId, threadTs);
  if (thread) return [thread];
  const channel = await queries.liveInChannel(tenantId, channelId);
  if (channel.length > 0) return channel;
  const { releases, damaged } = await queries.live(tenantId, { limit: SHOWN });
  // Nothing else can be meant, and it says itself what is wrong with it.
  if (releases.length === 0 && damaged[0]) await queries.release(tenantId, damaged[0].id);
  return releases;
}

/** For verbs whose only argument is the release. */
export async function withRelease(
  engine: Engine,
  request: CommandRequest,
  verb: string,
  go: (release: Release) => Promise<Reply>,
): Promise<Reply> {
  const [reference, ...more] = request.args;
  if (more.length > 0 && request.releaseId === null) {
    const asks = ASKING_VERBS.includes(verb) ? ' I ask for the reason next.' : '';
    throw new Refusal('INVALID_INPUT', `One release is expected after ${verb}: its version or id, or nothing.${asks}`);
  }
  const resolved = await resolveRelease(engine, request, verb, reference);
  return 'reply' in resolved ? resolved.reply : go(resolved.release);
}
