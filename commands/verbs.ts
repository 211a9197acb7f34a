import { closest, distance } from 'fastest-levenshtein';
import { abandonCycle } from './release-abandon-cycle.ts';
import { approveGate } from './release-approve.ts';
import { archiveRelease } from './release-archive.ts';
import { buildsRelease } from './release-builds.ts';
import { helpRelease } from './release-help.ts';
import { historyRelease } from './release-history.ts';
import { listReleases } from './release-list.ts';
import { newRelease } from './release-new.ts';
import { NOT_YET_VERBS, notYet } from './release-not-yet.ts';
import { notesRelease } from './release-notes.ts';
import { pauseRelease } from './release-pause.ts';
import { rejectGate } from './release-reject.ts';
import { resumeRelease } from './release-resume.ts';
import { retryTask } from './release-retry.ts';
import { skipTask } from './release-skip.ts';
import { skipCycles } from './release-skip-cycles.ts';
import { slotRelease } from './release-slot.ts';
import { startRelease } from './release-start.ts';
import { statusRelease } from './release-status.ts';
import { tokenCommand } from './release-token.ts';
import { uploadBuild } from './release-upload.ts';
import { whyRelease } from './release-why.ts';
import type { Verb } from './request.ts';

/** The verbs of `/release` (Spec 6.1); the handler of each is in the file of its name. */
export const VERB_NAMES = [
  'help',
  'new',
  'list',
  'status',
  'why',
  'start',
  'pause',
  'resume',
  'archive',
  'approve',
  'reject',
  'retry',
  'skip',
  'abandon-cycle',
  'skip-cycles',
  'slot',
  'upload',
  'builds',
  'notes',
  'history',
  'token',
  ...NOT_YET_VERBS,
] as const;
export type VerbName = (typeof VERB_NAMES)[number];

export const VERBS: Record<VerbName, Verb> = {
  help: helpRelease,
  new: newRelease,
  list: listReleases,
  status: statusRelease,
  why: whyRelease,
  start: startRelease,
  pause: pauseRelease,
  resume: resumeRelease,
  archive: archiveRelease,
  approve: approveGate,
  reject: rejectGate,
  retry: retryTask,
  skip: skipTask,
  'abandon-cycle': abandonCycle,
  'skip-cycles': skipCycles,
  slot: slotRelease,
  upload: uploadBuild,
  builds: buildsRelease,
  notes: notesRelease,
  history: historyRelease,
  token: tokenCommand,
  build: notYet('build'),
  freeze: notYet('freeze'),
  unfreeze: notYet('unfreeze'),
  insights: notYet('insights'),
  setup: notYet('setup'),
  config: notYet('config'),
};

/** Verbs that only show something: repeating them does no harm, so they are not kept from acting twice. */
export const LOOKING_VERBS: ReadonlySet<VerbName> = new Set([
  'help',
  'list',
  'status',
  'why',
  'builds',
  'notes',
  'history',
]);

export function verbNamed(word: string): VerbName | null {
  return VERB_NAMES.find((name) => name === (word === '' ? 'help' : word)) ?? null;
}

/** The verb that was probably meant; null when nothing comes near. */
export function nearestVerb(word: string): VerbName | null {
  const longer = VERB_NAMES.find((name) => word.length > 1 && name.startsWith(word));
  if (longer) return longer;
  const near = closest(word, [...VERB_NAMES]);
  return distance(word, near) <= Math.max(2, Math.ceil(word.length / 3)) ? verbNamed(near) : null;
}
