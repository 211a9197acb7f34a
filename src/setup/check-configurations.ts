import type { Platform } from '../domain/release.ts';
import type { FreezeWindow } from '../domain/release-config.ts';
import type { IntegrationKind } from '../persistence/types/index.ts';
import { addDays, parseDayOffset, parseLocal } from '../shared/zoned-time.ts';
import { entriesOf, readFields } from './entries.ts';
import type { ConfigurationFileEntry } from './schema.ts';
import { ConfigurationEntry } from './schema.ts';
import type { WantedConfig } from './wanted.ts';
import type { Mistake, Path, YamlFile } from './yaml-lines.ts';

/** The file's configurations, those without a mistake; `integrations` are those that they may name. */
export function checkConfigurations(
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
  const ofKind = (kind: IntegrationKind) => [
    ...new Set(integrations.filter((one) => one.kind === kind).map((one) => one.name)),
  ];
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
