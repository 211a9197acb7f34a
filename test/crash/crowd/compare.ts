import type { Document } from 'mongodb';
import { keyOf } from '../../support/messages.ts';
import { expectedOf } from './expected.ts';
import { openWork } from './open-work.ts';
import type { CrowdPlan } from './plan.ts';
import { storedFaults } from './stored.ts';
import { trailFaults } from './trail.ts';
import type { CrowdWorld } from './world.ts';

export const EFFECT_KINDS = ['branches', 'tags', 'releases', 'messages', 'builds', 'uploads used'] as const;
export type EffectKind = (typeof EFFECT_KINDS)[number];

/** What was to be made by all releases, what was made, and every difference. */
export interface Comparison {
  /** by kind: how many were to be there, and how many of them are, once */
  effects: Record<EffectKind, { expected: number; seen: number }>;
  submitted: number;
  /** releases that are not SUBMITTED, or that something is left to do for */
  stuck: number;
  auditEntries: number;
  differences: string[];
}

/** `name` is to be there once each; what is there too often or was not to be there is a difference. */
function onceEach(
  what: string,
  expected: readonly string[],
  seen: readonly string[],
  differences: string[],
): { expected: number; seen: number } {
  const counts = new Map<string, number>();
  for (const name of seen) counts.set(name, (counts.get(name) ?? 0) + 1);
  const wanted = new Set(expected);
  if (wanted.size < expected.length) differences.push(`${what}: two are to have the same name`);
  for (const name of wanted) if (!counts.has(name)) differences.push(`- ${what} ${name}`);
  for (const [name, count] of counts) {
    if (!wanted.has(name)) differences.push(`+ ${what} ${name}`);
    else if (count > 1) differences.push(`+ ${what} ${name}: ${count} times`);
  }
  return { expected: wanted.size, seen: [...wanted].filter((name) => counts.get(name) === 1).length };
}

export async function compare(world: CrowdWorld, plan: CrowdPlan): Promise<Comparison> {
  const { db, github, slack } = world;
  const differences: string[] = [];
  const all = (name: string): Promise<Document[]> => db.collection(name).find().toArray();
  const [releases, rows, builds, uploads, audit, jobs] = await Promise.all(
    ['releases', 'outbox', 'builds', 'uploads', 'audit', 'jobs'].map(all),
  );
  const stored = { releases: releases ?? [], rows: rows ?? [], builds: builds ?? [], uploads: uploads ?? [] };
  const expected = expectedOf(plan, stored, differences);

  const made = (kind: string) => github.effects.filter((effect) => effect.kind === kind).map(({ name }) => name);
  const said = slack.allMessages().filter((message) => message.fromBot);
  const used = stored.uploads.filter((upload) => upload['isUsed'] === true);
  const effects: Comparison['effects'] = {
    branches: onceEach('branch', expected.branches, made('branch'), differences),
    tags: onceEach('tag', expected.tags, made('tag'), differences),
    releases: onceEach('release at GitHub', expected.releases, made('release'), differences),
    messages: onceEach(
      'message',
      expected.messages,
      said.map((message) => keyOf(message) ?? `without a key: ${message.text}`),
      differences,
    ),
    builds: onceEach('build', expected.builds, stored.builds.map(buildLine), differences),
    'uploads used': onceEach(
      'used upload',
      expected.uploadsUsed,
      used.map((upload) => useLine(upload, stored)),
      differences,
    ),
  };
  differences.push(...slack.violations.map(({ where, error }) => `Slack refused the shape of ${where}: ${error}`));
  differences.push(...(await storedFaults(world, stored, jobs ?? [])));
  differences.push(...trailFaults(plan, stored, audit ?? []));

  const open = await openWork(db, world.now());
  for (const { kind, id } of open.held) differences.push(`${kind} ${id} is still held`);
  for (const line of open.due) differences.push(`still to be done: ${line}`);
  const submitted = stored.releases.filter((release) => release['status'] === 'SUBMITTED');
  const unfinished = new Set(
    [...open.held.map(({ id }) => id), ...open.due.map((line) => line.split(' ')[1] ?? '')].map(
      (id) => id.split(':')[0],
    ),
  );
  const stuck = plan.releases.length - submitted.filter((release) => !unfinished.has(String(release['_id']))).length;
  return { effects, submitted: submitted.length, stuck, auditEntries: audit?.length ?? 0, differences };
}

/** `7.1.0 REGRESSION ANDROID app-7.1.0-2.apk` */
function buildLine(build: Document): string {
  return [build['version'], build['buildStage'], build['platform'], build['fileName']].join(' ');
}

/** By the build record that took it. */
function useLine(upload: Document, { builds }: { builds: Document[] }): string {
  const taking = builds.filter(({ artifactPath }) => artifactPath === upload['artifactPath']);
  const isSame = taking.length === 1 && taking[0]?.['taskId'] === upload['usedByTaskId'];
  return `${upload['fileName']}${isSame ? '' : ` used by ${upload['usedByTaskId']}, taken by ${taking.length}`}`;
}
