import { cycleLabel } from './names.ts';
import type { Task, TaskType } from './task.ts';

/** What a task does, in a person's words. */
export const TASK_NAMES: Record<TaskType, string> = {
  PRE_KICK_OFF_REMINDER: 'Kick-off reminder',
  FORK_BRANCH: 'Create the release branch',
  CREATE_PROJECT_MANAGEMENT_TICKET: 'Create the tickets',
  CREATE_TEST_SUITE: 'Create the test runs',
  TRIGGER_PRE_REGRESSION_BUILDS: 'Pre-regression builds',
  SEND_KICKOFF_MESSAGE: 'Announce the kick-off',
  RESET_TEST_SUITE: 'Reset the test runs',
  CREATE_RC_TAG: 'Create the RC tag',
  CREATE_RELEASE_NOTES: 'Write the release notes',
  TRIGGER_REGRESSION_BUILDS: 'Regression builds',
  TRIGGER_AUTOMATION_RUNS: 'Start the test automation',
  AUTOMATION_RUNS: 'Test automation',
  SEND_REGRESSION_BUILD_MESSAGE: 'Announce the regression builds',
  PRE_RELEASE_CHERRY_PICKS_REMINDER: 'List the late cherry picks',
  CREATE_RELEASE_TAG: 'Create the release tag',
  CREATE_FINAL_RELEASE_NOTES: 'Write the final release notes',
  TRIGGER_TEST_FLIGHT_BUILD: 'TestFlight build for iOS',
  CREATE_AAB_BUILD: 'App bundle for Android',
  TRIGGER_WEB_BUILD: 'Web build',
  PM_APPROVAL_GATE: 'Ticket approval',
  SEND_PRE_RELEASE_MESSAGE: 'Announce the pre-release',
  SUBMIT_TO_APP_STORE: 'Submit to the App Store',
  SUBMIT_TO_PLAY_STORE: 'Submit to Google Play',
  PUBLISH_WEB: 'Publish the web release',
  SEND_SUBMISSION_MESSAGE: 'Announce the submission',
};

/** `RC2: Create the RC tag`; stages without cycles have no label. */
export function taskName(task: Pick<Task, 'type' | 'cycleNumber'>): string {
  const name = TASK_NAMES[task.type];
  return task.cycleNumber === null ? name : `${cycleLabel(task.cycleNumber)}: ${name}`;
}
