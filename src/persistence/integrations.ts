import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { Refusal } from '../shared/errors.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import { INTEGRATION_KINDS, type Integration, type IntegrationRepository } from './types/index.ts';
import { upsertByName } from './upsert-by-name.ts';

type IntegrationDocument = Stored<Integration>;

const { Mixed } = Schema.Types;

const fields = {
  tenantId: String,
  kind: String,
  provider: String,
  name: String,
  settings: Mixed,
  sealedCredentials: String,
  verification: Mixed,
  scmIntegrationId: String,
  targetIntegrationId: String,
  createdBy: String,
  createdAt: Date,
  updatedAt: Date,
} satisfies Fields<Integration>;

const schema = new Schema<IntegrationDocument>(
  { _id: String, ...fields },
  { ...SCHEMA_OPTIONS, collection: 'integrations' },
);
schema.index({ tenantId: 1, name: 1 }, { unique: true });

const IntegrationShape = z.looseObject({
  kind: z.enum(INTEGRATION_KINDS),
  settings: z.record(z.string(), z.unknown()),
  verification: z.looseObject({ status: z.enum(['PENDING', 'VALID', 'INVALID']) }),
});
const toIntegration = domainReader<Integration>('integration', Object.keys(fields), IntegrationShape);

export function integrationRepository(connection: Connection): IntegrationRepository {
  const model = connection.model<IntegrationDocument>('Integration', schema);

  async function find(tenantId: string, integrationId: string): Promise<Integration | null> {
    const stored = await model.findOne({ _id: integrationId, tenantId }).lean();
    return stored && toIntegration(stored);
  }

  return {
    find,

    async get(tenantId, integrationId) {
      const integration = await find(tenantId, integrationId);
      if (!integration) throw new Refusal('NOT_FOUND', `There is no integration ${integrationId}.`);
      return integration;
    },

    async findByName(tenantId, name) {
      const stored = await model.findOne({ tenantId, name }).lean();
      return stored && toIntegration(stored);
    },

    async list(tenantId) {
      const stored = await model.find({ tenantId }).sort({ name: 1 }).lean();
      return stored.map(toIntegration);
    },

    async upsert({ id, tenantId, name, createdBy, createdAt, ...values }) {
      return toIntegration(await upsertByName(model, { id, tenantId, name }, values, { createdBy, createdAt }));
    },

    async setVerification(tenantId, integrationId, verification, unchangedSince) {
      const same = unchangedSince ? { updatedAt: unchangedSince } : {};
      const set = await model.updateOne({ _id: integrationId, tenantId, ...same }, { $set: { verification } });
      if (set.matchedCount === 1) return true;
      if (unchangedSince) return false;
      throw new Refusal('NOT_FOUND', `There is no integration ${integrationId}.`);
    },

    async remove(tenantId, integrationId) {
      await model.deleteOne({ _id: integrationId, tenantId });
    },
  };
}
