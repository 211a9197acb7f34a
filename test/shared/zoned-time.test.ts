import fc from 'fast-check';
import {
  addDays,
  formatLocal,
  isTimeZone,
  parseDayOffset,
  parseLocal,
  parseTime,
  slotInstant,
} from '../../src/shared/zoned-time.ts';

describe('slotInstant', () => {
  test.each([
    // kick-off, offset, time, zone, slot
    ['2026-12-01T04:30:00Z', 'P1D', '14:00', 'Asia/Kolkata', '2026-12-02T08:30:00.000Z'],
    ['2026-12-01T04:30:00Z', 'P0D', '14:00', 'Asia/Kolkata', '2026-12-01T08:30:00.000Z'],
    // 20:00 UTC is already the next day in Kolkata
    ['2026-12-01T20:00:00Z', 'P1D', '14:00', 'Asia/Kolkata', '2026-12-03T08:30:00.000Z'],
    // 02:00 UTC is still the day before in Los Angeles
    ['2026-12-02T02:00:00Z', 'P1D', '09:00', 'America/Los_Angeles', '2026-12-02T17:00:00.000Z'],
    // across the spring change in Oslo (29 March 2026): the wall time stays
    ['2026-03-27T09:00:00Z', 'P3D', '14:00', 'Europe/Oslo', '2026-03-30T12:00:00.000Z'],
    ['2026-03-27T09:00:00Z', 'P1D', '14:00', 'Europe/Oslo', '2026-03-28T13:00:00.000Z'],
    // in the gap: 02:30 does not exist, 03:30 summer time is taken
    ['2026-03-28T09:00:00Z', 'P1D', '02:30', 'Europe/Oslo', '2026-03-29T01:30:00.000Z'],
    // both sides of the gap
    ['2026-03-28T09:00:00Z', 'P1D', '01:59', 'Europe/Oslo', '2026-03-29T00:59:00.000Z'],
    ['2026-03-28T09:00:00Z', 'P1D', '03:00', 'Europe/Oslo', '2026-03-29T01:00:00.000Z'],
    // twice (25 October 2026): the first 02:30, in summer time
    ['2026-10-24T09:00:00Z', 'P1D', '02:30', 'Europe/Oslo', '2026-10-25T00:30:00.000Z'],
    ['2026-10-31T09:00:00Z', 'P1D', '01:30', 'America/New_York', '2026-11-01T05:30:00.000Z'],
    ['2026-10-31T09:00:00Z', 'P1D', '02:00', 'America/New_York', '2026-11-01T07:00:00.000Z'],
    // a change of half an hour, gap and overlap (Lord Howe)
    ['2026-10-03T00:00:00Z', 'P1D', '02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z'],
    ['2026-04-04T00:00:00Z', 'P1D', '01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000Z'],
    // quarter hours, month and year ends
    ['2026-12-30T10:00:00Z', 'P3D', '08:15', 'Asia/Kathmandu', '2027-01-02T02:30:00.000Z'],
    ['2028-02-28T10:00:00Z', 'P1D', '00:00', 'UTC', '2028-02-29T00:00:00.000Z'],
  ])('kick-off %s, %s at %s in %s is %s', (kickOff, offset, time, timeZone, expected) => {
    expect(slotInstant({ kickOffDate: new Date(kickOff), offset, time, timeZone }).toISOString()).toBe(expected);
  });

  test.each([
    [{ offset: '1D' }, 'slot offset: "1D"'],
    [{ offset: 'PT5H' }, 'slot offset: "PT5H"'],
    [{ time: '24:00' }, 'local time: "24:00"'],
    [{ timeZone: 'Mars/Olympus' }, 'zone'],
    [{ kickOffDate: new Date(Number.NaN) }, 'not a date'],
  ])('%j is refused with the reason', (fault, message) => {
    const good = { kickOffDate: new Date('2026-12-01T00:00:00Z'), offset: 'P1D', time: '14:00', timeZone: 'UTC' };
    expect(() => slotInstant({ ...good, ...fault })).toThrow(message);
  });

  test('whatever the zone and day, the slot reads as the wall time that was asked for, gaps apart', () => {
    const zones = ['Asia/Kolkata', 'Europe/Oslo', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Chatham', 'UTC'];
    const kickOffs = fc.date({
      min: new Date('2026-01-01T00:00:00Z'),
      max: new Date('2028-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        kickOffs,
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom(...zones),
        (kickOffDate, days, timeZone) => {
          // Noon is in no zone's gap.
          const at = slotInstant({ kickOffDate, offset: `P${days}D`, time: '12:05', timeZone });
          const day = formatLocal(addDays(kickOffDate, days, timeZone), timeZone).slice(0, 10);
          expect(formatLocal(at, timeZone)).toBe(`${day} 12:05`);
        },
      ),
    );
  });
});

describe('parseLocal', () => {
  test.each([
    ['2026-12-01 14:00', 'Asia/Kolkata', '2026-12-01T08:30:00.000Z'],
    ['2026-12-01T14:00', 'Asia/Kolkata', '2026-12-01T08:30:00.000Z'],
    ['2026-12-01T14:00:30', 'UTC', '2026-12-01T14:00:30.000Z'],
    [' 2026-12-01 ', 'Europe/Oslo', '2026-11-30T23:00:00.000Z'],
    ['2026-12-01T14:00:00Z', 'Asia/Kolkata', '2026-12-01T14:00:00.000Z'],
    ['2026-12-01T14:00:00.250Z', 'Asia/Kolkata', '2026-12-01T14:00:00.250Z'],
    ['2026-12-01T14:00+05:30', 'UTC', '2026-12-01T08:30:00.000Z'],
    ['2026-12-01 14:00-0800', 'UTC', '2026-12-01T22:00:00.000Z'],
    ['2026-03-29 02:30', 'Europe/Oslo', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25 02:30', 'Europe/Oslo', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T02:30+01:00', 'Europe/Oslo', '2026-10-25T01:30:00.000Z'],
  ])('"%s" in %s is %s', (text, zone, expected) => {
    expect(parseLocal(text, zone)?.toISOString()).toBe(expected);
  });
  test.each([
    '',
    'tomorrow',
    '2026-02-30 10:00',
    '2026-12-01 25:00',
    '2026-12-01 10',
    '01/12/2026',
    '2026-12-01Z',
    '14:00',
  ])('"%s" is no time', (text) => expect(parseLocal(text, 'UTC')).toBeNull());
  test('an unknown zone is no time either', () => {
    expect(parseLocal('2026-12-01 14:00', 'Mars/Olympus')).toBeNull();
  });
  test('reads back what formatLocal writes', () => {
    const at = new Date('2026-07-01T11:45:00Z');
    expect(formatLocal(at, 'Asia/Kathmandu')).toBe('2026-07-01 17:30');
    expect(parseLocal(formatLocal(at, 'Asia/Kathmandu'), 'Asia/Kathmandu')).toEqual(at);
  });
});

test.each([
  ['Asia/Kolkata', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['+05:30', false],
  ['', false],
])('isTimeZone("%s") is %s', (name, expected) => expect(isTimeZone(name)).toBe(expected));

test('offsets and times have one spelling', () => {
  expect([parseDayOffset('P12D'), parseDayOffset('P1W'), parseDayOffset('p1d')]).toEqual([12, null, null]);
  expect([parseTime('09:05'), parseTime('9:05'), parseTime('12:60')]).toEqual([{ hour: 9, minute: 5 }, null, null]);
});
