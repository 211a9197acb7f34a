/**
 * Something that arrived from outside and must be worked on once: a Slack file, a repeated API request. Identity:
 * (`tenantId`, `key`). RECEIVED -> DONE | FAILED, worked on under a lease so that a crash is taken over (Spec 3.3, 3.5, 7.2).
 */
export interface Delivery {
  tenantId: string;
  /** e.g. `slack-file:F123`, `idempotency:<token id>:<key>` */
  key: string;
  status: 'RECEIVED' | 'DONE' | 'FAILED';
  payload: Record<string, unknown>;
  /** what was answered; null until DONE or FAILED */
  result: Record<string, unknown> | null;
  attempts: number;
  lease: { token: string; until: Date } | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface DeliveryRepository {
  /**
   * Records it and claims it; `claimed` false when it is known already (then `delivery` is what is stored). A RECEIVED
   * one whose lease ran out is taken over, as by `claimAbandoned`.
   */
  receive(
    delivery: { tenantId: string; key: string; payload: Record<string, unknown> },
    now: Date,
    leaseMs: number,
  ): Promise<{ claimed: boolean; delivery: Delivery }>;
  /** Takes over RECEIVED deliveries with this key prefix whose lease ran out. */
  claimAbandoned(keyPrefix: string, now: Date, leaseMs: number): Promise<Delivery | null>;
  renew(delivery: Delivery, now: Date, leaseMs: number): Promise<boolean>;
  /** Stores the result if the claim still holds. */
  finish(delivery: Delivery, status: 'DONE' | 'FAILED', result: Record<string, unknown>, now: Date): Promise<boolean>;
  /** After the clock was set back: claims that would last to a time up to `until` end `leaseMs` from now. */
  bringForward(now: Date, until: Date, leaseMs: number): Promise<void>;
  /** Ends the claim: it is there to be taken over at once, and who had it cannot finish it any more. */
  handBack(delivery: Delivery, now: Date): Promise<void>;
  /** Forgets it, so that it may be received again. */
  forget(delivery: Delivery): Promise<void>;
  find(tenantId: string, key: string): Promise<Delivery | null>;
  /** Deletes DONE and FAILED ones that ended before this; returns how many. */
  purgeFinishedBefore(before: Date): Promise<number>;
  /** Deletes RECEIVED ones with this key prefix whose lease ran out before this and that nobody took over; returns how many. */
  purgeAbandonedBefore(keyPrefix: string, before: Date): Promise<number>;
}
