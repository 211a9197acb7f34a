import type { WholeCheck } from '../finding.ts';

const PAGE = 1000;

/** Through all one-time jobs, release by release. */
export const jobsWithoutRelease: WholeCheck = {
  id: 'jobs-without-release',
  expects: 'one-time jobs belong to a release that is there',
  byHand: 'nothing: each only wakes a release that is not there',
  async *ofAll({ inspections, thorough }) {
    if (!thorough) return;
    let after: string | null = null;
    do {
      const page: { ids: string[]; next: string | null } = await inspections.releasesOfJobs(after, PAGE);
      for (const releaseId of await inspections.withoutRelease(page.ids)) {
        const text = `The scheduler has one-time jobs of release ${releaseId}, which does not exist.`;
        const repair = { kind: 'DROP_JOBS', releaseId } as const;
        yield { severity: 'warning', tenantId: null, releaseId, subject: 'jobs', text, repair };
      }
      after = page.next;
    } while (after !== null);
  },
};
