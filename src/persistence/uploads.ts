import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { PLATFORMS } from '../domain/release.ts';
import { UPLOAD_SOURCES, UPLOAD_STAGES, type Upload } from '../domain/upload.ts';
import { InvariantError, Refusal } from '../shared/errors.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import type { UploadRepository } from './types/index.ts';

type UploadDocument = Stored<Upload>;

const fields = {
  tenantId: String,
  releaseId: String,
  stage: String,
  platform: String,
  artifactPath: String,
  fileName: String,
  sizeBytes: Number,
  sha256: String,
  version: String,
  buildNumber: String,
  applicationId: String,
  uploadedBy: String,
  source: String,
  isUsed: Boolean,
  usedByTaskId: String,
  usedByCycleId: String,
  supersededBy: String,
  deletedAt: Date,
  createdAt: Date,
  updatedAt: Date,
} satisfies Fields<Upload>;

const schema = new Schema<UploadDocument>({ _id: String, ...fields }, { ...SCHEMA_OPTIONS, collection: 'uploads' });
schema.index({ tenantId: 1, releaseId: 1, createdAt: 1, _id: 1 });
schema.index({ isUsed: 1, deletedAt: 1, createdAt: 1, _id: 1 });

const UploadShape = z.looseObject({
  stage: z.enum(UPLOAD_STAGES),
  platform: z.enum(PLATFORMS),
  source: z.enum(UPLOAD_SOURCES),
  isUsed: z.boolean(),
});
const toUpload = domainReader<Upload>('upload', Object.keys(fields), UploadShape);

const OLDEST_FIRST = { createdAt: 1, _id: 1 } as const;

export function uploadRepository(connection: Connection): UploadRepository {
  const model = connection.model<UploadDocument>('Upload', schema);

  async function find(tenantId: string, uploadId: string): Promise<Upload | null> {
    const stored = await model.findOne({ _id: uploadId, tenantId }).lean();
    return stored && toUpload(stored);
  }

  async function get(tenantId: string, uploadId: string): Promise<Upload> {
    const upload = await find(tenantId, uploadId);
    if (!upload) throw new Refusal('NOT_FOUND', `There is no upload ${uploadId}.`);
    return upload;
  }

  return {
    find,
    get,

    async insert({ id, ...rest }) {
      await model.insertOne({ _id: id, ...rest });
    },

    async remove(tenantId, uploadId) {
      await model.deleteOne({ _id: uploadId, tenantId });
    },

    async markUsed(tenantId, uploadId, { taskId, cycleId, at }) {
      const marked = await model.updateOne(
        { _id: uploadId, tenantId, isUsed: false },
        { $set: { isUsed: true, usedByTaskId: taskId, usedByCycleId: cycleId, updatedAt: at } },
      );
      if (marked.matchedCount === 1) return;
      const { usedByTaskId } = await get(tenantId, uploadId);
      if (usedByTaskId !== taskId) {
        throw new InvariantError(`Upload ${uploadId} is used by task ${usedByTaskId}; task ${taskId} wants it as well`);
      }
    },

    async markSuperseded(tenantId, uploadId, by, at) {
      const marked = await model.updateOne(
        { _id: uploadId, tenantId, isUsed: false, supersededBy: null },
        { $set: { supersededBy: by, updatedAt: at } },
      );
      if (marked.matchedCount === 1) return;
      const { isUsed, usedByTaskId } = await get(tenantId, uploadId);
      if (isUsed)
        throw new InvariantError(`Upload ${uploadId} is used by task ${usedByTaskId}; ${by} cannot replace it`);
    },

    async listByRelease(tenantId, releaseId) {
      const stored = await model.find({ tenantId, releaseId }).sort(OLDEST_FIRST).lean();
      return stored.map(toUpload);
    },

    async listForRetention(before, limit, after) {
      const since = after ? { $gte: after.createdAt } : {};
      const beyond = after
        ? { $or: [{ createdAt: { $gt: after.createdAt } }, { createdAt: after.createdAt, _id: { $gt: after.id } }] }
        : {};
      const stored = await model
        .find({ isUsed: false, deletedAt: null, createdAt: { $lt: before, ...since }, ...beyond })
        .sort({ createdAt: 1, _id: 1 })
        .limit(limit)
        .lean();
      return stored.map(toUpload);
    },

    async markDeleted(tenantId, uploadId, at) {
      await model.updateOne({ _id: uploadId, tenantId, deletedAt: null }, { $set: { deletedAt: at, updatedAt: at } });
    },
  };
}
