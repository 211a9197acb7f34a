import type { DoctorReport, Examined } from '../src/engine/index.ts';

/** The doctor's report as lines for a terminal: findings grouped by check, what was done about them, and a summary. */
export function printReport(report: DoctorReport): string[] {
  const { checks, counts, errors, warnings } = report;
  const groups = checks
    .filter(({ found }) => found > 0)
    .flatMap(({ id, expects, byHand, found, examined }) => [
      `${id} (must hold: ${expects})`,
      ...examined.flatMap((one) => linesOf(one, byHand)),
      ...(found > examined.length ? [`  ... and ${found - examined.length} more`] : []),
      '',
    ]);
  const looked = [
    of(counts.tenants, 'tenant', 'tenants'),
    `${of(counts.releases, 'release', 'releases')} (${counts.live} live)`,
    of(counts.auditEntries, 'audit entry', 'audit entries'),
    of(counts.messages, 'message', 'messages'),
    of(counts.uploads, 'upload', 'uploads'),
    of(counts.builds, 'build', 'builds'),
    of(counts.files, 'stored file', 'stored files'),
    of(counts.jobs, 'job', 'jobs'),
  ];
  const found =
    errors + warnings === 0
      ? 'all is well'
      : `${of(errors + warnings, 'finding', 'findings')} (${of(errors, 'error', 'errors')}, ${of(warnings, 'warning', 'warnings')})`;
  return [...groups, `${checks.length} checks, ${found}`, `looked at ${looked.join(', ')}`];
}

export function printJson(report: DoctorReport): string[] {
  const { checks, ...rest } = report;
  const findings = checks.flatMap(({ examined }) =>
    examined.map(({ finding, repair, outcome }) => ({ ...finding, repair, outcome })),
  );
  const summary = checks.map(({ id, expects, found }) => ({ id, expects, found }));
  return [JSON.stringify({ ...rest, checks: summary, findings }, null, 2)];
}

function linesOf({ finding, repair, outcome }: Examined, byHand: string): string[] {
  const { severity, tenantId, releaseId, text } = finding;
  const where = releaseId ?? tenantId;
  const line = `  ${severity} ${where ? `${where}: ` : ''}${text}`;
  if (outcome) {
    return [line, outcome.done ? `    repaired: ${outcome.text}` : `    left alone, because ${outcome.text}`];
  }
  return [line, repair ? `    --repair would ${repair}` : `    by hand: ${byHand}`];
}

function of(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
