import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { Refusal } from '../shared/errors.ts';
import { duplicateKey } from './conflicts.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import { type ApiToken, TOKEN_SCOPES, type TokenRepository } from './types/index.ts';

/** `active` is true until the token is revoked. */
type TokenDocument = Stored<ApiToken, { active: boolean }>;

const USE_RECORDED_EVERY_MS = 60_000;

const fields = {
  tenantId: String,
  name: String,
  hash: String,
  scopes: [String],
  createdBy: String,
  createdAt: Date,
  lastUsedAt: Date,
  revokedAt: Date,
} satisfies Fields<ApiToken>;

const schema = new Schema<TokenDocument>(
  { _id: String, ...fields, active: Boolean },
  { ...SCHEMA_OPTIONS, collection: 'tokens' },
);
schema.index({ hash: 1 }, { unique: true });
schema.index({ tenantId: 1, name: 1 }, { unique: true, partialFilterExpression: { active: true } });
schema.index({ tenantId: 1, createdAt: -1 });

const TokenShape = z.looseObject({ scopes: z.array(z.enum(TOKEN_SCOPES)), revokedAt: z.date().nullable() });
const toToken = domainReader<ApiToken>('API token', Object.keys(fields), TokenShape);

export function tokenRepository(connection: Connection): TokenRepository {
  const model = connection.model<TokenDocument>('Token', schema);
  return {
    async insert({ id, ...rest }) {
      try {
        await model.insertOne({ _id: id, ...rest, active: rest.revokedAt === null });
      } catch (error) {
        if (!duplicateKey(error)?.['name']) throw error;
        throw new Refusal(
          'CONFLICT',
          `There is an API token named ${rest.name} already: revoke it or choose another name.`,
          {
            name: 'Must not be the name of another token in use.',
          },
        );
      }
    },

    async findByHash(hash) {
      const stored = await model.findOne({ hash, active: true }).lean();
      return stored && toToken(stored);
    },

    async list(tenantId) {
      const stored = await model.find({ tenantId }).sort({ createdAt: -1 }).lean();
      return stored.map(toToken);
    },

    async revoke(tenantId, name, at) {
      const revoked = await model.updateOne(
        { tenantId, name, active: true },
        { $set: { active: false, revokedAt: at } },
      );
      return revoked.matchedCount === 1;
    },

    async recordUse(tokenId, at) {
      const recordedBefore = new Date(at.getTime() - USE_RECORDED_EVERY_MS);
      await model.updateOne(
        { _id: tokenId, $or: [{ lastUsedAt: null }, { lastUsedAt: { $lte: recordedBefore } }] },
        { $set: { lastUsedAt: at } },
      );
    },
  };
}
