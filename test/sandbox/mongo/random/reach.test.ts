import fc from 'fast-check';
import { operation } from './commands.ts';
import { everyEntry, KINDS, reach } from './reach.ts';

/** Enough that what is rare is there too; always the same ones, so that this never fails by chance. */
const SAMPLE = { numRuns: 8000, seed: 1 };

/** The driver puts these on every command by itself. */
const BY_DRIVER = ['genericFields $db', 'genericFields lsid'];

it('random operations reach every entry of the supported list, and every kind of value, path and index', () => {
  const reached = new Set(BY_DRIVER);
  for (const one of fc.sample(operation, SAMPLE)) for (const entry of reach(one)) reached.add(entry);
  expect([...everyEntry(), ...KINDS].filter((entry) => !reached.has(entry))).toEqual([]);
});
