import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { newId } from '../shared/ids.ts';
import { duplicateKey } from './conflicts.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS } from './documents.ts';
import type { Delivery, DeliveryRepository } from './types/index.ts';

const { Mixed } = Schema.Types;

const LeaseSchema = new Schema({ token: String, until: Date }, { ...SCHEMA_OPTIONS, _id: false });

const fields = {
  tenantId: String,
  key: String,
  status: String,
  payload: Mixed,
  result: Mixed,
  attempts: Number,
  lease: LeaseSchema,
  createdAt: Date,
  updatedAt: Date,
} satisfies Fields<Delivery>;

const schema = new Schema<Delivery>(fields, { ...SCHEMA_OPTIONS, collection: 'deliveries' });
schema.index({ tenantId: 1, key: 1 }, { unique: true });
schema.index({ status: 1, 'lease.until': 1 });
schema.index({ status: 1, updatedAt: 1 });

const DeliveryShape = z.looseObject({
  status: z.enum(['RECEIVED', 'DONE', 'FAILED']),
  attempts: z.int(),
  lease: z.looseObject({ token: z.string(), until: z.date() }).nullable(),
});
const toDelivery = domainReader<Delivery>('delivery', Object.keys(fields), DeliveryShape, null);

/** Greater than every character that a key has. */
const LAST_CHARACTER = '\uffff';

export function deliveryRepository(connection: Connection): DeliveryRepository {
  const model = connection.model<Delivery>('Delivery', schema);

  async function find(tenantId: string, key: string): Promise<Delivery | null> {
    const stored = await model.findOne({ tenantId, key }).lean();
    return stored && toDelivery(stored);
  }

  /** Takes over one whose worker is gone. */
  async function takeOver(filter: object, now: Date, leaseMs: number): Promise<Delivery | null> {
    const stored = await model
      .findOneAndUpdate(
        { ...filter, status: 'RECEIVED', 'lease.until': { $lte: now } },
        { $set: { lease: newLease(now, leaseMs), updatedAt: now }, $inc: { attempts: 1 } },
        { sort: { 'lease.until': 1 }, returnDocument: 'after' },
      )
      .lean();
    return stored && toDelivery(stored);
  }

  return {
    find,

    async receive({ tenantId, key, payload }, now, leaseMs) {
      for (;;) {
        const delivery: Delivery = {
          tenantId,
          key,
          status: 'RECEIVED',
          payload,
          result: null,
          attempts: 1,
          lease: newLease(now, leaseMs),
          createdAt: now,
          updatedAt: now,
        };
        try {
          await model.insertOne(delivery);
          return { claimed: true, delivery };
        } catch (error) {
          if (!duplicateKey(error)) throw error;
        }
        const abandoned = await takeOver({ tenantId, key }, now, leaseMs);
        if (abandoned) return { claimed: true, delivery: abandoned };
        const known = await find(tenantId, key);
        if (known) return { claimed: false, delivery: known };
        // Forgotten between the two: it may be received again.
      }
    },

    claimAbandoned: (keyPrefix, now, leaseMs) => takeOver({ key: beginningWith(keyPrefix) }, now, leaseMs),

    async renew(delivery, now, leaseMs) {
      if (!delivery.lease) return false;
      const { token } = delivery.lease;
      const renewed = await model.updateOne(held(delivery, token), {
        $set: { lease: { token, until: new Date(now.getTime() + leaseMs) }, updatedAt: now },
      });
      return renewed.matchedCount === 1;
    },

    async finish(delivery, status, result, now) {
      if (!delivery.lease) return false;
      const finished = await model.updateOne(held(delivery, delivery.lease.token), {
        $set: { status, result, lease: null, updatedAt: now },
      });
      return finished.matchedCount === 1;
    },

    async bringForward(now, until, leaseMs) {
      const ends = new Date(now.getTime() + leaseMs);
      await model.updateMany(
        { status: 'RECEIVED', 'lease.until': { $gt: ends, $lte: until } },
        { $set: { 'lease.until': ends } },
      );
    },

    async handBack(delivery, now) {
      if (!delivery.lease) return;
      await model.updateOne(held(delivery, delivery.lease.token), {
        $set: { lease: { token: newId('lease'), until: now }, updatedAt: now },
      });
    },

    async forget(delivery) {
      const { tenantId, key, lease } = delivery;
      // Whoever took it over meanwhile works on it now.
      await model.deleteOne(lease ? held(delivery, lease.token) : { tenantId, key, lease: null });
    },

    async purgeFinishedBefore(before) {
      const purged = await model.deleteMany({ status: { $in: ['DONE', 'FAILED'] }, updatedAt: { $lt: before } });
      return purged.deletedCount;
    },

    async purgeAbandonedBefore(keyPrefix, before) {
      const abandoned = { status: 'RECEIVED', 'lease.until': { $lt: before }, key: beginningWith(keyPrefix) } as const;
      return (await model.deleteMany(abandoned)).deletedCount;
    },
  };
}

function beginningWith(keyPrefix: string) {
  return { $gte: keyPrefix, $lt: `${keyPrefix}${LAST_CHARACTER}` };
}

function newLease(now: Date, leaseMs: number): { token: string; until: Date } {
  return { token: newId('lease'), until: new Date(now.getTime() + leaseMs) };
}

function held({ tenantId, key }: Delivery, token: string) {
  return { tenantId, key, status: 'RECEIVED', 'lease.token': token } as const;
}
