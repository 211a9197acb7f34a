import type { Connection } from 'mongoose';
import type { AuditEntry } from '../domain/audit.ts';
import type { Build } from '../domain/build.ts';
import type { Upload } from '../domain/upload.ts';
import { InvariantError } from '../shared/errors.ts';
import type { Stored } from './documents.ts';
import { JOBS_COLLECTION, type JobDocument, toJob } from './job-documents.ts';
import type { OutboxDocument } from './outbox-schema.ts';
import { toEngineFields, toRelease } from './release-reader.ts';
import type { ReleaseDocument } from './release-schema.ts';
import type { InspectedRelease, InspectedRow } from './types/index.ts';

export const ROW_FIELDS = {
  tenantId: 1,
  releaseId: 1,
  seq: 1,
  status: 1,
  workAt: 1,
  lease: 1,
  wantedVersion: 1,
  shownVersion: 1,
  attempts: 1,
  lastError: 1,
  createdAt: 1,
} as const;

const UPLOAD_FIELDS = {
  releaseId: 1,
  platform: 1,
  isUsed: 1,
  usedByTaskId: 1,
  deletedAt: 1,
  artifactPath: 1,
  fileName: 1,
  updatedAt: 1,
} as const;
const BUILD_FIELDS = { releaseId: 1, taskId: 1, platform: 1, buildType: 1, createdAt: 1 } as const;

type Inspect = (documents: ReleaseDocument[]) => Promise<InspectedRelease[]>;

/**
 * Puts beside a page of release documents what the other collections have of them: one search a collection, after the
 * releases were read, so that what a release says was moved is there.
 */
export function releaseInspector(connection: Connection): Inspect {
  const uploads = connection.model<Stored<Upload>>('Upload');
  const builds = connection.model<Stored<Build>>('Build');
  const audit = connection.model<AuditEntry & { _id: string }>('AuditEntry');
  const rows = connection.model<OutboxDocument>('OutboxRow');
  const jobs = connection.collection<JobDocument>(JOBS_COLLECTION);

  return async (documents) => {
    if (documents.length === 0) return [];
    const ids = documents.map(({ _id }) => _id);
    const tenantIds = [...new Set(documents.map(({ tenantId }) => tenantId))].filter((id) => typeof id === 'string');
    const ofThese = { tenantId: { $in: tenantIds }, releaseId: { $in: ids } };
    const [itsUploads, itsBuilds, itsAudit, itsRows, itsJobs] = await Promise.all([
      uploads.find(ofThese, UPLOAD_FIELDS).lean(),
      builds.find(ofThese, BUILD_FIELDS).lean(),
      audit.find(ofThese, { _id: 0, releaseId: 1, seq: 1 }).lean(),
      rows.find(ofThese, ROW_FIELDS).lean(),
      jobs.find({ 'data.releaseId': { $in: ids } }).toArray(),
    ]);
    const uploadsOf = grouped(itsUploads);
    const buildsOf = grouped(itsBuilds);
    const auditOf = grouped(itsAudit);
    const rowsOf = grouped(inspectedRows(itsRows));
    const jobsOf = grouped(itsJobs.map((job) => ({ ...toJob(job), releaseId: String(job.data?.releaseId) })));
    return documents.map((document) => ({
      ...itself(document),
      uploads: uploadsOf(document._id).map(({ _id, ...upload }) => ({ id: _id, ...upload })),
      builds: buildsOf(document._id).map(({ _id, ...build }) => ({ id: _id, ...build })),
      auditSeqs: auditOf(document._id).map(({ seq }) => seq),
      rows: rowsOf(document._id),
      jobs: jobsOf(document._id),
    }));
  };
}

export function inspectedRows(stored: Omit<InspectedRow & { _id: string }, 'key'>[]): InspectedRow[] {
  return stored.map(({ _id, ...row }) => ({ key: _id, ...row }));
}

function grouped<T extends { releaseId: string }>(items: T[]): (releaseId: string) => T[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.releaseId);
    if (group) group.push(item);
    else groups.set(item.releaseId, [item]);
  }
  return (releaseId) => groups.get(releaseId) ?? [];
}

type Itself = Pick<InspectedRelease, 'id' | 'tenantId' | 'live' | 'updatedAt' | 'stored' | 'fault' | 'defect'>;

function itself(document: ReleaseDocument): Itself {
  const known = {
    id: document._id,
    tenantId: String(document.tenantId),
    live: document.live === true,
    updatedAt: document.updatedAt,
    defect: defectOf(document),
  };
  try {
    return { ...known, stored: { release: toRelease(document), ...toEngineFields(document) }, fault: null };
  } catch (error) {
    if (error instanceof InvariantError) return { ...known, stored: null, fault: error.message };
    throw error;
  }
}

function defectOf(document: object): InspectedRelease['defect'] {
  const defect: unknown = 'defect' in document ? document.defect : null;
  if (typeof defect !== 'object' || defect === null || !('code' in defect)) return null;
  return { code: String(defect.code), detail: 'detail' in defect ? String(defect.detail) : '' };
}
