import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import {
  BUILD_STAGES,
  BUILD_TYPES,
  BUILD_UPLOAD_STATUSES,
  type Build,
  STORE_TYPES,
  WORKFLOW_STATUSES,
} from '../domain/build.ts';
import { PLATFORMS } from '../domain/release.ts';
import { retryOnDuplicate } from './conflicts.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import type { BuildRepository } from './types/index.ts';

type BuildDocument = Stored<Build>;

const fields = {
  tenantId: String,
  releaseId: String,
  regressionId: String,
  taskId: String,
  platform: String,
  storeType: String,
  buildStage: String,
  buildType: String,
  buildNumber: String,
  queueLocation: String,
  ciRunId: String,
  workflowStatus: String,
  buildUploadStatus: String,
  artifactPath: String,
  testflightNumber: String,
  fileName: String,
  sizeBytes: Number,
  sha256: String,
  version: String,
  createdAt: Date,
  updatedAt: Date,
} satisfies Fields<Build>;

const schema = new Schema<BuildDocument>({ _id: String, ...fields }, { ...SCHEMA_OPTIONS, collection: 'builds' });
schema.index({ tenantId: 1, taskId: 1, platform: 1 }, { unique: true });
schema.index({ tenantId: 1, releaseId: 1, createdAt: 1 });

const BuildShape = z.looseObject({
  platform: z.enum(PLATFORMS),
  storeType: z.enum(STORE_TYPES).nullable(),
  buildStage: z.enum(BUILD_STAGES),
  buildType: z.enum(BUILD_TYPES),
  workflowStatus: z.enum(WORKFLOW_STATUSES).nullable(),
  buildUploadStatus: z.enum(BUILD_UPLOAD_STATUSES),
});
const toBuild = domainReader<Build>('build', Object.keys(fields), BuildShape);

export function buildRepository(connection: Connection): BuildRepository {
  const model = connection.model<BuildDocument>('Build', schema);
  return {
    async ensure({ id, tenantId, taskId, platform, ...rest }) {
      const stored = await retryOnDuplicate(() =>
        model
          .findOneAndUpdate(
            { tenantId, taskId, platform },
            { $setOnInsert: { _id: id, ...rest } },
            { upsert: true, returnDocument: 'after' },
          )
          .lean(),
      );
      return toBuild(stored);
    },

    async listByRelease(tenantId, releaseId) {
      const stored = await model.find({ tenantId, releaseId }).sort({ createdAt: 1 }).lean();
      return stored.map(toBuild);
    },

    async hasSha256(tenantId, releaseId, sha256) {
      return (await model.findOne({ tenantId, releaseId, sha256 }, { _id: 1 }).lean()) !== null;
    },
  };
}
