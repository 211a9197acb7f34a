import { RELEASE_CHECKS, WHOLE_CHECKS } from './checks/index.ts';
import { type DoctorDeps, examine, noCounts, type Scope } from './examine.ts';
import type { Counts, Finding, Repair } from './finding.ts';
import { applyRepair, whatRepairDoes } from './repairs.ts';

export type { DoctorDeps } from './examine.ts';
export type { Counts, Finding, Repair, Severity } from './finding.ts';

/** The doctor: says what must always hold and does not, and repairs what is safe when asked to. */

export interface Examined {
  finding: Finding;
  /** what a repair would do; null = none is safe */
  repair: string | null;
  /** null = none was asked for; `done` false says in `text` why it was left alone */
  outcome: { done: boolean; text: string } | null;
}

export interface CheckReport {
  id: string;
  expects: string;
  byHand: string;
  /** how many there are; `examined` lists the first of them */
  found: number;
  examined: Examined[];
}

export interface DoctorReport {
  /** every check that ran, also those that found nothing */
  checks: CheckReport[];
  counts: Counts;
  errors: number;
  warnings: number;
  /** errors that no repair mended */
  errorsLeft: number;
}

export interface DoctorOptions extends Scope {
  /** the kinds of repairs that may be done */
  repairs: readonly Repair['kind'][];
  /** told of each finding as it is made, however many there are */
  onFinding?: (examined: Examined) => Promise<void> | void;
}

/** All that `--repair` may do. */
export const ALL_REPAIRS: readonly Repair['kind'][] = [
  'WAKE',
  'GIVE_BACK_LEASE',
  'PLAN_WAKES_AGAIN',
  'INSERT_BUILD',
  'RECHECK_PARKED',
  'DROP_JOBS',
  'MAKE_MESSAGE_DUE',
];

/** More of one kind are counted, not listed. */
const MAX_LISTED = 200;

/** Runs every check. Throws when the database fails; a second run finds what is left. */
export async function runDoctor(deps: DoctorDeps, options: DoctorOptions): Promise<DoctorReport> {
  const checks = new Map<string, CheckReport>(
    [...RELEASE_CHECKS, ...WHOLE_CHECKS].map(({ id, expects, byHand }) => [
      id,
      { id, expects, byHand, found: 0, examined: [] },
    ]),
  );
  const report: DoctorReport = {
    checks: [...checks.values()],
    counts: noCounts(),
    errors: 0,
    warnings: 0,
    errorsLeft: 0,
  };
  const done = new Map<string, Examined['outcome']>();
  for await (const finding of examine(deps, options, report.counts)) {
    const check = checks.get(finding.check);
    if (!check) continue;
    const examined = await treat(deps, finding, options.repairs, check.byHand, done);
    check.found += 1;
    if (check.examined.length < MAX_LISTED) check.examined.push(examined);
    if (finding.severity === 'warning') report.warnings += 1;
    else report.errors += 1;
    if (finding.severity === 'error' && !examined.outcome?.done) report.errorsLeft += 1;
    await options.onFinding?.(examined);
  }
  return report;
}

/** Two findings may ask for the same repair: it is done once, for both. */
async function treat(
  deps: DoctorDeps,
  finding: Finding,
  allowed: readonly Repair['kind'][],
  byHand: string,
  done: Map<string, Examined['outcome']>,
): Promise<Examined> {
  const { repair } = finding;
  const what = repair && whatRepairDoes(repair);
  if (allowed.length === 0) return { finding, repair: what, outcome: null };
  if (!repair || !what)
    return { finding, repair: null, outcome: { done: false, text: `no repair is safe; by hand: ${byHand}` } };
  if (!allowed.includes(repair.kind)) return { finding, repair: what, outcome: null };
  const key = JSON.stringify(repair);
  const known = done.get(key);
  if (known) return { finding, repair: what, outcome: known };
  const whyNot = await applyRepair(deps, repair);
  const outcome = whyNot === null ? { done: true, text: what } : { done: false, text: whyNot };
  done.set(key, outcome);
  return { finding, repair: what, outcome };
}
