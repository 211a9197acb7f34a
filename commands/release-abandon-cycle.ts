import { currentCycle } from '../src/domain/status.ts';
import { askReason } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `abandon-cycle [release]`: asks why, then ends the running cycle. */
export const abandonCycle: Verb = (engine, request) =>
  withRelease(engine, request, 'abandon-cycle', async (release) => {
    const cycle = currentCycle(release);
    const shown = { releaseId: release.id, ...(cycle ? { cycleNumber: cycle.number } : {}) };
    return askReason(engine, request, 'abandon-cycle', shown);
  });
