import type { TaskType } from '../../domain/task.ts';
import { createFinalReleaseNotes } from './create-final-release-notes.ts';
import { createRcTag } from './create-rc-tag.ts';
import { createReleaseNotes } from './create-release-notes.ts';
import { createReleaseTag } from './create-release-tag.ts';
import { forkBranch } from './fork-branch.ts';
import { gatherBuilds } from './gather-builds.ts';
import type { TaskContext, TaskHandler, TaskOutcome } from './handler.ts';
import { preKickOffReminder } from './pre-kick-off-reminder.ts';
import { preReleaseCherryPicksReminder } from './pre-release-cherry-picks-reminder.ts';
import { requiresIntegration } from './requires-integration.ts';
import { sendKickoffMessage } from './send-kickoff-message.ts';
import { sendPreReleaseMessage } from './send-pre-release-message.ts';
import { sendRegressionBuildMessage } from './send-regression-build-message.ts';
import { sendSubmissionMessage } from './send-submission-message.ts';
import { submitByHand } from './submit-by-hand.ts';

/** Every task type has its handler. */
const HANDLERS: { [T in TaskType]: TaskHandler<T> } = {
  PRE_KICK_OFF_REMINDER: preKickOffReminder,
  FORK_BRANCH: forkBranch,
  CREATE_PROJECT_MANAGEMENT_TICKET: requiresIntegration('CREATE_PROJECT_MANAGEMENT_TICKET', 'Project management'),
  CREATE_TEST_SUITE: requiresIntegration('CREATE_TEST_SUITE', 'Test management'),
  TRIGGER_PRE_REGRESSION_BUILDS: gatherBuilds('TRIGGER_PRE_REGRESSION_BUILDS'),
  SEND_KICKOFF_MESSAGE: sendKickoffMessage,
  RESET_TEST_SUITE: requiresIntegration('RESET_TEST_SUITE', 'Test management'),
  CREATE_RC_TAG: createRcTag,
  CREATE_RELEASE_NOTES: createReleaseNotes,
  TRIGGER_REGRESSION_BUILDS: gatherBuilds('TRIGGER_REGRESSION_BUILDS'),
  TRIGGER_AUTOMATION_RUNS: requiresIntegration('TRIGGER_AUTOMATION_RUNS', 'Test automation'),
  AUTOMATION_RUNS: requiresIntegration('AUTOMATION_RUNS', 'Test automation'),
  SEND_REGRESSION_BUILD_MESSAGE: sendRegressionBuildMessage,
  PRE_RELEASE_CHERRY_PICKS_REMINDER: preReleaseCherryPicksReminder,
  CREATE_RELEASE_TAG: createReleaseTag,
  CREATE_FINAL_RELEASE_NOTES: createFinalReleaseNotes,
  TRIGGER_TEST_FLIGHT_BUILD: gatherBuilds('TRIGGER_TEST_FLIGHT_BUILD'),
  CREATE_AAB_BUILD: gatherBuilds('CREATE_AAB_BUILD'),
  TRIGGER_WEB_BUILD: gatherBuilds('TRIGGER_WEB_BUILD'),
  PM_APPROVAL_GATE: requiresIntegration('PM_APPROVAL_GATE', 'Project management'),
  SEND_PRE_RELEASE_MESSAGE: sendPreReleaseMessage,
  SUBMIT_TO_APP_STORE: submitByHand('SUBMIT_TO_APP_STORE', 'IOS'),
  SUBMIT_TO_PLAY_STORE: submitByHand('SUBMIT_TO_PLAY_STORE', 'ANDROID'),
  PUBLISH_WEB: submitByHand('PUBLISH_WEB', 'WEB'),
  SEND_SUBMISSION_MESSAGE: sendSubmissionMessage,
};

export function runHandler(context: TaskContext): Promise<TaskOutcome> {
  // The record guarantees that the handler's type is the task's.
  const handler = HANDLERS[context.task.type] as TaskHandler<TaskType>;
  return handler.run(context);
}
