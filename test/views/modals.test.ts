import type { ReleaseConfig } from '../../src/domain/release-config.ts';
import { PHASES } from '../../src/domain/status.ts';
import {
  chosenConfig,
  createReleaseErrors,
  createReleaseModal,
  noConfigurationModal,
  parseCreateRelease,
} from '../../views/create-release.ts';
import {
  BLOCKS,
  type CreateField,
  createBlockId,
  INPUT_ACTIONS,
  parseCreateMetadata,
  parseReasonMetadata,
  parseUploadMetadata,
  REASON_PURPOSES,
} from '../../views/ids.ts';
import { infoModal } from '../../views/info-modal.ts';
import { parseReasonModal, reasonModal } from '../../views/reason-modal.ts';
import { plainMessage } from '../../views/refusals.ts';
import type { CreateReleaseData, ViewValue, ViewValues } from '../../views/types.ts';
import { parseUploadModal, uploadModal } from '../../views/upload-modal.ts';
import { aConfig, at, newRelease } from '../domain/support/build-release.ts';
import { hostileRelease, LONG, poisoned } from './support/hostile.ts';
import { inPhase, NOW } from './support/phases.ts';
import { show } from './support/show.ts';
import { faultsOfView } from './support/slack-limits.ts';

const CONFIG = aConfig({ slotTemplate: [{ offset: 'P1D', time: '14:00' }], timeZone: 'Europe/Berlin' });

function createData(patch: Partial<CreateReleaseData> = {}): CreateReleaseData {
  return {
    configs: [CONFIG, aConfig({ id: 'cfg_2', name: 'Other' })],
    config: CONFIG,
    type: null,
    versions: [
      { platform: 'ANDROID', version: '7.1.0' },
      { platform: 'IOS', version: '6.8.0' },
    ],
    slots: [at('12-02 13:00')],
    kickOffDate: at('12-01 10:00'),
    viewerId: 'U0PILOT',
    isAdmin: false,
    channelId: 'C0REL',
    now: NOW,
    ...patch,
  };
}

function filled(fields: Partial<Record<CreateField, ViewValue>>, config: ReleaseConfig = CONFIG): ViewValues {
  const values: ViewValues = {
    [BLOCKS.createConfig]: { [INPUT_ACTIONS.createConfig]: { selected_option: { value: config.id } } },
  };
  for (const [field, value] of Object.entries(fields)) {
    values[createBlockId(field as CreateField, config.id)] = { [INPUT_ACTIONS.value]: value };
  }
  return values;
}

const seconds = (instant: Date) => ({ selected_date_time: instant.getTime() / 1000 });
const COMPLETE = {
  type: { selected_option: { value: 'HOTFIX' } },
  version_ANDROID: { value: ' 7.1.0 ' },
  version_IOS: { value: '6.8.0' },
  kick_off: seconds(at('12-01 10:00')),
  target_date: seconds(at('12-10 10:00')),
  slots: { value: '' },
  builds: { selected_option: { value: 'manual' } },
  pilot: { selected_user: 'U0PILOT' },
  base_branch: { value: 'develop' },
  freeze_reason: { value: null },
} satisfies Partial<Record<CreateField, ViewValue>>;

describe('creation modal', () => {
  test('whole, for a pilot', () => {
    const modal = createReleaseModal(createData());
    expect(faultsOfView(modal)).toEqual([]);
    expect(`\n${show(modal)}\n`).toMatchSnapshot();
    expect(parseCreateMetadata(modal.private_metadata)).toEqual({ channelId: 'C0REL', configId: 'cfg_1' });
  });

  test('asks admins for the reason to override a freeze', () => {
    const admin = show(createReleaseModal(createData({ isAdmin: true })));
    expect(admin).toContain('create_freeze_reason.cfg_1');
    expect(show(createReleaseModal(createData()))).not.toContain('freeze');
  });

  test('needs slots where the configuration has no template', () => {
    const config = aConfig({ slotTemplate: [] });
    const modal = show(createReleaseModal(createData({ config, slots: [] })));
    expect(modal).toContain('create_slots.cfg_1: Regression slots\n');
  });

  test('keeps the limits with 150 hostile configurations, and preselects the last of them', () => {
    const configs = Array.from({ length: 150 }, (_, index) =>
      aConfig({ id: `cfg_${index}`, name: LONG, baseBranch: LONG, platforms: ['ANDROID', 'IOS', 'WEB'] }),
    );
    const config = configs.at(-1) ?? CONFIG;
    const modal = createReleaseModal(
      createData({
        configs,
        config,
        isAdmin: true,
        versions: [{ platform: 'WEB', version: LONG }],
        slots: Array.from({ length: 30 }, () => NOW),
      }),
    );
    expect(faultsOfView(modal)).toEqual([]);
    expect(show(modal)).toContain('now cfg_149');
  });

  test('without a configuration it says what to do first', () => {
    expect(faultsOfView(noConfigurationModal(true))).toEqual([]);
    expect(show(noConfigurationModal(true))).toContain('npm run apply');
    expect(show(noConfigurationModal(false))).toContain('administrator');
  });

  test('is read back', () => {
    expect(chosenConfig(filled(COMPLETE))).toBe('cfg_1');
    expect(chosenConfig({})).toBeNull();
    expect(parseCreateRelease(filled(COMPLETE), CONFIG)).toEqual({
      ok: true,
      input: {
        config: 'cfg_1',
        type: 'HOTFIX',
        targets: [
          { platform: 'ANDROID', version: '7.1.0', store: null },
          { platform: 'IOS', version: '6.8.0', store: null },
        ],
        baseBranch: 'develop',
        kickOffDate: at('12-01 10:00'),
        targetReleaseDate: at('12-10 10:00'),
        regressionSlots: null,
        hasManualBuildUpload: true,
        releasePilot: 'U0PILOT',
        freezeOverrideReason: null,
      },
    });
  });

  test('a platform without a version is left out', () => {
    const parsed = parseCreateRelease(filled({ ...COMPLETE, version_ANDROID: { value: ' ' } }), CONFIG);
    expect(parsed).toMatchObject({ ok: true, input: { targets: [{ platform: 'IOS', version: '6.8.0' }] } });
  });

  test.each([
    ['2026-12-02 14:00', ['2026-12-02T13:00:00.000Z']],
    ['2026-12-02T14:00\n\n 2026-12-03   9:00 ', ['2026-12-02T13:00:00.000Z', '2026-12-03T08:00:00.000Z']],
    ['2026-12-03 14:00\n2026-12-02 14:00', ['2026-12-02T13:00:00.000Z', '2026-12-03T13:00:00.000Z']],
    ['+1d 14:00; +3d 9:00', ['2026-12-02T13:00:00.000Z', '2026-12-04T08:00:00.000Z']],
    ['2026-12-02T14:00Z', ['2026-12-02T14:00:00.000Z']],
    ['2026-02-30 14:00', null],
    ['soon', null],
    ['+1d 25:00', null],
  ])('slots %j are %j in the zone of the configuration', (text, expected) => {
    const parsed = parseCreateRelease(filled({ ...COMPLETE, slots: { value: text } }), CONFIG);
    const slots = parsed.ok ? parsed.input.regressionSlots?.map((slot) => slot.toISOString()) : null;
    expect(slots).toEqual(expected);
    if (!parsed.ok) expect(Object.keys(parsed.errors)).toEqual([createBlockId('slots', 'cfg_1')]);
  });

  test('names every empty field under its own block', () => {
    const parsed = parseCreateRelease(
      filled({ version_ANDROID: { value: null }, version_IOS: { value: null }, kick_off: {}, slots: { value: 'x' } }),
      CONFIG,
    );
    expect(parsed).toEqual({
      ok: false,
      errors: {
        [createBlockId('version_ANDROID', 'cfg_1')]: 'Give a version for Android or iOS.',
        [createBlockId('kick_off', 'cfg_1')]: 'Give a date and a time.',
        [createBlockId('slots', 'cfg_1')]: expect.stringContaining('"x" is not a slot'),
      },
    });
  });

  test('slots that nobody typed are not blamed for a kick-off in the past', () => {
    const fields = { kickOffDate: 'In the past.', regressionSlots: 'A slot is in the past.' };
    const untyped = createReleaseErrors(fields, filled({ kick_off: {}, slots: {} }));
    expect(untyped).toEqual({ [createBlockId('kick_off', 'cfg_1')]: 'In the past.' });
    const typed = createReleaseErrors(fields, filled({ kick_off: {}, slots: { value: '+1d 14:00' } }));
    expect(typed).toHaveProperty([createBlockId('slots', 'cfg_1')]);
  });

  test('shows what the engine refused under the right fields', () => {
    const values = filled({ ...COMPLETE, slots: { value: '+1d 14:00' } });
    const errors = createReleaseErrors(
      {
        'version.IOS': 'Lower than the last.',
        kickOffDate: 'In the past.',
        regressionSlots: 'Not ascending.',
        scm: 'GitHub is INVALID.',
        config: 'No such configuration.',
      },
      values,
    );
    expect(errors).toEqual({
      [createBlockId('version_IOS', 'cfg_1')]: 'Lower than the last.',
      [createBlockId('kick_off', 'cfg_1')]: 'In the past.',
      [createBlockId('slots', 'cfg_1')]: 'Not ascending.',
      [BLOCKS.createConfig]: 'GitHub is INVALID. No such configuration.',
    });
    for (const block of Object.keys(errors)) expect(Object.keys(values)).toContain(block);
  });
});

describe('upload modal', () => {
  const windows = [{ stage: 'PRE_RELEASE' as const, platforms: ['ANDROID' as const, 'IOS' as const] }];

  test('whole', () => {
    const { release } = inPhase('KICKOFF');
    const modal = uploadModal({ release, windows, stage: null, channelId: 'C1', threadTs: '1.2' });
    expect(faultsOfView(modal)).toEqual([]);
    expect(`\n${show(modal)}\n`).toMatchSnapshot();
    expect(parseUploadMetadata(modal.private_metadata)).toEqual({
      releaseId: 'rel_1',
      channelId: 'C1',
      threadTs: '1.2',
    });
  });

  test('says what a new file would replace, in any words', () => {
    const { release } = inPhase('REGRESSION_AWAITING_NEXT_CYCLE');
    const staged = { ...release.stagedUploads[0], stage: 'REGRESSION' as const, platform: 'IOS' as const };
    const upload = { uploadId: 'u', sizeBytes: 1, sha256: 'a', version: null, buildNumber: null, artifactPath: 'p' };
    const busy = {
      ...poisoned(release),
      stagedUploads: [{ ...upload, ...staged, fileName: LONG, uploadedBy: 'U0UP', at: NOW }],
    };
    const modal = uploadModal({
      release: busy,
      windows: [{ stage: 'REGRESSION', platforms: ['IOS', 'WEB'] }, ...windows],
      stage: 'REGRESSION',
      channelId: null,
      threadTs: null,
    });
    expect(faultsOfView(modal)).toEqual([]);
    expect(show(modal)).toContain('a new file replaces it');
  });

  const chosen = (platform: string, files: { id: string; name: string }[]): ViewValues => ({
    [BLOCKS.uploadStage]: { [INPUT_ACTIONS.uploadStage]: { selected_option: { value: 'PRE_RELEASE' } } },
    [BLOCKS.uploadPlatform]: { [INPUT_ACTIONS.value]: { selected_option: { value: platform } } },
    [BLOCKS.uploadFiles]: { [INPUT_ACTIONS.value]: { files } },
  });
  const file = { id: 'F1', name: 'app.ipa' };

  test('is read back', () => {
    expect(parseUploadModal(chosen('auto', [file, { id: 'F2', name: 'app.aab' }]))).toEqual({
      ok: true,
      input: { stage: 'PRE_RELEASE', platform: null, files: [file, { id: 'F2', name: 'app.aab' }] },
    });
    expect(parseUploadModal(chosen('IOS', [file]))).toMatchObject({ ok: true, input: { platform: 'IOS' } });
  });

  test('wants a file, and one only for one platform', () => {
    expect(parseUploadModal(chosen('auto', []))).toMatchObject({ ok: false });
    expect(parseUploadModal({})).toMatchObject({ ok: false });
    expect(parseUploadModal(chosen('IOS', [file, file]))).toMatchObject({ ok: false });
  });
});

describe('reason modals', () => {
  const gate = { gateId: 'preRelease' as const, contentHash: 'h' };

  test.each(REASON_PURPOSES)('%s, whole', (purpose) => {
    const phase = PHASE_OF[purpose] ?? 'REGRESSION_CYCLE_RUNNING';
    const { release, now } = inPhase(phase);
    const modal = reasonModal({ purpose, release, now, channelId: 'C1', threadTs: null, ...gate, cycleNumber: 1 });
    expect(faultsOfView(modal)).toEqual([]);
    expect(`\n${show(modal)}\n`).toMatchSnapshot();
    expect(parseReasonMetadata(modal.private_metadata)).toMatchObject({ purpose, releaseId: 'rel_1', channelId: 'C1' });
  });

  test.each(REASON_PURPOSES)('%s keeps the limits in every phase', (purpose) => {
    for (const phase of PHASES) {
      const { release, now } = inPhase(phase);
      const data = { purpose, now, channelId: 'C1', threadTs: '1.2', ...gate, taskId: 'rel_1.s1.FORK_BRANCH' };
      expect(faultsOfView(reasonModal({ ...data, release: poisoned(release) }))).toEqual([]);
    }
    const release = hostileRelease();
    expect(faultsOfView(reasonModal({ purpose, release, now: NOW, channelId: null, threadTs: null }))).toEqual([]);
  });

  test('without a slot that could change there is nothing to submit', () => {
    const release = { ...newRelease(), slots: [] };
    const modal = reasonModal({ purpose: 'slot-move', release, now: NOW, channelId: null, threadTs: null });
    expect(modal.submit).toBeUndefined();
    expect(faultsOfView(modal)).toEqual([]);
  });

  const values = (reason: string | null, time: Date | null, slot: string | null): ViewValues => ({
    [BLOCKS.reason]: { [INPUT_ACTIONS.value]: { value: reason } },
    [BLOCKS.slotAt]: { [INPUT_ACTIONS.value]: time ? seconds(time) : {} },
    [BLOCKS.slot]: { [INPUT_ACTIONS.value]: slot ? { selected_option: { value: slot } } : {} },
  });

  test('are read back', () => {
    const read = parseReasonModal('slot-move', values(' why ', at('12-09 14:00'), 'slot_2'));
    expect(read).toEqual({ ok: true, input: { reason: 'why', at: at('12-09 14:00'), slotId: 'slot_2' } });
    expect(parseReasonModal('pause', values('', null, null))).toEqual({
      ok: true,
      input: { reason: null, at: null, slotId: null },
    });
  });

  test.each([
    ['reject', [BLOCKS.reason]],
    ['skip-task', [BLOCKS.reason]],
    ['approve-override', [BLOCKS.reason]],
    ['start-override', [BLOCKS.reason]],
    ['slot-add', [BLOCKS.slotAt]],
    ['slot-move', [BLOCKS.slotAt, BLOCKS.slot]],
    ['slot-remove', [BLOCKS.slot]],
  ] as const)('%s names what is missing', (purpose, blocks) => {
    const parsed = parseReasonModal(purpose, values(' ', null, null));
    expect(parsed.ok ? [] : Object.keys(parsed.errors)).toEqual(blocks);
  });

  const PHASE_OF: Partial<Record<(typeof REASON_PURPOSES)[number], (typeof PHASES)[number]>> = {
    'skip-task': 'PAUSED_BY_FAILURE',
    reject: 'AWAITING_POST_REGRESSION',
    'approve-override': 'AWAITING_POST_REGRESSION',
    'start-override': 'NOT_STARTED',
    'slot-add': 'REGRESSION_AWAITING_NEXT_CYCLE',
    'slot-move': 'REGRESSION_AWAITING_NEXT_CYCLE',
    'slot-remove': 'REGRESSION_AWAITING_NEXT_CYCLE',
    'skip-cycles': 'REGRESSION_AWAITING_NEXT_CYCLE',
  };
});

test('the info modal shows a message', () => {
  expect(faultsOfView(infoModal('A title that is much too long for Slack', plainMessage('Done')))).toEqual([]);
});
