import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { AUDIT_ORIGINS, type AuditEntry } from '../domain/audit.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS } from './documents.ts';
import { insertMissing } from './insert-missing.ts';
import type { AuditRepository } from './types.ts';

/** `_id` is `<releaseId>.<seq>`: an entry that is moved here twice is there once. */
type AuditDocument = AuditEntry & { _id: string };

const fields = {
  tenantId: String,
  releaseId: String,
  seq: Number,
  at: Date,
  actor: String,
  action: String,
  origin: String,
  subject: String,
  reason: String,
  detail: Schema.Types.Mixed,
} satisfies Fields<AuditEntry>;

const schema = new Schema<AuditDocument>({ _id: String, ...fields }, { ...SCHEMA_OPTIONS, collection: 'audit' });
schema.index({ tenantId: 1, releaseId: 1, seq: -1 }, { unique: true });

const AuditShape = z.looseObject({ seq: z.int(), at: z.date(), origin: z.enum(AUDIT_ORIGINS) });
const toEntry = domainReader<AuditEntry>('audit entry', Object.keys(fields), AuditShape, null);

export function auditRepository(connection: Connection): AuditRepository {
  const model = connection.model<AuditDocument>('AuditEntry', schema);
  return {
    async append(entries) {
      await insertMissing(
        model,
        entries.map((entry) => ({ _id: `${entry.releaseId}.${entry.seq}`, ...entry })),
      );
    },

    async list(tenantId, releaseId, { limit, beforeSeq }) {
      const stored = await model
        .find({ tenantId, releaseId, ...(beforeSeq === undefined ? {} : { seq: { $lt: beforeSeq } }) })
        .sort({ seq: -1 })
        .limit(limit)
        .lean();
      return stored.map(toEntry);
    },
  };
}
