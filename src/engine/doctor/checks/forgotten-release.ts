import { decide } from '../../../domain/decide.ts';
import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

/** Whatever the rules say is due must have a time at which somebody looks. */
export const forgottenRelease: ReleaseCheck = {
  id: 'forgotten-release',
  expects: 'a release for which something is due is looked at within five minutes',
  byHand: 'pause and resume the release',
  async ofRelease(release, look) {
    const { stored } = release;
    if (!stored || !release.live || stored.lease || release.defect) return [];
    const { nextWakeAt } = stored;
    if (nextWakeAt && nextWakeAt.getTime() <= look.now.getTime() + GRACE_MS) return [];
    if (release.updatedAt >= before(look.now, GRACE_MS)) return [];
    const config = await look.configOf(release.tenantId, stored.release.releaseConfigId);
    const step = config && decide(stored.release, { config }, look.now);
    if (!step) return [];
    const when = nextWakeAt ? `only at ${nextWakeAt.toISOString()}` : 'never';
    const text = `${step.kind} is due for the release, but it will be looked at ${when}; expected within five minutes.`;
    return [about(release, 'error', 'forgotten', text, { kind: 'WAKE', releaseId: release.id })];
  },
};
