import type { ReleaseCheck, WholeCheck } from '../finding.ts';
import { abandonedDeliveries } from './abandoned-deliveries.ts';
import { abandonedLease } from './abandoned-lease.ts';
import { auditTrail } from './audit-trail.ts';
import { buildWithoutUpload } from './build-without-upload.ts';
import { damagedRelease } from './damaged-release.ts';
import { forgottenRelease } from './forgotten-release.ts';
import { invalidIntegration } from './invalid-integration.ts';
import { jobsWithoutRelease } from './jobs-without-release.ts';
import { lateMessages } from './late-messages.ts';
import { leftoverJobs } from './leftover-jobs.ts';
import { messageCounters } from './message-counters.ts';
import { messagesWithoutRelease } from './messages-without-release.ts';
import { missingRecurringJobs } from './missing-recurring-jobs.ts';
import { missingWakeJob } from './missing-wake-job.ts';
import { overdueRelease } from './overdue-release.ts';
import { parkedMessages } from './parked-messages.ts';
import { stagedUploadWithoutRecord } from './staged-upload-without-record.ts';
import { stuckJobs } from './stuck-jobs.ts';
import { stuckMessage } from './stuck-message.ts';
import { taskWithoutLease } from './task-without-lease.ts';
import { tenantWithoutAdmin } from './tenant-without-admin.ts';
import { unflushedChanges } from './unflushed-changes.ts';
import { uploadOfUnknownTask } from './upload-of-unknown-task.ts';
import { uploadWithoutBytes } from './upload-without-bytes.ts';
import { usedUploadWithoutBuild } from './used-upload-without-build.ts';

/** Every check there is, in the order in which they are reported. */

export const RELEASE_CHECKS: readonly ReleaseCheck[] = [
  damagedRelease,
  overdueRelease,
  abandonedLease,
  taskWithoutLease,
  forgottenRelease,
  unflushedChanges,
  usedUploadWithoutBuild,
  buildWithoutUpload,
  uploadOfUnknownTask,
  stagedUploadWithoutRecord,
  uploadWithoutBytes,
  stuckMessage,
  messageCounters,
  auditTrail,
  missingWakeJob,
  leftoverJobs,
];

export const WHOLE_CHECKS: readonly WholeCheck[] = [
  lateMessages,
  parkedMessages,
  messagesWithoutRelease,
  abandonedDeliveries,
  missingRecurringJobs,
  stuckJobs,
  jobsWithoutRelease,
  invalidIntegration,
  tenantWithoutAdmin,
];
