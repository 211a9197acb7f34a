import type { DamagedRelease } from '../src/domain/defect.ts';
import { awaitingGate } from '../src/domain/gate-rules.ts';
import type { Release } from '../src/domain/release.ts';
import { explain } from './answer.actions.ts';
import { type Click, contextOf, type FaceDeps } from './deps.ts';
import { homeView } from './home.ts';
import { parsePageValue } from './ids.ts';
import { readerMay } from './reader.actions.ts';
import type { HomeAdmin, HomeData } from './types.ts';

/** The App Home: published when it is opened, turned or stale (Spec 6.5). */

const HOME_PAGE = 5;
const RECENT = 5;
/** How many releases are looked through for ended ones. */
const RECENT_AMONG = 20;
/** How many live releases are looked through for gates that wait for the reader. */
const GATES_AMONG = 50;

export async function homeOpened(
  deps: FaceDeps,
  event: { tenantId: string; userId: string; tab: string },
): Promise<void> {
  if (event.tab !== 'home') return;
  await turnHome(deps, event.tenantId, event.userId, 0);
}

export async function turnHomePage(deps: FaceDeps, click: Click): Promise<void> {
  const { tenantId, userId } = click.asker;
  await turnHome(deps, tenantId, userId, parsePageValue(click.value)?.page ?? 0);
}

async function turnHome(deps: FaceDeps, tenantId: string, userId: string, page: number): Promise<void> {
  try {
    await deps.engine.homes.opened(tenantId, userId, page);
    await publishHome(deps, tenantId, userId, page);
  } catch (error) {
    // There is nowhere to say it: an empty Home is left as it is and repaired at the next opening.
    explain(deps, error, { what: 'home', tenantId });
  }
}

/** Publishes the person's Home as it is now, on the first page. */
export async function refreshHome(deps: FaceDeps, tenantId: string, userId: string, page = 0): Promise<void> {
  await publishHome(deps, tenantId, userId, page);
}

/** For a job: brings the Homes up to date that show something that changed. Returns how many. */
export async function refreshStaleHomes(deps: FaceDeps, limit = 50): Promise<number> {
  for (let count = 0; count < limit; count += 1) {
    const home = await deps.engine.homes.takeStale();
    if (home === null) return count;
    try {
      await publishHome(deps, home.tenantId, home.userId, home.page);
    } catch (error) {
      explain(deps, error, { what: 'home', tenantId: home.tenantId });
    }
  }
  return limit;
}

async function publishHome(deps: FaceDeps, tenantId: string, userId: string, page: number): Promise<void> {
  const view = homeView(await homeData(deps, tenantId, userId, page));
  await deps.client.views.publish({ user_id: userId, view });
}

async function homeData(deps: FaceDeps, tenantId: string, userId: string, page: number): Promise<HomeData> {
  const { engine } = deps;
  const [{ actor }, live, configs] = await Promise.all([
    contextOf(engine, { tenantId, userId }),
    livePage(deps, tenantId, page),
    engine.queries.configs(tenantId),
  ]);
  const data: HomeData = {
    viewer: actor,
    releases: live.releases,
    damaged: live.damaged,
    recent: live.page === 0 ? await recentlyEnded(deps, tenantId) : [],
    configs,
    mayUse: readerMay(actor),
    page: live.page,
    hasMore: live.hasMore,
    now: engine.now(),
  };
  // One's own approvals come first, whatever page their release is on.
  if (live.page === 0 && live.hasMore) data.approvals = await atGates(deps, tenantId);
  return actor.roles.includes('ADMIN') ? { ...data, admin: await adminData(deps, tenantId) } : data;
}

/** The page, or the last one there is when releases ended meanwhile. */
async function livePage(
  deps: FaceDeps,
  tenantId: string,
  page: number,
): Promise<{ releases: Release[]; damaged: DamagedRelease[]; page: number; hasMore: boolean }> {
  let after: string | undefined;
  for (let current = 0; ; current += 1) {
    const { releases, damaged, next } = await deps.engine.queries.live(tenantId, { limit: HOME_PAGE, after });
    if (current >= page || next === null) return { releases, damaged, page: current, hasMore: next !== null };
    after = next;
  }
}

async function atGates(deps: FaceDeps, tenantId: string): Promise<Release[]> {
  const { releases } = await deps.engine.queries.live(tenantId, { limit: GATES_AMONG });
  return releases.filter((release) => awaitingGate(release) !== null);
}

async function recentlyEnded(deps: FaceDeps, tenantId: string): Promise<Release[]> {
  const { releases } = await deps.engine.queries.all(tenantId, { limit: RECENT_AMONG });
  return releases.filter(({ status }) => status === 'COMPLETED' || status === 'ARCHIVED').slice(0, RECENT);
}

async function adminData(deps: FaceDeps, tenantId: string): Promise<HomeAdmin> {
  const { queries } = deps.engine;
  const [integrations, tenant, configs] = await Promise.all([
    queries.integrations(tenantId),
    queries.tenant(tenantId),
    queries.configs(tenantId),
  ]);
  const roles = tenant?.roles ?? {};
  const missingSetup: string[] = [];
  if (!integrations.some((one) => one.kind === 'SCM')) missingSetup.push('Connect a source code host (SCM).');
  for (const one of integrations) {
    if (one.verification !== 'VALID')
      missingSetup.push(`Check the integration ${one.name}: it is ${one.verification}.`);
  }
  if (!configs.some((config) => config.isActive)) missingSetup.push('Make a release configuration.');
  for (const role of ['RELEASE_PILOT', 'APPROVER', 'UPLOADER'] as const) {
    if ((roles[role] ?? []).length === 0) missingSetup.push(`Give somebody the role ${role}.`);
  }
  return { integrations, roles, missingSetup };
}
