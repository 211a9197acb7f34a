import { PLATFORM_NAMES } from '../src/domain/names.ts';
import { PLATFORMS, RELEASE_TYPES } from '../src/domain/release.ts';
import type { ReleaseConfig } from '../src/domain/release-config.ts';
import { addDays, formatLocal, parseLocal } from '../src/shared/zoned-time.ts';
import { BLOCKS, type CreateField, INPUT_ACTIONS } from './ids.ts';
import type { CreateReleaseForm, Parsed, ViewValue, ViewValues } from './types.ts';

/** Reads the creation modal. What a rule says about the values is the engine's; here is only what they mean. */

const MAX_SLOTS = 30;

/** The configuration chosen in the modal; null before one was. */
export function chosenConfig(values: ViewValues): string | null {
  return values[BLOCKS.createConfig]?.[INPUT_ACTIONS.createConfig]?.selected_option?.value ?? null;
}

export function parseCreateRelease(values: ViewValues, config: ReleaseConfig): Parsed<CreateReleaseForm> {
  const errors: Record<string, string> = {};
  const fault = (field: CreateField, text: string) => {
    errors[blockOf(values, field) ?? BLOCKS.createConfig] = text;
  };
  const targets = PLATFORMS.filter((platform) => config.platforms.includes(platform)).flatMap((platform) => {
    const version = textOf(values, `version_${platform}`);
    return version ? [{ platform, version, store: null }] : [];
  });
  const [first] = config.platforms;
  if (targets.length === 0 && first) {
    const names = config.platforms.map((platform) => PLATFORM_NAMES[platform]).join(' or ');
    fault(`version_${first}`, `Give a version for ${names}.`);
  }
  const kickOffDate = instantOf(values, 'kick_off');
  if (!kickOffDate) fault('kick_off', 'Give a date and a time.');
  const slots = slotsOf(textOf(values, 'slots'), kickOffDate, config.timeZone);
  if (typeof slots === 'string') fault('slots', slots);
  if (Object.keys(errors).length > 0 || !kickOffDate || typeof slots === 'string') return { ok: false, errors };
  const type = inputOf(values, 'type')?.selected_option?.value;
  const builds = inputOf(values, 'builds')?.selected_option?.value;
  return {
    ok: true,
    input: {
      config: config.id,
      type: RELEASE_TYPES.find((known) => known === type) ?? 'PLANNED',
      targets,
      baseBranch: textOf(values, 'base_branch'),
      kickOffDate,
      targetReleaseDate: instantOf(values, 'target_date'),
      regressionSlots: slots,
      hasManualBuildUpload: builds === 'manual' ? true : builds === 'ci' ? false : null,
      releasePilot: inputOf(values, 'pilot')?.selected_user ?? null,
      freezeOverrideReason: textOf(values, 'freeze_reason'),
    },
  };
}

/** Null = from the template; a text says what is wrong with which line. */
function slotsOf(text: string | null, kickOffDate: Date | null, timeZone: string): Date[] | null | string {
  if (!text) return null;
  const lines = text.split(/[\n;]+/).map((line) => line.trim());
  const filled = lines.filter((line) => line !== '');
  if (filled.length > MAX_SLOTS) return `At most ${MAX_SLOTS} slots are possible; here are ${filled.length}.`;
  const slots: Date[] = [];
  for (const line of filled) {
    const at = slotOf(line, kickOffDate, timeZone);
    if (!at) return `"${line.slice(0, 60)}" is not a slot. Write ${exampleSlots(timeZone)}, one per line.`;
    slots.push(at);
  }
  return slots.sort((a, b) => a.getTime() - b.getTime());
}

/** `2026-11-24 14:00`, or `+3d 14:00`: so many days after kick-off, at that local time. */
function slotOf(line: string, kickOffDate: Date | null, timeZone: string): Date | null {
  const relative = /^\+(\d{1,3})d\s+(\d{1,2}:\d{2})$/i.exec(line);
  if (!relative) return parseLocal(line.replace(/\s+/, ' ').replace(/ (\d:)/, ' 0$1'), timeZone);
  if (!kickOffDate) return null;
  const day = formatLocal(addDays(kickOffDate, Number(relative[1]), timeZone), timeZone).slice(0, 10);
  return parseLocal(`${day} ${(relative[2] ?? '').padStart(5, '0')}`, timeZone);
}

export function exampleSlots(timeZone: string): string {
  return `a date and time such as 2026-11-24 14:00, or +1d 14:00 for the day after kick-off (${timeZone})`;
}

const FIELDS: Record<string, CreateField> = {
  type: 'type',
  kickOffDate: 'kick_off',
  targetReleaseDate: 'target_date',
  regressionSlots: 'slots',
  hasManualBuildUpload: 'builds',
  releasePilot: 'pilot',
  baseBranch: 'base_branch',
  freezeOverrideReason: 'freeze_reason',
};

/** The engine's `Refusal.fields` under the blocks they belong to; what belongs to none goes under the configuration. */
export function createReleaseErrors(
  fields: Readonly<Record<string, string>>,
  values: ViewValues,
): Record<string, string> {
  const errors: Record<string, string> = {};
  // Slots that nobody typed follow the kick-off: putting that right puts them right, too.
  const followsKickOff = 'kickOffDate' in fields && textOf(values, 'slots') === null;
  for (const [name, text] of Object.entries(fields)) {
    if (name === 'regressionSlots' && followsKickOff) continue;
    const platform = PLATFORMS.find((known) => name.startsWith('version') && name.endsWith(known));
    const field = platform ? (`version_${platform}` as const) : FIELDS[name];
    const block = (field && blockOf(values, field)) ?? BLOCKS.createConfig;
    errors[block] = errors[block] ? `${errors[block]} ${text}` : text;
  }
  return errors;
}

/** Blocks carry the id of the configuration that prefilled them, so they are found by what comes before it. */
function blockOf(values: ViewValues, field: CreateField): string | null {
  return Object.keys(values).find((block) => block.startsWith(`create_${field}.`)) ?? null;
}

function inputOf(values: ViewValues, field: CreateField): ViewValue | null {
  const block = blockOf(values, field);
  return (block && values[block]?.[INPUT_ACTIONS.value]) || null;
}

function textOf(values: ViewValues, field: CreateField): string | null {
  return inputOf(values, field)?.value?.trim() || null;
}

function instantOf(values: ViewValues, field: CreateField): Date | null {
  const seconds = inputOf(values, field)?.selected_date_time;
  return typeof seconds === 'number' ? new Date(seconds * 1000) : null;
}
