import type { InspectedJob } from './types/index.ts';

/** The scheduler's collection, as far as the doctor reads it; the jobs themselves belong to `jobs/`. */
export const JOBS_COLLECTION = 'jobs';

export interface JobDocument {
  name: string;
  data?: { releaseId?: unknown; key?: unknown } | null;
  nextRunAt?: Date | null;
  lockedAt?: Date | null;
  disabled?: boolean;
}

export function toJob({ name, data, nextRunAt, lockedAt, disabled }: JobDocument): InspectedJob {
  return {
    name,
    releaseId: data?.releaseId === undefined ? null : String(data.releaseId),
    key: data?.key === undefined ? null : String(data.key),
    nextRunAt: nextRunAt ?? null,
    lockedAt: lockedAt ?? null,
    disabled: disabled === true,
  };
}
