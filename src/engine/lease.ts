import type { ClaimedLease, Lease } from '../persistence/types/index.ts';
import type { Deps } from './deps.ts';

const SHORTEST_RENEWAL_MS = 250;

/** A lease that is renewed while it is held. `current` moves with every renewal. */
export interface HeldLease {
  current: Lease;
  /** another one had it until its lease ran out: what that one left half done is not known */
  readonly takenOver: boolean;
  /** somebody else has the release now: what this holder still writes is refused by its token */
  lost: boolean;
  letGo(): void;
}

/** Renews at a third of its time, until let go. A renewal that fails is tried again: the lease may still hold. */
export function holdLease(deps: Deps, lease: ClaimedLease): HeldLease {
  let timer: NodeJS.Timeout | null = null;
  const held: HeldLease = {
    current: lease,
    takenOver: lease.takenOver,
    lost: false,
    letGo() {
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
  const schedule = () => {
    // Never longer than a whole lease: the clock may have been set back since it was given.
    const leftMs = Math.min(deps.clock.realTimeOf(held.current.until).getTime() - Date.now(), deps.leaseMs);
    timer = setTimeout(() => void renew(), Math.max(SHORTEST_RENEWAL_MS, leftMs / 3));
    timer.unref();
  };
  const renew = async () => {
    try {
      const renewed = await deps.repositories.releases.renew(held.current, deps.clock.now(), deps.leaseMs);
      if (!timer) return;
      if (!renewed) {
        held.lost = true;
        return;
      }
      held.current = renewed;
    } catch (error) {
      deps.logger.warn({ err: error }, 'lease renewal failed');
    }
    if (timer) schedule();
  };
  schedule();
  return held;
}
