import type { AuditEntry } from '../../domain/audit.ts';

export interface AuditRepository {
  /** Inserts what is not there yet, by (`releaseId`, `seq`); throws `DamagedError` where another entry has its place. */
  append(entries: AuditEntry[]): Promise<void>;
  list(
    tenantId: string,
    releaseId: string,
    page: { limit: number; beforeSeq?: number | undefined },
  ): Promise<AuditEntry[]>;
}
