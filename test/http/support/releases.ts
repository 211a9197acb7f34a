import type { Cycle, RegressionCycleStatus } from '../../../src/domain/cycle.ts';
import type { Release } from '../../../src/domain/release.ts';
import type { Slot } from '../../../src/domain/slot.ts';
import type { Task, TaskType } from '../../../src/domain/task.ts';
import { newTask } from '../../../src/domain/tasks.ts';

export const NOW = new Date('2026-11-21T10:00:00Z');

export function makeRelease(values: Partial<Release> = {}): Release {
  return {
    id: 'rel_1',
    tenantId: 'T1',
    releaseConfigId: 'cfg_1',
    configName: 'Mobile',
    flow: 'STAGED',
    type: 'PLANNED',
    targets: [
      { platform: 'ANDROID', version: '7.0.0', store: null },
      { platform: 'IOS', version: '6.7.0', store: null },
    ],
    baseBranch: 'main',
    branch: 'release/7.0.0_android_6.7.0_ios',
    kickOffDate: new Date('2026-11-21T09:00:00Z'),
    targetReleaseDate: null,
    hasManualBuildUpload: true,
    releasePilot: 'U01ALICE',
    createdBy: 'token:ci',
    createdAt: new Date('2026-11-20T09:00:00Z'),
    timeZone: 'UTC',
    channelId: 'C01REL',
    status: 'PENDING',
    cron: {
      status: 'PENDING',
      pauseType: 'NONE',
      stage1Status: 'PENDING',
      stage2Status: 'PENDING',
      stage3Status: 'PENDING',
      stage4Status: 'PENDING',
    },
    slots: [],
    cycles: [],
    tasks: [],
    gates: [],
    stagedUploads: [],
    pause: null,
    preKickOffReminderSentAt: null,
    freezeOverride: null,
    stage2StartedAt: null,
    failureCount: 0,
    endedAt: null,
    updatedAt: NOW,
    version: 3,
    messageSeq: 0,
    auditSeq: 0,
    ...values,
  };
}

export function makeSlots(count: number, begun: number): Slot[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `slot_${index + 1}`,
    at: new Date(Date.UTC(2026, 10, 21, 12 + index * 2)),
    status: index < begun ? 'BEGUN' : 'SCHEDULED',
    cycleNumber: index < begun ? index + 1 : null,
    answer: null,
    reminderDoneAt: null,
  }));
}

export function makeCycle(number: number, status: RegressionCycleStatus, tasks: Task[] = []): Cycle {
  const startedAt = new Date('2026-11-21T09:30:00Z');
  return { id: `rel_1.c${number}`, number, slotId: `slot_${number}`, status, startedAt, endedAt: null, tasks };
}

export function makeTask<T extends TaskType>(type: T, values: Partial<Task<T>> = {}): Task<T> {
  return { ...newTask(`rel_1.s1.${type}`, type, 1, null), ...values };
}

type Stages = [Release['cron']['stage1Status'], ...Release['cron']['stage1Status'][]];

/** A release whose cron part is told by the four stages. */
export function inStages(
  [stage1Status, stage2Status = 'PENDING', stage3Status = 'PENDING', stage4Status = 'PENDING']: Stages,
  values: Partial<Release> & { pauseType?: Release['cron']['pauseType'] } = {},
): Release {
  const { pauseType = 'NONE', ...rest } = values;
  const cron = { status: 'RUNNING' as const, pauseType, stage1Status, stage2Status, stage3Status, stage4Status };
  return makeRelease({ status: 'IN_PROGRESS', cron, ...rest });
}
