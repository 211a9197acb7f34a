import { DateTime, IANAZone } from 'luxon';

/**
 * Local wall time and zones (Spec 1.1, 7.3). Instants are `Date`s; zones are IANA names. Where a clock change makes a
 * wall time not exist (spring), the time as far after the change is taken: 02:30 in a gap of an hour is 03:30. Where it
 * exists twice (autumn), the first of the two is taken.
 */

const OFFSET = /^P(\d{1,3})D$/;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;
const LOCAL = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?(Z|[+-]\d{2}:?\d{2})?$/i;

/** An IANA name that this machine knows (`Asia/Kolkata`, `UTC`); a bare offset such as `+05:30` is none. */
export function isTimeZone(name: string): boolean {
  return /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name);
}

/** The days of an offset such as `P3D` (0 to 999); null when it is not one. */
export function parseDayOffset(offset: string): number | null {
  const match = OFFSET.exec(offset);
  return match ? Number(match[1]) : null;
}

/** Hour and minute of `14:00` (24 hours, two digits each); null when it is not a time. */
export function parseTime(time: string): { hour: number; minute: number } | null {
  const match = TIME.exec(time);
  return match ? { hour: Number(match[1]), minute: Number(match[2]) } : null;
}

export interface SlotTime {
  kickOffDate: Date;
  /** whole days, `P1D` */
  offset: string;
  /** local wall time, `14:00` */
  time: string;
  timeZone: string;
}

/**
 * The instant of a slot: kick-off's calendar date in the zone, plus the days, at the wall time there. Days are calendar
 * days, so a clock change in between moves no slot. Throws `RangeError` for a faulty offset, time, zone or date.
 */
export function slotInstant({ kickOffDate, offset, time, timeZone }: SlotTime): Date {
  const days = parseDayOffset(offset);
  if (days === null) throw new RangeError(`not a slot offset: "${offset}"; expected whole days, e.g. P1D`);
  const wall = parseTime(time);
  if (wall === null) throw new RangeError(`not a local time: "${time}"; expected e.g. 14:00`);
  const kickOff = inZone(kickOffDate, timeZone);
  const { year, month, day } = kickOff.plus({ days });
  return fromWall({ year, month, day, ...wall }, timeZone);
}

/**
 * Reads `2026-12-01 14:00`, `2026-12-01T14:00[:30]` or `2026-12-01` (midnight) as wall time of the zone; with `Z` or an
 * offset at the end it is that instant, whatever the zone. Null when it is no such text or no such date (30 February).
 */
export function parseLocal(text: string, timeZone: string): Date | null {
  const match = LOCAL.exec(text.trim());
  if (!match) return null;
  const [, date, time, offset] = match;
  if (offset && !time) return null;
  const parsed = DateTime.fromISO(`${date}T${time ?? '00:00'}${offset ?? ''}`, { zone: timeZone, setZone: true });
  if (!parsed.isValid) return null;
  if (offset) return parsed.toJSDate();
  // A zoned parse takes either of two equal wall times: read the numbers alone and choose here.
  const { year, month, day, hour, minute, second, millisecond } = DateTime.fromISO(`${date}T${time ?? '00:00'}Z`, {
    zone: 'utc',
  });
  return fromWall({ year, month, day, hour, minute, second, millisecond }, timeZone);
}

/** `2026-12-01 14:00` in the zone: what `parseLocal` reads back. */
export function formatLocal(at: Date, timeZone: string): string {
  return inZone(at, timeZone).toFormat('yyyy-MM-dd HH:mm');
}

/** The same wall time so many calendar days later (or earlier). */
export function addDays(at: Date, days: number, timeZone: string): Date {
  const { year, month, day, hour, minute, second, millisecond } = inZone(at, timeZone).plus({ days });
  return fromWall({ year, month, day, hour, minute, second, millisecond }, timeZone);
}

interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second?: number;
  millisecond?: number;
}

function fromWall(wall: WallTime, zone: string): Date {
  const local = DateTime.fromObject(wall, { zone });
  if (!local.isValid) throw new RangeError(`no such local time: ${JSON.stringify(wall)} in "${zone}"`);
  // luxon moves a time in a gap forward by the gap's length already.
  const candidates = local.getPossibleOffsets().map((candidate) => candidate.toMillis());
  return new Date(Math.min(...candidates));
}

function inZone(at: Date, zone: string): DateTime<true> {
  const local = DateTime.fromJSDate(at, { zone });
  if (!local.isValid) throw new RangeError(`not a date in a zone: ${String(at)} in "${zone}"`);
  return local;
}
