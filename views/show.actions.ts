import type { Release } from '../src/domain/release.ts';
import { deriveStatus, type StatusResponse } from '../src/domain/status.ts';
import type { Actor } from '../src/domain/tenant.ts';
import type { Engine } from '../src/engine/index.ts';
import { buildList, historyList, notesList, releaseList } from './lists.ts';
import { readerMay } from './reader.actions.ts';
import { statusCard } from './release-card.ts';
import type { Rendered } from './types.ts';
import { whyCard } from './why.ts';

/** What people look at, from a command and from a button alike; everyone may look (Spec 6.3). */

const LIST_PAGE = 8;
const HISTORY_PAGE = 20;

export async function showStatus(engine: Engine, actor: Actor, release: Release): Promise<Rendered> {
  // Slack may be slow to tell the link; the card is good without it.
  const threadLink = await engine.queries.threadLink(release).catch(() => null);
  return statusCard(release, { now: engine.now(), mayUse: readerMay(actor), threadLink });
}

/** The status response of Spec 2.4, as the HTTP API gives it. */
export function statusJson(engine: Engine, release: Release): StatusResponse {
  return deriveStatus(release, engine.now());
}

export function showWhy(engine: Engine, actor: Actor, release: Release): Rendered {
  return whyCard(release, engine.now(), readerMay(actor));
}

export function showNotes(release: Release): Rendered {
  return notesList(release);
}

export async function showBuilds(engine: Engine, actor: Actor, release: Release): Promise<Rendered> {
  const { queries } = engine;
  const [builds, uploads] = await Promise.all([
    queries.builds(release.tenantId, release.id),
    queries.uploads(release.tenantId, release.id),
  ]);
  const named = new Map<string, string>();
  for (const { artifactPath, fileName } of [...builds, ...uploads.filter((upload) => !upload.deletedAt)]) {
    if (artifactPath) named.set(artifactPath, fileName ?? 'build');
  }
  const links: Record<string, string> = {};
  for (const [path, fileName] of named) {
    const link = await queries.artifactLink(path, fileName);
    if (link !== null) links[path] = link;
  }
  const mayUpload = readerMay(actor)('UPLOAD', release);
  return buildList({ release, builds, uploads, links, mayUpload, now: engine.now() });
}

/** `beforeSeq`: entries older than that one. */
export async function showHistory(engine: Engine, release: Release, beforeSeq?: number): Promise<Rendered> {
  const page = { limit: HISTORY_PAGE + 1, beforeSeq };
  const entries = await engine.queries.history(release.tenantId, release.id, page);
  return historyList({ release, entries: entries.slice(0, HISTORY_PAGE), hasMore: entries.length > HISTORY_PAGE });
}

export async function showList(
  engine: Engine,
  tenantId: string,
  page: { all: boolean; after: string | null; page: number },
): Promise<Rendered> {
  const range = { limit: LIST_PAGE, after: page.after ?? undefined };
  const { releases, damaged, next } = page.all
    ? await engine.queries.all(tenantId, range)
    : await engine.queries.live(tenantId, range);
  return releaseList({ releases, damaged, all: page.all, next, page: page.page, now: engine.now() });
}
