import type { Document } from 'mongodb';
import type { Platform } from '../../../src/domain/release.ts';
import type { Stored } from './expected.ts';
import type { CrowdPlan, Door, PlannedRelease } from './plan.ts';

/** Audit trails: numbered without a gap, nothing told twice, and the story that was planned, in its order. */

/** Fall where they may: uploads and questions for them depend on when people act, and who waited is not begun anew. */
const AS_IT_COMES = /BUILD_UPLOADED|AWAITS_BUILDS|PRE_KICK_OFF_REMINDED|MISSING_BUILDS_REMINDED|STARTED .*_BUILDS?$/;

export function trailFaults(plan: CrowdPlan, stored: Stored, audit: Document[]): string[] {
  const faults: string[] = [];
  for (const planned of plan.releases) {
    const [target] = planned.targets;
    const release = stored.releases.find(({ targets }) => targets[0]?.version === target?.version);
    if (!release) continue;
    const id = String(release['_id']);
    const name = `release ${release['branch']}`;
    const trail = audit.filter(({ releaseId }) => releaseId === id).sort((a, b) => a['seq'] - b['seq']);
    if (trail.some(({ seq }, index) => seq !== index + 1) || trail.length !== release['auditSeq']) {
      faults.push(`${name}: entries ${trail.map(({ seq }) => seq).join(' ')}, counted ${release['auditSeq']}`);
    }
    const lines = trail.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`.replace(`${id}.`, ''));
    const doubled = lines.filter((line, index) => lines.indexOf(line) !== index);
    faults.push(...doubled.map((line) => `${name}: told twice: ${line}`));
    const uploads = stored.uploads.filter(({ releaseId }) => releaseId === id).map(({ _id }) => String(_id));
    const told = trail.filter(({ action }) => action === 'BUILD_UPLOADED').map(({ subject }) => String(subject));
    if (told.sort().join() !== uploads.sort().join()) faults.push(`${name}: not all uploads are told once`);
    const story = lines.filter((line) => !AS_IT_COMES.test(line));
    const wanted = storyOf(planned);
    const at = wanted.findIndex((line, index) => line !== story[index]);
    if (at >= 0 || story.length > wanted.length) {
      const place = at >= 0 ? at : wanted.length;
      faults.push(`${name}: "${wanted[place]}" was to be told where "${story[place]}" is`);
    }
  }
  return faults;
}

const who = (person: string, door: Door) => (door === 'API' ? `token:${person}` : person);
const ran = (...tasks: string[]) =>
  tasks.flatMap((task) => [`slipway TASK_STARTED ${task}`, `slipway TASK_COMPLETED ${task}`]);
const passed = (task: string) => [`slipway TASK_STARTED ${task}`, `slipway TASK_SKIPPED ${task}`];
const gathered = (task: string) => [`slipway BUILDS_CLAIMED ${task}`, `slipway TASK_COMPLETED ${task}`];

function storyOf({ targets, doors }: PlannedRelease): string[] {
  const has = (platform: Platform) => targets.some((target) => target.platform === platform);
  const gate = (name: 'preRelease' | 'submission') => [
    `slipway GATE_POSTED ${name}`,
    `${who('U02BOB', doors[name])} GATE_APPROVED ${name}`,
    `slipway GATE_GRANTED ${name}`,
  ];
  const orPassed = (isThere: boolean, task: string) => (isThere ? gathered(task) : [`slipway TASK_SKIPPED ${task}`]);
  const submission = (platform: Platform, task: string) =>
    has(platform)
      ? [
          `slipway TASK_AWAITS_CONFIRMATION ${task}`,
          `${who('U01ALICE', doors.confirm[platform])} SUBMISSION_CONFIRMED ${task}`,
          `slipway TASK_COMPLETED ${task}`,
        ]
      : [];
  return [
    `${who('U01ALICE', doors.create)} RELEASE_CREATED null`,
    'slipway STAGE_STARTED stage1',
    ...ran('s1.FORK_BRANCH'),
    ...passed('s1.CREATE_PROJECT_MANAGEMENT_TICKET'),
    ...passed('s1.CREATE_TEST_SUITE'),
    ...gathered('s1.TRIGGER_PRE_REGRESSION_BUILDS'),
    ...ran('s1.SEND_KICKOFF_MESSAGE'),
    'slipway STAGE_COMPLETED stage1',
    'slipway STAGE_STARTED stage2',
    'slipway CYCLE_CREATED c1',
    'slipway CYCLE_STARTED c1',
    'slipway TASK_SKIPPED c1.RESET_TEST_SUITE',
    ...ran('c1.CREATE_RC_TAG', 'c1.CREATE_RELEASE_NOTES'),
    ...gathered('c1.TRIGGER_REGRESSION_BUILDS'),
    ...passed('c1.TRIGGER_AUTOMATION_RUNS'),
    ...passed('c1.AUTOMATION_RUNS'),
    ...ran('c1.SEND_REGRESSION_BUILD_MESSAGE'),
    'slipway CYCLE_DONE c1',
    'slipway STAGE_COMPLETED stage2',
    ...gate('preRelease'),
    'slipway STAGE_STARTED stage3',
    ...passed('s3.PRE_RELEASE_CHERRY_PICKS_REMINDER'),
    ...ran('s3.CREATE_RELEASE_TAG', 's3.CREATE_FINAL_RELEASE_NOTES'),
    ...orPassed(has('IOS'), 's3.TRIGGER_TEST_FLIGHT_BUILD'),
    ...orPassed(has('ANDROID'), 's3.CREATE_AAB_BUILD'),
    ...passed('s3.PM_APPROVAL_GATE'),
    ...ran('s3.SEND_PRE_RELEASE_MESSAGE'),
    'slipway STAGE_COMPLETED stage3',
    ...gate('submission'),
    'slipway STAGE_STARTED stage4',
    ...submission('IOS', 's4.SUBMIT_TO_APP_STORE'),
    ...submission('ANDROID', 's4.SUBMIT_TO_PLAY_STORE'),
    ...ran('s4.SEND_SUBMISSION_MESSAGE'),
    'slipway STAGE_COMPLETED stage4',
  ];
}
