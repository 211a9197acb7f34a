import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { AUDIT_ORIGINS, type AuditEntry } from '../domain/audit.ts';
import { DamagedError } from '../domain/defect.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS } from './documents.ts';
import { insertMissing } from './insert-missing.ts';
import type { AuditRepository } from './types/index.ts';

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

  /** A repeat finds its own entries; another entry in that place means that the release gave the number a second time. */
  async function requireSame(documents: readonly AuditDocument[]): Promise<void> {
    const stored = await model.find({ _id: { $in: documents.map(({ _id }) => _id) } }).lean();
    for (const { _id, at, action, subject } of documents) {
      const there = stored.find((entry) => entry._id === _id);
      const same = there?.at.getTime() === at.getTime() && there.action === action && there.subject === subject;
      if (!same)
        throw new DamagedError('SEQUENCE_BACKWARDS', `audit entry ${_id} is there already, and is another one`);
    }
  }

  return {
    async append(entries) {
      const documents = entries.map((entry) => ({ _id: `${entry.releaseId}.${entry.seq}`, ...entry }));
      const known = await insertMissing(model, documents);
      if (known > 0) await requireSame(documents);
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
