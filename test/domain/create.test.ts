import { createRelease, rootKey } from '../../src/domain/changes/create.ts';
import { storeTypeOf } from '../../src/domain/flows/staged.ts';
import { TASK_TYPES } from '../../src/domain/task.ts';
import { taskName } from '../../src/domain/task-names.ts';
import { aConfig, at, KICK_OFF, PILOT, SLOT_DATES } from './support/build-release.ts';

const NOW = at('11-20 09:00');

function create(freezeOverrideReason: string | null = null) {
  const input = {
    id: 'rel_1',
    type: 'PLANNED' as const,
    targets: [
      { platform: 'IOS' as const, version: '6.7.0', store: null },
      { platform: 'ANDROID' as const, version: '7.0.0', store: null },
    ],
    baseBranch: 'main',
    kickOffDate: KICK_OFF,
    targetReleaseDate: null,
    slotDates: SLOT_DATES,
    hasManualBuildUpload: true,
    releasePilot: 'U_PILOT',
    freezeOverrideReason,
  };
  return createRelease(input, aConfig(), PILOT, NOW);
}

describe('a new release (Spec 1.1)', () => {
  test('is PENDING everywhere, with its slots and its names', () => {
    const { release } = create();
    expect(release).toMatchObject({
      status: 'PENDING',
      cron: {
        status: 'PENDING',
        pauseType: 'NONE',
        stage1Status: 'PENDING',
        stage2Status: 'PENDING',
        stage3Status: 'PENDING',
        stage4Status: 'PENDING',
      },
      branch: 'release/7.0.0_android_6.7.0_ios',
      channelId: 'C_REL',
      createdBy: 'U_PILOT',
      tasks: [],
      cycles: [],
      gates: [],
    });
    expect(release.targets.map(({ platform }) => platform)).toEqual(['ANDROID', 'IOS']);
    expect(release.slots.map((slot) => [slot.id, slot.at, slot.status])).toEqual(
      SLOT_DATES.map((date, index) => [`slot_${index + 1}`, date, 'SCHEDULED']),
    );
  });

  test('has its root card on its way as soon as it exists', () => {
    const { messages, audit } = create();
    expect(messages).toEqual([
      { key: rootKey('rel_1'), content: { kind: 'ROOT_CARD' }, channel: 'releases', broadcast: false },
    ]);
    expect(audit.map(({ action }) => action)).toEqual(['RELEASE_CREATED']);
    expect(audit[0]?.detail['slots']).toBe(SLOT_DATES.map((date) => date.toISOString()).join(', '));
  });

  test('keeps who overrode a freeze, and why, in the trail', () => {
    const { release, audit } = create('urgent');
    expect(release.freezeOverride).toEqual({ by: 'U_PILOT', reason: 'urgent', at: NOW });
    expect(audit.at(-1)).toMatchObject({ action: 'FREEZE_OVERRIDDEN', actor: 'U_PILOT', reason: 'urgent' });
  });
});

describe('tasks, said and sorted', () => {
  test('where a build is headed', () => {
    const headed = TASK_TYPES.filter((type) => storeTypeOf(type)).map((type) => [type, storeTypeOf(type)]);
    expect(headed).toEqual([
      ['TRIGGER_TEST_FLIGHT_BUILD', 'TESTFLIGHT'],
      ['CREATE_AAB_BUILD', 'PLAY_STORE'],
      ['TRIGGER_WEB_BUILD', 'WEB'],
    ]);
  });

  test('every task has a name of its own, with its cycle before it', () => {
    const names = TASK_TYPES.map((type) => taskName({ type, cycleNumber: null }));
    expect(new Set(names).size).toBe(TASK_TYPES.length);
    expect(taskName({ type: 'CREATE_RC_TAG', cycleNumber: 2 })).toBe('RC2: Create the RC tag');
  });
});
