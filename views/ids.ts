export * from './values.ts';

/**
 * Every id that Slack sends back to us, and the values that travel with it. One action id means one thing wherever the
 * button stands (root card, status, why, App Home), so one handler serves it. Values name things (ids and hashes) and
 * never carry authority: who clicked is checked against the release as it is (Spec 6.2, 6.3).
 */

/** Buttons; `value` is an `ActionValue` unless said otherwise. */
export const RELEASE_ACTIONS = {
  /** confirmed with its plan; then START */
  start: 'release.start',
  /** opens the reason modal */
  pause: 'release.pause',
  /** confirmed; then RESUME */
  resume: 'release.resume',
  /** opens the reason modal */
  archive: 'release.archive',
  /** confirmed; TRIGGER_STAGE_2 */
  triggerRegression: 'release.trigger_regression',
  /** opens the reason modal; the value has `cycleNumber`: the cycle that was shown */
  abandonCycle: 'release.abandon_cycle',
  /** opens the reason modal */
  skipCycles: 'release.skip_cycles',
  /** opens the upload modal; the value may have `stage` */
  upload: 'release.upload',
  /** opens the slot modal (add) */
  addSlot: 'release.add_slot',
  /** ephemeral status card */
  status: 'release.status',
  /** ephemeral answer to why it waits */
  why: 'release.why',
  /** ephemeral release notes */
  notes: 'release.notes',
  /** ephemeral builds */
  builds: 'release.builds',
  /** ephemeral audit trail; the value may have `beforeSeq` (older entries) */
  history: 'release.history',
  /** overflow menu; `selected_option.value` is a `MoreValue` */
  more: 'release.more',
  /** opens the creation modal; value `new` */
  create: 'release.create',
  /** only a link (`url`); acknowledge, do nothing */
  link: 'release.link',
  /** closes an ephemeral question (`response_url`, `delete_original`) */
  dismiss: 'release.dismiss',
} as const;

/** `value` has `gateId` and `contentHash` (absent until the first check succeeded). */
export const GATE_ACTIONS = {
  /** confirmed with its plan */
  approve: 'gate.approve',
  /** a check failed: opens the reason modal `approve-override` */
  approveOverride: 'gate.approve_override',
  /** opens the reason modal */
  reject: 'gate.reject',
} as const;

/** `value` has `taskId`. */
export const TASK_ACTIONS = {
  /** confirmed */
  retry: 'task.retry',
  /** opens the reason modal */
  skip: 'task.skip',
  /** confirmed; the value has `platform` as well */
  confirmSubmission: 'task.confirm_submission',
} as const;

/** `value` has `slotId`. */
export const SLOT_ACTIONS = {
  /** the three answers to a missed slot; each confirmed */
  runNow: 'slot.run_now',
  fold: 'slot.fold',
  drop: 'slot.drop',
  /** opens the slot modal (move) */
  move: 'slot.move',
  /** confirmed */
  remove: 'slot.remove',
} as const;

/** Pages; `value` is a `PageValue`. */
export const PAGE_ACTIONS = {
  homePrevious: 'home.previous',
  homeNext: 'home.next',
  listNext: 'list.next',
} as const;

/** `value` is a `PickValue`: which release is meant. */
export const PICKER_ACTIONS = { choose: 'release_picker.choose' } as const;

/** Inputs inside views. `dispatching` ones arrive as block_actions, too. */
export const INPUT_ACTIONS = {
  /** dispatching: rebuild the creation modal for the chosen configuration */
  createConfig: 'create.config',
  value: 'input.value',
  /** dispatching: rebuild the upload modal for the chosen stage */
  uploadStage: 'upload.stage',
} as const;

export const CALLBACKS = {
  home: 'home',
  createRelease: 'create_release',
  upload: 'upload',
  reason: 'reason',
  /** the modal that only shows something (no submit) */
  info: 'info',
  /** shortcuts, as in manifest.yml */
  useAsBuild: 'use_as_build',
  newRelease: 'new_release',
} as const;

/** Every action id, for registering and for the completeness test. */
export const ALL_ACTION_IDS: readonly string[] = [
  RELEASE_ACTIONS,
  GATE_ACTIONS,
  TASK_ACTIONS,
  SLOT_ACTIONS,
  PAGE_ACTIONS,
  PICKER_ACTIONS,
  INPUT_ACTIONS,
].flatMap((ids) => Object.values(ids));

/** Blocks of the modals, for `response_action: errors`. */
export const BLOCKS = {
  reason: 'reason',
  slotAt: 'slot_at',
  slot: 'slot',
  uploadStage: 'upload_stage',
  uploadPlatform: 'upload_platform',
  uploadFiles: 'upload_files',
  createConfig: 'create_config',
} as const;

/** Fields of the creation modal. Those that the configuration prefills carry its id, so that a change shows the new defaults. */
export const CREATE_FIELDS = [
  'type',
  'version_ANDROID',
  'version_IOS',
  'version_WEB',
  'kick_off',
  'target_date',
  'slots',
  'builds',
  'pilot',
  'base_branch',
  'freeze_reason',
] as const;
export type CreateField = (typeof CREATE_FIELDS)[number];

export function createBlockId(field: CreateField, configId: string): string {
  return `create_${field}.${configId}`;
}
