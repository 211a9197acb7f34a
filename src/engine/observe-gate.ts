import type { GateId, GateObservation } from '../domain/gate.ts';
import { cherryPickBase } from '../domain/gate-rules.ts';
import type { Release } from '../domain/release.ts';
import type { ReleaseConfig } from '../domain/release-config.ts';
import { NotConfiguredError, ProviderError } from '../shared/errors.ts';
import type { Deps } from './deps.ts';
import { toNoteEntry } from './notes.ts';

const CHERRY_PICKS_SHOWN = 50;

/** Looks at what a gate's approvals are bound to: the head of the release branch and what is in no RC tag. */
export async function observeGate(
  deps: Deps,
  release: Release,
  gateId: GateId,
  config: ReleaseConfig,
): Promise<GateObservation> {
  try {
    const scm = await deps.scmFor(release.tenantId, config.scmIntegrationId);
    const branch = await scm.findBranch(release.branch);
    if (!branch) return { kind: 'unreachable', detail: `the branch ${release.branch} does not exist` };
    const base = cherryPickBase(release);
    if (gateId === 'submission' || !base) {
      return { kind: 'seen', headSha: branch.sha, cherryPicks: [], cherryPickTotal: 0 };
    }
    const compared = await scm.compare({ base, head: branch.sha, limit: CHERRY_PICKS_SHOWN });
    return {
      kind: 'seen',
      headSha: branch.sha,
      cherryPicks: compared.commits.map(toNoteEntry),
      cherryPickTotal: compared.total,
    };
  } catch (error) {
    if (error instanceof ProviderError) return { kind: 'unreachable', detail: error.fault.detail };
    if (deps.isDatabaseError(error)) throw error;
    // A credential that does not open, a setting that is wrong: people must see it where they wait.
    if (!(error instanceof NotConfiguredError)) {
      deps.logger.error({ err: error, gateId }, 'gate could not be checked');
    }
    return { kind: 'unreachable', detail: error instanceof Error ? error.message : String(error) };
  }
}
