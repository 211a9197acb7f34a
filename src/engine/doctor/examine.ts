import type { InspectedRelease } from '../../persistence/types/index.ts';
import { isDatabaseError } from '../../shared/database-errors.ts';
import type { Deps } from '../deps.ts';
import { RELEASE_CHECKS, WHOLE_CHECKS } from './checks/index.ts';
import {
  before,
  type Counts,
  type Finding,
  type Found,
  GRACE_MS,
  identityOf,
  type ReleaseCheck,
  type WholeLook,
} from './finding.ts';

/** What an examination needs of the engine's dependencies; without a store files are not looked at. */
export interface DoctorDeps extends Pick<Deps, 'clock' | 'logger' | 'repositories'> {
  artifacts: Pick<Deps['artifacts'], 'head'> | null;
}

export interface Scope {
  /** null = every tenant */
  tenantId: string | null;
  /** null = everything there is; otherwise what is due, waits to be sent, or was changed since */
  changedSince: Date | null;
}

const PAGE = 100;
/** of releases that are looked at because they are due, wait for Slack or are parked, however long ago they changed */
const MAX_CONSPICUOUS = 1000;
/** Asking a store takes some milliseconds each. */
const MAX_FILES = 2000;

/**
 * Runs every check and yields what it finds, page by page: memory does not grow with what there is. What is found in a
 * release is looked at twice, because somebody may be working on it at this very moment.
 */
export async function* examine(deps: DoctorDeps, scope: Scope, counts: Counts): AsyncIterable<Finding> {
  const look = lookOf(deps, scope, counts);
  for await (const page of pagesOf(deps, scope, look.now)) {
    for (const release of page) count(release, counts);
    const found = await ofReleases(page, look);
    if (found.length > 0) yield* await seenAgain(deps, found, look);
  }
  for (const check of WHOLE_CHECKS) {
    try {
      for await (const found of check.ofAll(look)) {
        if (scope.tenantId === null || found.tenantId === scope.tenantId) yield { check: check.id, ...found };
      }
    } catch (error) {
      yield { check: check.id, ...undone(null, error) };
    }
  }
}

/** A document that was damaged in an unforeseen way keeps nobody from looking at the others. */
function undone(release: InspectedRelease | null, error: unknown): Found {
  if (isDatabaseError(error)) throw error;
  const words = error instanceof Error ? error.message : String(error);
  const text = `This could not be checked, because what is stored is damaged: ${words}.`;
  const whose = { tenantId: release?.tenantId ?? null, releaseId: release?.id ?? null };
  return { severity: 'error', ...whose, subject: 'undone', text, repair: null };
}

export function noCounts(): Counts {
  const none = { tenants: 0, releases: 0, live: 0, uploads: 0, builds: 0, files: 0 };
  return { ...none, messages: 0, auditEntries: 0, jobs: 0 };
}

function count(release: InspectedRelease, counts: Counts): void {
  counts.releases += 1;
  counts.live += release.live ? 1 : 0;
  counts.uploads += release.uploads.length;
  counts.builds += release.builds.length;
  counts.messages += release.rows.length;
  counts.auditEntries += release.auditSeqs.length;
  counts.jobs += release.jobs.length;
}

async function ofReleases(page: readonly InspectedRelease[], look: WholeLook): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const release of page) {
    for (const check of RELEASE_CHECKS) {
      const found = await checked(check, release, look);
      findings.push(...found.map((each) => ({ check: check.id, ...each })));
    }
  }
  return findings;
}

async function checked(check: ReleaseCheck, release: InspectedRelease, look: WholeLook): Promise<Found[]> {
  try {
    return await check.ofRelease(release, look);
  } catch (error) {
    return [undone(release, error)];
  }
}

async function seenAgain(deps: DoctorDeps, first: readonly Finding[], look: WholeLook): Promise<Finding[]> {
  const ids = [...new Set(first.flatMap(({ releaseId }) => releaseId ?? []))];
  const second = await ofReleases(await deps.repositories.inspections.releasesById(ids), look);
  const seen = new Set(first.map(identityOf));
  return second.filter((finding) => seen.has(identityOf(finding)));
}

async function* pagesOf(deps: DoctorDeps, scope: Scope, now: Date): AsyncIterable<InspectedRelease[]> {
  if (scope.changedSince === null) yield* allPages(deps, scope.tenantId);
  else yield* latePages(deps, scope.changedSince, now);
}

async function* allPages(deps: DoctorDeps, tenantId: string | null): AsyncIterable<InspectedRelease[]> {
  let after: string | null = null;
  do {
    const page: InspectedRelease[] = await deps.repositories.inspections.releases({ limit: PAGE, after, tenantId });
    yield page;
    after = page.length < PAGE ? null : (page.at(-1)?.id ?? null);
  } while (after !== null);
}

/** What is conspicuous first, then what was changed: costs what happens, not what sleeps. */
async function* latePages(deps: DoctorDeps, since: Date, now: Date): AsyncIterable<InspectedRelease[]> {
  const { inspections, releases } = deps.repositories;
  const due = await releases.findDue(before(now, GRACE_MS), MAX_CONSPICUOUS);
  const unsent = await inspections.unsentRows(before(now, GRACE_MS), MAX_CONSPICUOUS);
  const parked = await releases.listParked(MAX_CONSPICUOUS);
  const waiting = unsent.map(({ releaseId }) => releaseId);
  const conspicuous = [...new Set([...due, ...waiting, ...parked.map(({ id }) => id)])];
  for (let i = 0; i < conspicuous.length; i += PAGE) {
    yield await inspections.releasesById(conspicuous.slice(i, i + PAGE));
  }
  const seen = new Set(conspicuous);
  let after: { updatedAt: Date; id: string } | null = null;
  do {
    const page: InspectedRelease[] = await inspections.releasesChangedSince(since, { limit: PAGE, after });
    yield page.filter(({ id }) => !seen.has(id));
    const last = page.at(-1);
    // What is changed while this goes on comes again at the end; the next examination is for that.
    after = last && page.length === PAGE && last.updatedAt <= now ? last : null;
  } while (after !== null);
}

function lookOf(deps: DoctorDeps, scope: Scope, counts: Counts): WholeLook {
  const { clock, repositories } = deps;
  const now = clock.now();
  const configs = new Map<string, ReturnType<WholeLook['configOf']>>();
  let asked = 0;
  return {
    now,
    realNow: clock.realTimeOf(now),
    counts,
    inspections: repositories.inspections,
    repositories,
    thorough: scope.changedSince === null,
    configOf(tenantId, configId) {
      const key = `${tenantId} ${configId}`;
      const config = configs.get(key) ?? repositories.configs.find(tenantId, configId);
      configs.set(key, config);
      return config;
    },
    async bytesOf(path) {
      if (!deps.artifacts || asked >= MAX_FILES) return 'unknown';
      asked += 1;
      try {
        const stored = await deps.artifacts.head(path);
        counts.files += 1;
        return stored ? 'there' : 'gone';
      } catch (error) {
        deps.logger.warn({ err: error, path }, 'the store could not be asked for a file');
        return 'unknown';
      }
    },
  };
}
