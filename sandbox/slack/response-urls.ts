import { checkMessageBlocks } from './block-kit/validate.ts';
import { isRecord } from './driver/state.ts';
import { deleteMessage, editEphemeral, editMessage, postAsBot, removeEphemeral, showEphemeral } from './messages.ts';
import type { Json, SlackEphemeral, SlackMessage } from './types.ts';
import { BOT_USER, RESPONSE_URL_USES, type ResponseUrl, recordViolation, tell, type World } from './world.ts';

const isEphemeral = (shown: SlackMessage | SlackEphemeral): shown is SlackEphemeral => 'source' in shown;
const isTrue = (value: unknown): boolean => value === true || value === 'true';

function checked(world: World, body: Json, where: string): string | null {
  const fault = body['blocks'] === undefined ? null : checkMessageBlocks(body['blocks'], (id) => world.files.has(id));
  if (fault) {
    recordViolation(world, { where, error: fault.error, messages: fault.messages, args: body });
    return fault.error;
  }
  const empty = !body['text'] && !(Array.isArray(body['blocks']) && body['blocks'].length > 0) && !body['attachments'];
  if (!empty) return null;
  recordViolation(world, { where, error: 'no_text', messages: ['no text, blocks or attachments'], args: body });
  return 'no_text';
}

/**
 * Shows what an acknowledgement or a response_url post says. Answers Slack's error code, or null.
 * Without `replace_original`, an ephemeral original is replaced and an ordinary message is left alone.
 */
export function showResponse(
  world: World,
  entry: ResponseUrl,
  body: Json,
  source: 'ack' | 'response_url',
): string | null {
  const { original } = entry;
  if (isTrue(body['delete_original'])) {
    if (!original) return null;
    if (isEphemeral(original)) removeEphemeral(world, original);
    else deleteMessage(world, original);
    return null;
  }
  const fault = checked(world, body, source);
  if (fault) return fault;
  const text = typeof body['text'] === 'string' ? body['text'] : '';
  const inChannel = body['response_type'] === 'in_channel';
  const replace =
    body['replace_original'] === undefined
      ? original !== null && isEphemeral(original) && !inChannel
      : isTrue(body['replace_original']);
  if (replace && original) {
    if (isEphemeral(original)) editEphemeral(world, original, text, body['blocks']);
    else editMessage(world, original, text, body['blocks'] ?? [], BOT_USER);
    entry.shown.push(original);
    return null;
  }
  const threadTs = typeof body['thread_ts'] === 'string' ? body['thread_ts'] : entry.threadTs;
  const common = { channel: entry.channel, text, blocks: body['blocks'] };
  const shown = inChannel
    ? postAsBot(world, { ...common, threadTs: typeof body['thread_ts'] === 'string' ? body['thread_ts'] : null })
    : showEphemeral(world, { ...common, user: entry.user, threadTs, source, via: entry.token });
  entry.shown.push(shown);
  tell(world, { kind: 'other' });
  return null;
}

/** A POST to a response_url: status and plain text, as Slack answers. */
export function postToResponseUrl(world: World, token: string, raw: string): { status: number; text: string } {
  const entry = world.responseUrls.get(token);
  if (!entry) return { status: 404, text: 'invalid_url' };
  if (world.wallNow() > entry.expiresAt) return { status: 404, text: 'expired_url' };
  if (entry.uses >= RESPONSE_URL_USES) return { status: 404, text: 'used_url' };
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    return { status: 400, text: 'invalid_payload' };
  }
  if (!isRecord(body)) return { status: 400, text: 'invalid_payload' };
  entry.uses += 1;
  const error = showResponse(world, entry, body, 'response_url');
  return error ? { status: 400, text: error } : { status: 200, text: 'ok' };
}
