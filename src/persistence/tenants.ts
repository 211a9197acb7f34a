import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { ROLES, type Tenant } from '../domain/tenant.ts';
import { Refusal } from '../shared/errors.ts';
import { retryOnDuplicate } from './conflicts.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import type { TenantRepository } from './types/index.ts';

type TenantDocument = Stored<Tenant>;

const fields = { name: String, roles: Schema.Types.Mixed, createdAt: Date } satisfies Fields<Tenant>;

const schema = new Schema<TenantDocument>({ _id: String, ...fields }, { ...SCHEMA_OPTIONS, collection: 'tenants' });

const TenantShape = z.looseObject({ roles: z.partialRecord(z.enum(ROLES), z.array(z.string())) });
const toTenant = domainReader<Tenant>('tenant', Object.keys(fields), TenantShape);

export function tenantRepository(connection: Connection): TenantRepository {
  const model = connection.model<TenantDocument>('Tenant', schema);

  async function change(tenantId: string, values: Record<string, unknown>): Promise<void> {
    const changed = await model.updateOne({ _id: tenantId }, { $set: values });
    if (changed.matchedCount === 0) throw new Refusal('NOT_FOUND', `There is no workspace ${tenantId}.`);
  }

  return {
    async ensure({ id, name }, now) {
      const stored = await retryOnDuplicate(() =>
        model
          .findOneAndUpdate(
            { _id: id },
            { $setOnInsert: { name, roles: {}, createdAt: now } },
            { upsert: true, returnDocument: 'after' },
          )
          .lean(),
      );
      return toTenant(stored);
    },

    async find(tenantId) {
      const stored = await model.findOne({ _id: tenantId }).lean();
      return stored && toTenant(stored);
    },

    async list() {
      const stored = await model
        .find({ _id: { $gt: '' } })
        .sort({ _id: 1 })
        .lean();
      return stored.map(toTenant);
    },

    setName: (tenantId, name) => change(tenantId, { name }),

    async setRoles(tenantId, roles) {
      const named = ROLES.filter((role) => roles[role] !== undefined);
      if (named.length === 0) return;
      await change(tenantId, Object.fromEntries(named.map((role) => [`roles.${role}`, roles[role]])));
    },
  };
}
