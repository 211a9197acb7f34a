import { alertAdmins } from '../alerts.ts';
import type { Deps } from '../deps.ts';
import { recheckParked } from '../recheck.ts';
import { before, type Finding, identityOf } from './finding.ts';
import { type DoctorReport, type Examined, runDoctor } from './index.ts';

/** More than a day: what one check-up in trouble missed, the next ones see. */
const LATELY_MS = 25 * 3_600_000;

/**
 * The hourly look at what is due, waits, or was changed lately. It logs each finding, tells the tenant's admins of each error
 * once, and does only what any caller may do at any time: look again at what is parked, and wake a release.
 */
export async function checkUp(deps: Deps): Promise<DoctorReport> {
  await recheckParked(deps);
  const report = await runDoctor(deps, {
    tenantId: null,
    changedSince: before(deps.clock.now(), LATELY_MS),
    repairs: ['WAKE'],
    onFinding: (examined) => tell(deps, examined),
  });
  const { errors, warnings, counts, checks } = report;
  deps.metrics.doctorFound(Object.fromEntries(checks.map(({ id, found }) => [id, found])));
  deps.logger.info({ errors, warnings, releases: counts.releases }, 'the doctor has looked');
  return report;
}

async function tell(deps: Deps, { finding, outcome }: Examined): Promise<void> {
  const { check, severity, tenantId, releaseId, subject, text } = finding;
  const repaired = outcome?.done === true ? outcome.text : null;
  const level = severity === 'error' ? 'error' : 'warn';
  deps.logger[level]({ check, tenantId, releaseId, subject, text, repaired }, 'the doctor found something');
  if (severity !== 'error' || !tenantId || !isForAdmins(finding)) return;
  const where = releaseId ? `Release ${releaseId}` : `Tenant ${tenantId}`;
  const next = repaired ? `Done about it: ${repaired}.` : 'npm run doctor says what can be done about it.';
  await alertAdmins(deps, {
    tenantId,
    key: `doctor:${identityOf(finding)}`,
    text: `${where}: ${text}`,
    lines: [next],
    releaseId,
  });
}

/**
 * Of a parked release admins heard when it was parked, of an account when it stopped working. A release that is overdue is what the tick of some instance is about to take
 * up, where time has jumped (a laptop that slept, a night without an instance); `slipway_releases_late` tells if it stays so.
 */
function isForAdmins({ check, repair }: Finding): boolean {
  return repair?.kind !== 'RECHECK_PARKED' && !['overdue-release', 'invalid-integration'].includes(check);
}
