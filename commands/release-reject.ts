import { askReason, requireGate } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `reject [release]`: asks why, then rejects the open gate as it is shown now. */
export const rejectGate: Verb = (engine, request) =>
  withRelease(engine, request, 'reject', async (release) => {
    const gate = requireGate(release, engine.now());
    const seen = gate.contentHash === null ? {} : { contentHash: gate.contentHash };
    return askReason(engine, request, 'reject', { releaseId: release.id, gateId: gate.id, ...seen });
  });
