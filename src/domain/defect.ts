import { InvariantError } from '../shared/errors.ts';
import type { Release } from './release.ts';
import { derivePhase } from './status.ts';
import { allTasks, cycleTasks, stageTasks } from './tasks.ts';

/**
 * What can be wrong with a stored release so that it must not be worked on (corrupted, edited by hand, restored in part). It is
 * parked: nothing happens with it until people have repaired it, and the others go on.
 */
export const DEFECT_CODES = [
  'UNREADABLE',
  'UNKNOWN_STATUS',
  'UNDEFINED_PHASE',
  'MISSING_TASK',
  'DOUBLE_TASK',
  'VERSION_BACKWARDS',
  'SEQUENCE_BACKWARDS',
  'CONFIG_GONE',
  'UNDECIDABLE',
  'NO_REST',
] as const;
export type DefectCode = (typeof DEFECT_CODES)[number];

/** A clause after `because`, for people. */
export const DEFECT_WORDS: Record<DefectCode, string> = {
  UNREADABLE: 'its document has missing or wrong fields',
  UNKNOWN_STATUS: 'its document holds a status that does not exist',
  UNDEFINED_PHASE: 'its statuses contradict each other',
  MISSING_TASK: 'a task of it is missing',
  DOUBLE_TASK: 'a task of it is there twice',
  VERSION_BACKWARDS: 'its version was set back',
  SEQUENCE_BACKWARDS: 'its count of messages or audit entries was set back',
  CONFIG_GONE: 'its configuration is gone',
  UNDECIDABLE: 'what comes next cannot be decided from its document',
  NO_REST: 'it does not come to rest: something is decided again and again',
};

export interface Defect {
  code: DefectCode;
  /** what was found where, for whoever repairs it */
  detail: string;
}

/** The defect that a release was parked with, and when. */
export interface ParkedDefect extends Defect {
  at: Date;
}

/** What can still be said of a release that is parked or cannot be worked on. */
export interface DamagedRelease {
  id: string;
  /** configuration and versions, as far as they can be read */
  name: string;
  defect: Defect;
  /** since when it is parked; null = the engine has not met the defect yet */
  parkedAt: Date | null;
}

/** Ways out of a defect that leaves the rest of the document whole: the release may still be archived. */
export const ARCHIVABLE: readonly DefectCode[] = [
  'MISSING_TASK',
  'DOUBLE_TASK',
  'CONFIG_GONE',
  'UNDECIDABLE',
  'NO_REST',
];

/** A release that cannot be worked on as it is stored. */
export class DamagedError extends InvariantError {
  readonly code: DefectCode;
  constructor(code: DefectCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** How far a release had come with its last write; what is less now was set back, or taken out, by another hand. */
export interface Reached {
  version: number;
  messageSeq: number;
  auditSeq: number;
  /** how many tasks it had: none is ever taken away */
  tasks: number;
}

export function reachedBy(release: Release): Reached {
  const { version, messageSeq, auditSeq } = release;
  return { version, messageSeq, auditSeq, tasks: allTasks(release).length };
}

/** The first defect of a release that could be read; null = none. `reached` is null for one stored before there was such a mark. */
export function defectOf(release: Release, reached: Reached | null): Defect | null {
  return (reached && setBack(release, reached)) ?? doubleTask(release) ?? undefinedPhase(release);
}

function setBack(release: Release, reached: Reached): Defect | null {
  const now = reachedBy(release);
  if (now.version < reached.version) {
    return { code: 'VERSION_BACKWARDS', detail: `version is ${now.version}, it was ${reached.version}` };
  }
  for (const count of ['messageSeq', 'auditSeq'] as const) {
    if (now[count] < reached[count])
      return { code: 'SEQUENCE_BACKWARDS', detail: `${count} is ${now[count]}, it was ${reached[count]}` };
  }
  if (now.tasks >= reached.tasks) return null;
  const known = new Set(allTasks(release).map((task) => task.id));
  const gone = expectedTasks(release).filter((id) => !known.has(id));
  const names = gone.length > 0 ? `: ${gone.slice(0, 5).join(', ')}` : '';
  return { code: 'MISSING_TASK', detail: `there are ${now.tasks} tasks, there were ${reached.tasks}${names}` };
}

/** Those of the stages and cycles that have begun, as the flow is now; it may have had others when they began. */
function expectedTasks(release: Release): string[] {
  const { stage1Status, stage3Status, stage4Status } = release.cron;
  const tasks = [
    ...(stage1Status === 'PENDING' ? [] : stageTasks(release, 1)),
    ...release.cycles.flatMap((cycle) => cycleTasks(release, cycle.number)),
    ...(stage3Status === 'PENDING' ? [] : stageTasks(release, 3)),
    ...(stage4Status === 'PENDING' ? [] : stageTasks(release, 4)),
  ];
  return tasks.map((task) => task.id);
}

/** The tasks of a release that was archived are only looked at. */
function doubleTask(release: Release): Defect | null {
  if (release.status === 'ARCHIVED') return null;
  const seen = new Set<string>();
  for (const { id } of allTasks(release)) {
    if (seen.has(id)) return { code: 'DOUBLE_TASK', detail: `${id} is there twice` };
    seen.add(id);
  }
  return null;
}

function undefinedPhase(release: Release): Defect | null {
  try {
    derivePhase(release);
    return null;
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    return { code: 'UNDEFINED_PHASE', detail: error.message };
  }
}
