import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { PLATFORMS } from '../domain/release.ts';
import type { ReleaseConfig } from '../domain/release-config.ts';
import { Refusal } from '../shared/errors.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import type { ReleaseConfigRepository } from './types/index.ts';
import { upsertByName } from './upsert-by-name.ts';

type ConfigDocument = Stored<ReleaseConfig>;

const { Mixed } = Schema.Types;

const fields = {
  tenantId: String,
  name: String,
  flow: String,
  platforms: [String],
  baseBranch: String,
  scmIntegrationId: String,
  comms: Mixed,
  autoStartRegression: Boolean,
  hasManualBuildUpload: Boolean,
  slotTemplate: [Mixed],
  timeZone: String,
  freezeWindows: [Mixed],
  reminders: Mixed,
  slotGraceHours: Number,
  gates: Mixed,
  applicationIds: Mixed,
  allowVersionMismatch: Boolean,
  webArchiveEndings: [String],
  artifactRetentionDays: Number,
  isActive: Boolean,
} satisfies Fields<ReleaseConfig>;

const schema = new Schema<ConfigDocument>(
  { _id: String, ...fields },
  { ...SCHEMA_OPTIONS, collection: 'releaseConfigs' },
);
schema.index({ tenantId: 1, name: 1 }, { unique: true });

const GateShape = z.looseObject({ quorum: z.int().min(1), approvers: z.array(z.string()) });
const ConfigShape = z.looseObject({
  flow: z.literal('STAGED'),
  platforms: z.array(z.enum(PLATFORMS)).min(1),
  comms: z.looseObject({ releases: z.string(), builds: z.string(), approvals: z.string() }),
  gates: z.looseObject({ preRelease: GateShape, submission: GateShape }),
  slotTemplate: z.array(z.looseObject({ offset: z.string(), time: z.string() })),
  freezeWindows: z.array(z.looseObject({ startsAt: z.date(), endsAt: z.date() })),
});
const toConfig = domainReader<ReleaseConfig>('release configuration', Object.keys(fields), ConfigShape);

/** `wakeReleases` makes the live releases of a configuration due: reminders, freezes and policies of theirs may be others. */
export function releaseConfigRepository(
  connection: Connection,
  wakeReleases: (tenantId: string, configId: string) => Promise<void>,
): ReleaseConfigRepository {
  const model = connection.model<ConfigDocument>('ReleaseConfig', schema);

  async function find(tenantId: string, configId: string): Promise<ReleaseConfig | null> {
    const stored = await model.findOne({ _id: configId, tenantId }).lean();
    return stored && toConfig(stored);
  }

  return {
    find,

    async get(tenantId, configId) {
      const config = await find(tenantId, configId);
      if (!config) throw new Refusal('NOT_FOUND', `There is no release configuration ${configId}.`);
      return config;
    },

    async findByName(tenantId, name) {
      const stored = await model.findOne({ tenantId, name }).lean();
      return stored && toConfig(stored);
    },

    async list(tenantId) {
      const stored = await model.find({ tenantId }).sort({ name: 1 }).lean();
      return stored.map(toConfig);
    },

    async upsert({ id, tenantId, name, ...values }) {
      const config = toConfig(await upsertByName(model, { id, tenantId, name }, values, {}));
      await wakeReleases(tenantId, config.id);
      return config;
    },

    async remove(tenantId, configId) {
      await model.deleteOne({ _id: configId, tenantId });
    },
  };
}
