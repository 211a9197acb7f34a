/** One entry of a release's audit trail: when, who, what, from where, why (Spec 1.7). Identity: (`releaseId`, `seq`). */
export const AUDIT_ORIGINS = ['SLACK', 'API', 'TIME', 'ENGINE'] as const;
export type AuditOrigin = (typeof AUDIT_ORIGINS)[number];

export interface AuditDraft {
  at: Date;
  /** Slack user id, `token:<name>` or `slipway` */
  actor: string;
  /** e.g. `RELEASE_CREATED`, `TASK_COMPLETED`, `GATE_APPROVED` */
  action: string;
  origin: AuditOrigin;
  /** a task, slot, cycle, gate or upload id */
  subject: string | null;
  reason: string | null;
  /** flat details for people and for replay */
  detail: Record<string, string | number | boolean | null>;
}

export interface AuditEntry extends AuditDraft {
  tenantId: string;
  releaseId: string;
  seq: number;
}
