import { releaseTitle } from '../domain/names.ts';
import type { OutboxRow } from '../domain/outbox.ts';
import type { Messenger } from '../integrations/messenger/port.ts';
import { AuthError, ProviderError, TransientError } from '../shared/errors.ts';
import { fingerprint } from '../shared/ids.ts';
import { alertAdmins } from './alerts.ts';
import type { Deps, Rendering } from './deps.ts';
import { isMistake, messageRetryAt } from './retry.ts';

/**
 * Sends what is in the outbox: in order within a release, found again by key after a crash, retried with back-off, parked
 * after too many failures (Spec 7.2).
 */

export const CLAIM_MS = 60_000;
/** A message that Slack refuses for good (no such channel) is tried a few times: people may repair that. */
const MAX_REFUSALS = 5;
/** A message that cannot be posted is given up after a day; what was posted is kept up to date however old it is. */
const MAX_AGE_MS = 24 * 3_600_000;
/** It may have grown old while the bot itself was away: so many tries it gets at least, which is half an hour. */
const MIN_TRIES = 14;
/** A clock may be a little off Slack's; looking a little further back costs nothing. */
const LOOK_BACK_MS = 600_000;

/** A claimed row, as long as it is worked on here. */
export interface HeldRow {
  row: OutboxRow;
  /** Slack may have been told: whoever claims it next looks there first */
  sending: boolean;
  givenBack: boolean;
}

/** Sends the release's due messages until none is; returns how many rows it settled. What it claims is in `holds` meanwhile. */
export async function drainRelease(
  deps: Deps,
  releaseId: string,
  isStopping: () => boolean,
  holds: Set<HeldRow>,
): Promise<number> {
  const { outbox } = deps.repositories;
  let sent = 0;
  while (!isStopping()) {
    const row = await outbox.claimNext(releaseId, deps.clock.now(), CLAIM_MS);
    if (!row) return sent;
    const held = { row, sending: false, givenBack: false };
    holds.add(held);
    if (row.takenOver) deps.metrics.recovered('message');
    try {
      const outcome = isStopping() ? unsent(row) : await attempt(deps, held);
      if (outcome.status === 'PARKED') await tellOfGivenUp(deps, outcome);
      // Given back meanwhile, it is not ours to store any more: the claim's token is gone.
      if (await outbox.release(outcome, row.lease?.token ?? '')) countTry(deps, row, outcome);
      if (outcome.status === 'PENDING') return sent;
      sent += 1;
    } finally {
      holds.delete(held);
    }
  }
  return sent;
}

/**
 * For who must stop now: another instance sends it at once. What may have reached Slack stays claimed to the end of its
 * claim, so that it is there to be found when somebody looks.
 */
export async function giveBackNow(deps: Deps, held: HeldRow): Promise<void> {
  if (held.sending || held.givenBack) return;
  held.givenBack = true;
  const { row } = held;
  try {
    await deps.repositories.outbox.release(unsent(row), row.lease?.token ?? '');
  } catch (error) {
    deps.logger.warn(
      { err: error, tenantId: row.tenantId, releaseId: row.releaseId, key: row.key },
      'message not given back; its claim runs out',
    );
  }
}

function countTry({ metrics }: Deps, row: OutboxRow, { status, attempts }: OutboxRow): void {
  if (status === 'SENT') metrics.messageTried('sent');
  else if (status === 'PARKED') metrics.messageTried('parked');
  else if (attempts === row.attempts) metrics.messageTried('delayed');
}

/** As it was before it was claimed. */
function unsent(row: OutboxRow): OutboxRow {
  return { ...row, status: 'PENDING', attempts: row.attempts - 1, lease: null };
}

async function attempt(deps: Deps, held: HeldRow): Promise<OutboxRow> {
  try {
    return await deliver(deps, held);
  } catch (error) {
    if (deps.isDatabaseError(error)) throw error;
    return held.givenBack ? unsent(held.row) : afterFault(deps, held.row, error);
  }
}

async function deliver(deps: Deps, held: HeldRow): Promise<OutboxRow> {
  const { row } = held;
  const now = deps.clock.now();
  const drawn = await draw(deps, row, now);
  if (!drawn) return { ...row, status: 'PARKED', lastError: 'the release is gone', lease: null };
  const { rendering, version } = drawn;
  const messenger = await deps.messengerFor(row.tenantId);
  const place = await show(deps, messenger, held, rendering);
  return {
    ...row,
    ...place,
    status: 'SENT',
    settled: rendering.settled,
    renderedHash: hashOf(rendering),
    shownVersion: version,
    attempts: 0,
    lastError: null,
    lease: null,
    sentAt: row.sentAt ?? now,
  };
}

/** As the release is now, whose version is then shown; an alert needs none. Null when the release is gone. */
async function draw(deps: Deps, row: OutboxRow, now: Date): Promise<{ rendering: Rendering; version: number } | null> {
  if (row.content.kind === 'ALERT') return { rendering: deps.renderAlert(row.content), version: row.wantedVersion };
  const release = await deps.repositories.releases.find(row.tenantId, row.releaseId);
  if (!release) return null;
  const config = await deps.repositories.configs.find(row.tenantId, release.releaseConfigId);
  return { rendering: deps.renderMessage(row.content, { release, config, now }), version: release.version };
}

function hashOf(rendering: Rendering): string {
  return fingerprint(JSON.stringify([rendering.text, rendering.blocks]));
}

/** Posts it, or edits it where it was posted already; an unchanged living message costs no call. */
async function show(
  deps: Deps,
  messenger: Messenger,
  held: HeldRow,
  rendering: Rendering,
): Promise<{ ts: string; postedChannelId: string }> {
  const { row } = held;
  const { text, blocks } = rendering;
  if (row.ts && row.postedChannelId) {
    const posted = { ts: row.ts, postedChannelId: row.postedChannelId };
    if (row.renderedHash !== hashOf(rendering)) {
      beginSending(deps, held);
      await messenger.update({ channelId: posted.postedChannelId, ts: posted.ts, rendered: { text, blocks } });
    }
    return posted;
  }
  const threadTs = row.threadKey ? await threadOf(deps, row.tenantId, row.threadKey) : null;
  const { key, channelId } = row;
  if (row.attempts > 1) {
    const since = new Date(row.createdAt.getTime() - LOOK_BACK_MS);
    const found = await messenger.findByKey({ key, channelId, threadTs, since });
    if (found) return { ts: found.ts, postedChannelId: found.channelId };
  }
  const broadcast = row.broadcast && threadTs !== null;
  beginSending(deps, held);
  const posted = await messenger.send({ key, channelId, threadTs, broadcast, rendered: { text, blocks } });
  return { ts: posted.ts, postedChannelId: posted.channelId };
}

/** Who slept past the end of the claim, or gave it back, must not send: another one may have, meanwhile. */
function beginSending(deps: Deps, held: HeldRow): void {
  const { lease } = held.row;
  if (!held.givenBack && lease && lease.until > deps.clock.now()) {
    held.sending = true;
    return;
  }
  const detail = 'the claim of this message ran out before it was sent';
  throw new TransientError({ provider: 'SLIPWAY', operation: 'outbox', status: null, detail });
}

/** Before it is stored, so that a crash in between tells it again, by the same key. An alert that reaches nobody is only logged. */
async function tellOfGivenUp(deps: Deps, { key, tenantId, releaseId, content, lastError }: OutboxRow): Promise<void> {
  if (content.kind === 'ALERT') return;
  const look = await deps.repositories.releases.look(tenantId, releaseId);
  const name = look?.damaged?.name ?? (look?.release && releaseTitle(look.release)) ?? releaseId;
  await alertAdmins(deps, {
    tenantId,
    key: `parked:${key}`,
    text: `A message of release ${name} could not be delivered and was given up. The messages after it go on.`,
    lines: [
      `Reason: ${lastError ?? 'unknown'}`,
      `Message ${key}`,
      'Often the bot must be invited to the channel. What was given up is not sent again.',
    ],
    releaseId,
  });
}

/** Null when the thread's root could not be posted: the message then stands in the channel by itself. */
async function threadOf(deps: Deps, tenantId: string, threadKey: string): Promise<string | null> {
  return (await deps.repositories.outbox.find(tenantId, threadKey))?.ts ?? null;
}

/**
 * What Slack refuses and what we cannot render are given up after a few tries; a release that was damaged, like a Slack
 * that is down, may be there again tomorrow.
 */
function afterFault(deps: Deps, row: OutboxRow, error: unknown): OutboxRow {
  const now = deps.clock.now();
  const log = { err: error, tenantId: row.tenantId, releaseId: row.releaseId, key: row.key, attempts: row.attempts };
  const mistake = isMistake(error);
  const refused = error instanceof ProviderError && !(error instanceof TransientError || error instanceof AuthError);
  const repairable = !mistake && !refused;
  const tooOld = !row.ts && row.attempts >= MIN_TRIES && now.getTime() - row.createdAt.getTime() > MAX_AGE_MS;
  const failed = { ...row, lastError: error instanceof Error ? error.message : String(error), lease: null };
  if (mistake && row.ts && row.attempts >= MAX_REFUSALS) {
    deps.logger.error(log, 'message could not be edited; its next change tries again');
    return { ...failed, status: 'SENT', attempts: 0, shownVersion: row.wantedVersion };
  }
  if (refused && row.ts) {
    // The posted message is gone (deleted by a person): there is nothing left to keep up to date.
    deps.logger.warn(log, 'message cannot be edited any more');
    return { ...failed, status: 'SENT', settled: true, attempts: 0, shownVersion: row.wantedVersion };
  }
  if (repairable ? tooOld : row.attempts >= MAX_REFUSALS) {
    deps.logger.error(log, 'message parked: it could not be delivered');
    return { ...failed, status: 'PARKED' };
  }
  deps.logger.warn(log, 'message delayed');
  const retryAfterMs = error instanceof TransientError ? error.retryAfterMs : null;
  return { ...failed, status: 'PENDING', dueAt: messageRetryAt(row.attempts, retryAfterMs, now) };
}
