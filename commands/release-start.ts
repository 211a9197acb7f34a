import { actionsOf, derivePhase } from '../src/domain/status.ts';
import { askConfirmation } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `start [release]`: kick-off now, or regression where it waits for a word; with its plan, confirmed by a button. */
export const startRelease: Verb = (engine, request) =>
  withRelease(engine, request, 'start', (release) => {
    const waits = actionsOf(derivePhase(release)).includes('TRIGGER_STAGE_2');
    return askConfirmation(engine, request, waits ? 'TRIGGER_STAGE_2' : 'START', release);
  });
