import type { z } from 'zod';
import type { Release } from '../domain/release.ts';
import { deriveStatus } from '../domain/status.ts';
import type { CreateReleaseInput, Engine } from '../engine/index.ts';
import { Refusal } from '../shared/errors.ts';
import {
  CreatedReleaseAnswer,
  HistoryAnswer,
  NotesAnswer,
  ReleaseAnswer,
  ReleaseListAnswer,
  StatusView,
} from './answers.ts';
import type { Answer, AnyEndpoint, Caller } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { CreateReleaseBody, HistoryQuery, ListReleasesQuery } from './inputs.ts';
import { presentDamaged, presentHistory, presentNotes, presentRelease, presentSummary } from './present.ts';

/** Creating and looking at releases (Spec 8.4). */
export function releaseEndpoints(engine: Engine, now: () => Date): AnyEndpoint[] {
  const shown = (release: Release, status: number): Answer => ({
    status,
    body: { success: true, release: presentRelease(release), status: deriveStatus(release, now()) },
    headers: status === 201 ? { Location: `/api/v1/releases/${encodeURIComponent(release.id)}` } : {},
  });
  const load = (caller: Caller, params: Readonly<Record<string, string>>) =>
    engine.queries.release(caller.context.tenantId, params['id'] ?? '');

  return [
    endpoint({
      method: 'get',
      path: '/api/v1/releases',
      summary: 'Lists releases, newest first; those that ended only with `all=true`',
      scope: 'releases:read',
      query: ListReleasesQuery,
      answer: { status: 200, schema: ReleaseListAnswer },
      async handle({ caller, query }) {
        const page = { limit: query.limit, after: query.after };
        const { tenantId } = caller.context;
        const found = query.all ? await engine.queries.all(tenantId, page) : await engine.queries.live(tenantId, page);
        const releases = found.releases.map((release) => presentSummary(release, now()));
        return {
          status: 200,
          body: { success: true, releases, damaged: found.damaged.map(presentDamaged), next: found.next },
        };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/v1/releases',
      summary: 'Creates a release',
      scope: 'releases:write',
      body: CreateReleaseBody,
      answer: { status: 201, schema: CreatedReleaseAnswer },
      idempotent: true,
      async handle({ caller, body }) {
        refuseForeignTenant(caller, body.tenantId);
        try {
          return shown(await engine.createRelease(toInput(body), caller.context), 201);
        } catch (error) {
          throw error instanceof Refusal ? inFieldsOf(body, error) : error;
        }
      },
      async recover({ caller, body }, { since }) {
        const [target] = body.platformTargets;
        if (!target) return null;
        const { tenantId, actor } = caller.context;
        const candidates = await engine.queries.findReleases(tenantId, target.version);
        const made = candidates.find(
          (release) => release.createdBy === actor.id && release.createdAt >= since && isMadeFrom(release, body),
        );
        return made ? shown(made, 201) : null;
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/v1/releases/{id}',
      summary: 'A release with its slots, cycles, tasks and gates',
      scope: 'releases:read',
      answer: { status: 200, schema: ReleaseAnswer },
      handle: async ({ caller, params }) => shown(await load(caller, params), 200),
    }),
    endpoint({
      method: 'get',
      path: '/api/v1/releases/{id}/status',
      summary: 'The status: phase, text, regression and actions',
      scope: 'releases:read',
      answer: { status: 200, schema: StatusView },
      handle: async ({ caller, params }) => ({ status: 200, body: deriveStatus(await load(caller, params), now()) }),
    }),
    endpoint({
      method: 'get',
      path: '/api/v1/releases/{id}/history',
      summary: 'The audit trail, newest first',
      scope: 'releases:read',
      query: HistoryQuery,
      answer: { status: 200, schema: HistoryAnswer },
      async handle({ caller, params, query }) {
        const release = await load(caller, params);
        const page = { limit: query.limit, beforeSeq: query.before };
        const entries = await engine.queries.history(release.tenantId, release.id, page);
        const last = entries.length === query.limit ? entries.at(-1) : undefined;
        return { status: 200, body: { success: true, entries: entries.map(presentHistory), next: last?.seq ?? null } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/v1/releases/{id}/notes',
      summary: 'Release notes of each cycle, then the final ones',
      scope: 'releases:read',
      answer: { status: 200, schema: NotesAnswer },
      handle: async ({ caller, params }) => ({
        status: 200,
        body: { success: true, notes: presentNotes(await load(caller, params)) },
      }),
    }),
  ];
}

type CreateBody = z.output<typeof CreateReleaseBody>;

function toInput(body: CreateBody): CreateReleaseInput {
  return {
    config: body.releaseConfigId,
    type: body.type,
    targets: body.platformTargets.map(({ platform, version, store }) => ({ platform, version, store: store ?? null })),
    baseBranch: body.baseBranch ?? null,
    kickOffDate: body.kickOffDate,
    targetReleaseDate: body.targetReleaseDate ?? null,
    regressionSlots: body.regressionSlots ?? null,
    hasManualBuildUpload: body.hasManualBuildUpload ?? null,
    releasePilot: body.releasePilot ?? null,
    freezeOverrideReason: body.freezeOverrideReason ?? null,
  };
}

/** Another tenant's id is answered as one that does not exist (Spec 4.1). */
function refuseForeignTenant(caller: Caller, tenantId: string | undefined): void {
  if (tenantId !== undefined && tenantId !== caller.context.tenantId) {
    throw new Refusal('NOT_FOUND', 'There is no such tenant.');
  }
}

/** The engine names faults by its input (`config`, `version.IOS`); who sent the body knows its own names. */
function inFieldsOf(body: CreateBody, refusal: Refusal): Refusal {
  const rename = (field: string) => {
    if (field === 'config') return 'releaseConfigId';
    if (field === 'targets') return 'platformTargets';
    const [, part, platform] = /^(version|store)\.([A-Z]+)$/.exec(field) ?? [];
    const index = body.platformTargets.findLastIndex((target) => target.platform === platform);
    return part === undefined || index < 0 ? field : `platformTargets.${index}.${part}`;
  };
  const fields = Object.entries(refusal.fields).map(([field, sentence]) => [rename(field), sentence]);
  return new Refusal(refusal.code, refusal.message, Object.fromEntries(fields));
}

function isMadeFrom(release: Release, body: CreateBody): boolean {
  const spelled = (targets: readonly { platform: string; version: string }[]) =>
    targets
      .map(({ platform, version }) => `${platform} ${version}`)
      .sort()
      .join();
  return (
    [release.releaseConfigId, release.configName].includes(body.releaseConfigId) &&
    release.type === body.type &&
    release.kickOffDate.getTime() === body.kickOffDate.getTime() &&
    spelled(release.targets) === spelled(body.platformTargets)
  );
}
