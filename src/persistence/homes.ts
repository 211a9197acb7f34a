import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { retryOnDuplicate } from './conflicts.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS } from './documents.ts';
import type { Home, HomeRepository } from './types/index.ts';

const fields = {
  tenantId: String,
  userId: String,
  openedAt: Date,
  page: Number,
  staleAt: Date,
} satisfies Fields<Home>;

const schema = new Schema<Home>(fields, { ...SCHEMA_OPTIONS, collection: 'homes' });
schema.index({ tenantId: 1, userId: 1 }, { unique: true });
schema.index({ tenantId: 1, openedAt: 1 });
schema.index({ staleAt: 1 });

const toHome = domainReader<Home>('home', Object.keys(fields), z.looseObject({ page: z.number() }), null);

export function homeRepository(connection: Connection): HomeRepository {
  const model = connection.model<Home>('Home', schema);
  return {
    async opened(tenantId, userId, page, now) {
      await retryOnDuplicate(() =>
        model.updateOne({ tenantId, userId }, { $set: { openedAt: now, page, staleAt: null } }, { upsert: true }),
      );
    },

    async markStale(tenantId, now, openedSince) {
      await model.updateMany({ tenantId, openedAt: { $gte: openedSince }, staleAt: null }, { $set: { staleAt: now } });
    },

    async takeStale(now) {
      const stored = await model
        .findOneAndUpdate(
          { staleAt: { $lte: now } },
          { $set: { staleAt: null } },
          { sort: { staleAt: 1 }, returnDocument: 'before' },
        )
        .lean();
      return stored && toHome(stored);
    },
  };
}
