/** Who has the App Home open, and whether it shows what is (Spec 6.5). */
export interface Home {
  tenantId: string;
  userId: string;
  openedAt: Date;
  page: number;
  /** set when something shown there changed; null = up to date */
  staleAt: Date | null;
}

export interface HomeRepository {
  opened(tenantId: string, userId: string, page: number, now: Date): Promise<void>;
  /** Homes of the tenant opened after `openedSince` become stale. */
  markStale(tenantId: string, now: Date, openedSince: Date): Promise<void>;
  /** Takes one stale home (clears its mark), longest stale first. */
  takeStale(now: Date): Promise<Home | null>;
}
