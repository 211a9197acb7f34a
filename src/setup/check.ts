import { z } from 'zod';
import type { Platform } from '../domain/release.ts';
import type { FreezeWindow, ReleaseConfig } from '../domain/release-config.ts';
import type { Role } from '../domain/tenant.ts';
import type { IntegrationKind } from '../persistence/types.ts';
import { addDays, parseDayOffset, parseLocal } from '../shared/zoned-time.ts';
import { issueMistakes } from './issues.ts';
import type { ProviderSchemas } from './providers.ts';
import { findProvider } from './providers.ts';
import type { ConfigurationFileEntry, IntegrationFileEntry } from './schema.ts';
import { ConfigurationEntry, IntegrationEntry, SetupFileSchema } from './schema.ts';
import type { SecretSources } from './secrets.ts';
import { resolveCredentials } from './secrets.ts';
import type { Mistake, Path, YamlFile } from './yaml-lines.ts';
import { readYaml } from './yaml-lines.ts';

/** What the file wants, checked and complete. Names are the identity; nothing here has an id yet (Spec 4.7). */
export interface WantedSetup {
  tenant: { id: string; name: string };
  /** the roles that the file names; others are left alone unless pruned */
  roles: Partial<Record<Role, string[]>>;
  integrations: WantedIntegration[];
  configs: WantedConfig[];
}
export interface WantedIntegration {
  name: string;
  kind: IntegrationKind;
  provider: string;
  settings: Record<string, unknown>;
  /** in the clear, only in memory; null = none */
  credentials: Record<string, unknown> | null;
}
/** `scm` is the name of an integration, in the file or stored. */
export type WantedConfig = Omit<ReleaseConfig, 'id' | 'tenantId' | 'scmIntegrationId'> & { scm: string };

export interface StoredNames {
  integrations: readonly { name: string; kind: IntegrationKind }[];
}

const SECTIONS = SetupFileSchema.shape;
const HeadSchema = z.looseObject({ tenant: SECTIONS.tenant, roles: SECTIONS.roles });

/**
 * Checks the whole file and lists every mistake at once, by line. `stored` tells what the tenant has already, because a
 * configuration may name an integration that is not in the file.
 */
export async function checkSetupFile(
  text: string,
  sources: SecretSources,
  stored: (tenantId: string) => Promise<StoredNames>,
): Promise<{ wanted: WantedSetup | null; mistakes: Mistake[] }> {
  const file = readYaml(text);
  const mistakes = [...file.mistakes];
  if (mistakes.length > 0) return { wanted: null, mistakes };
  if (!isObject(file.data)) {
    const message = 'expected tenant, roles, integrations and configurations, as on a page of YAML';
    return { wanted: null, mistakes: [{ line: 1, message }] };
  }
  mistakes.push(...unknownSections(file, file.data));
  const head = HeadSchema.safeParse(file.data);
  if (!head.success) mistakes.push(...issueMistakes(file, [], head.error));

  const integrations = await checkIntegrations(file, file.data['integrations'], sources, mistakes);
  const known = head.success ? (await stored(head.data.tenant.slackTeamId)).integrations : [];
  const named = [
    ...integrations.named,
    ...known.filter(({ name }) => !integrations.named.some((i) => i.name === name)),
  ];
  const configs = checkConfigurations(file, file.data['configurations'], named, mistakes);

  mistakes.sort((a, b) => a.line - b.line);
  if (mistakes.length > 0 || !head.success) return { wanted: null, mistakes };
  const { tenant, roles } = head.data;
  const given = Object.entries(roles).map(([role, members]) => [role, [...new Set(members)]]);
  return {
    wanted: {
      tenant: { id: tenant.slackTeamId, name: tenant.name },
      roles: Object.fromEntries(given) as Partial<Record<Role, string[]>>,
      integrations: integrations.wanted,
      configs,
    },
    mistakes,
  };
}

function unknownSections(file: YamlFile, data: Record<string, unknown>): Mistake[] {
  const unknown = Object.keys(data).filter((key) => !Object.hasOwn(SECTIONS, key));
  return unknown.map((key) => {
    const artifacts = 'builds are kept where the environment says: set ARTIFACTS_S3_BUCKET or ARTIFACTS_DIR, not this';
    const message = key === 'artifacts' ? artifacts : `is not known here; known: ${Object.keys(SECTIONS).join(', ')}`;
    return { line: file.lineOfKey([], key), message: `${key}: ${message}` };
  });
}

/** The list at the section; what is there but no list is a mistake, nothing is an empty one. */
function entriesOf(file: YamlFile, section: string, value: unknown, mistakes: Mistake[]): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  mistakes.push({ line: file.lineOf([section]), message: `${section}: expected a list` });
  return [];
}

async function checkIntegrations(file: YamlFile, section: unknown, sources: SecretSources, mistakes: Mistake[]) {
  const wanted: WantedIntegration[] = [];
  const named: { name: string; kind: IntegrationKind }[] = [];
  for (const [index, raw] of entriesOf(file, 'integrations', section, mistakes).entries()) {
    const path: Path = ['integrations', index];
    const entry = readFields(file, path, IntegrationEntry, raw, mistakes);
    const { name, kind, provider } = entry;
    if (name !== undefined && kind !== undefined) {
      if (named.some((other) => other.name === name)) {
        mistakes.push({ line: file.lineOf([...path, 'name']), message: `two integrations are named "${name}"` });
      }
      named.push({ name, kind });
    }
    if (kind === undefined || provider === undefined) continue;
    const schemas = findProvider(kind, provider);
    if (typeof schemas === 'string') {
      mistakes.push({ line: file.lineOf([...path, 'provider']), message: `integration "${name}": ${schemas}` });
      continue;
    }
    const parts = await checkParts(file, path, entry, schemas, sources, mistakes);
    if (parts && name !== undefined) wanted.push({ name, kind, provider, ...parts });
  }
  return { wanted, named };
}

/** Settings and credentials by the provider's schemas; null when they are not right. */
async function checkParts(
  file: YamlFile,
  path: Path,
  entry: Partial<IntegrationFileEntry>,
  schemas: ProviderSchemas,
  sources: SecretSources,
  mistakes: Mistake[],
): Promise<Pick<WantedIntegration, 'settings' | 'credentials'> | null> {
  for (const key of ['scm', 'target'] as const) {
    if (entry[key] !== undefined) {
      mistakes.push({
        line: file.lineOf([...path, key]),
        message: `integration "${entry.name}": "${key}" is for pipelines`,
      });
    }
  }
  const settings = schemas.settings.safeParse(entry.settings ?? {});
  if (!settings.success) mistakes.push(...issueMistakes(file, [...path, 'settings'], settings.error));
  if (!entry.credentials) {
    mistakes.push({ line: file.lineOf(path), message: `integration "${entry.name}": credentials are missing` });
    return null;
  }
  const at = [...path, 'credentials'];
  const context = { file, path: at, sources, literal: schemas.literalCredentials, mistakes };
  const credentials = await resolveCredentials(entry.credentials, context);
  const checked = credentials && schemas.credentials.safeParse(credentials);
  if (checked && !checked.success) mistakes.push(...issueMistakes(file, at, checked.error));
  if (!settings.success || !checked?.success) return null;
  return { settings: settings.data as Record<string, unknown>, credentials };
}

/**
 * The fields of an entry that are right, each by itself, so that one that is wrong hides no mistake of another; what is
 * wrong is listed. Whoever gets all of them wanted may take them for the whole.
 */
function readFields<S extends z.ZodObject>(
  file: YamlFile,
  path: Path,
  schema: S,
  raw: unknown,
  mistakes: Mistake[],
): Partial<z.output<S>> {
  const whole = schema.safeParse(raw);
  if (whole.success) return whole.data;
  mistakes.push(...issueMistakes(file, path, whole.error));
  if (!isObject(raw)) return {};
  const right = Object.entries(schema.shape).flatMap(([key, field]) => {
    const parsed = z.safeParse(field, raw[key]);
    return parsed.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(right) as Partial<z.output<S>>;
}

function checkConfigurations(
  file: YamlFile,
  section: unknown,
  integrations: readonly { name: string; kind: IntegrationKind }[],
  mistakes: Mistake[],
): WantedConfig[] {
  const configs: WantedConfig[] = [];
  const names = new Set<string>();
  for (const [index, raw] of entriesOf(file, 'configurations', section, mistakes).entries()) {
    const path: Path = ['configurations', index];
    const before = mistakes.length;
    const entry = readFields(file, path, ConfigurationEntry, raw, mistakes);
    const faults = configurationFaults(entry, integrations);
    if (entry.name !== undefined && names.has(entry.name)) {
      faults.push([['name'], 'another configuration has this name']);
    }
    names.add(entry.name ?? '');
    const freezeWindows = readFreezeWindows(entry, faults);
    for (const [at, message] of faults) {
      const line = file.lineOf([...path, ...at]);
      mistakes.push({ line, message: `configuration "${entry.name}": ${at.join('.')}: ${message}` });
    }
    if (mistakes.length === before) configs.push(toConfig(entry as ConfigurationFileEntry, freezeWindows));
  }
  return configs;
}

type Fault = [at: Path, message: string];

function configurationFaults(
  entry: Partial<ConfigurationFileEntry>,
  integrations: readonly { name: string; kind: IntegrationKind }[],
): Fault[] {
  const { flow, scm, targets = [], workflows = [], platforms, applicationIds = {}, gates, slotTemplate = [] } = entry;
  const faults: Fault[] = [];
  if (flow === 'QUICK') faults.push([['flow'], 'QUICK is not available yet']);
  const ofKind = (kind: IntegrationKind) => integrations.filter((one) => one.kind === kind).map((one) => one.name);
  const need = (at: Path, kind: IntegrationKind, name: string) => {
    if (ofKind(kind).includes(name)) return;
    const there = ofKind(kind).length > 0 ? `there is ${ofKind(kind).join(', ')}` : 'there is none';
    faults.push([at, `there is no ${kind} integration named "${name}" (${there})`]);
  };
  if (scm !== undefined) need(['scm'], 'SCM', scm);
  for (const [index, target] of targets.entries()) need(['targets', index], 'TARGET', target);
  for (const index of workflows.keys()) faults.push([['workflows', index], 'CI workflows are not available yet']);
  for (const platform of Object.keys(applicationIds)) {
    if (platforms && !platforms.includes(platform as Platform)) {
      faults.push([['applicationIds', platform], `${platform} is not among the platforms`]);
    }
  }
  for (const gate of gates ? (['preRelease', 'submission'] as const) : []) {
    const { users, quorum } = gates?.[gate] ?? { users: null, quorum: 1 };
    if (users && new Set(users).size < quorum) {
      faults.push([
        ['gates', gate, 'quorum'],
        `${quorum} approvals can never come from ${new Set(users).size} user(s)`,
      ]);
    }
  }
  for (const [index, slot] of slotTemplate.entries()) {
    const before = slotTemplate[index - 1];
    if (before && orderOf(slot) <= orderOf(before)) {
      faults.push([['slotTemplate', index], 'the slots must be in ascending order, each at a time of its own']);
    }
  }
  return faults;
}

function orderOf(slot: { offset: string; time: string }): string {
  return `${String(parseDayOffset(slot.offset)).padStart(3, '0')} ${slot.time}`;
}

/** Local times of the configuration's zone; a day alone is the whole day, also as the end. */
function readFreezeWindows(entry: Partial<ConfigurationFileEntry>, faults: Fault[]): FreezeWindow[] {
  const { freezeWindows = [], timeZone = 'UTC' } = entry;
  return freezeWindows.flatMap(({ from, to, reason }, index) => {
    const startsAt = parseLocal(from, timeZone);
    const end = parseLocal(to, timeZone);
    const endsAt = end && /^\d{4}-\d{2}-\d{2}$/.test(to.trim()) ? addDays(end, 1, timeZone) : end;
    const expected = 'is no date: expected e.g. 2026-12-20 or "2026-12-20 18:00"';
    if (!startsAt) faults.push([['freezeWindows', index, 'from'], `"${from}" ${expected}`]);
    if (!endsAt) faults.push([['freezeWindows', index, 'to'], `"${to}" ${expected}`]);
    if (!startsAt || !endsAt) return [];
    if (endsAt <= startsAt) faults.push([['freezeWindows', index, 'to'], 'the window ends before it begins']);
    return [{ startsAt, endsAt, reason }];
  });
}

function toConfig(entry: ConfigurationFileEntry, freezeWindows: FreezeWindow[]): WantedConfig {
  const { flow: _flow, targets: _targets, workflows: _workflows, comms, gates, ...same } = entry;
  const { releases, builds = releases, approvals = releases } = comms;
  return {
    ...same,
    flow: 'STAGED',
    comms: { releases, builds, approvals },
    gates: { preRelease: { ...gates.preRelease }, submission: { ...gates.submission } },
    freezeWindows,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
