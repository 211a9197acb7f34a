import { type Asked, forward, type Relay, send, startRelay } from '../../support/relay.ts';
import type { Effect, Gate } from './gate.ts';

/** Stands before a stand-in: passes on what only reads (`identify` answers null), and lets `gate` see the rest. */
export function startHttpProxy(target: string, gate: Gate, identify: (asked: Asked) => Effect | null): Promise<Relay> {
  return startRelay(async (asked, response) => {
    const effect = identify(asked);
    const entered = effect && gate.enter(effect);
    if (entered?.before) return;
    const answered = await forward(asked, target);
    if (entered?.after()) return;
    send(asked, response, answered);
  });
}
