import { deriveStatus } from '../../src/domain/status.ts';
import type { Engine } from '../../src/engine/index.ts';
import { API_ACTIONS } from '../../src/http/inputs.ts';
import { Refusal } from '../../src/shared/errors.ts';
import { useApi } from './support/api.ts';
import { inStages, NOW } from './support/releases.ts';

const api = useApi();

describe('actions', () => {
  const release = inStages(['IN_PROGRESS']);
  /** Records which intent was called with what. */
  function recording(): { engine: Partial<Engine>; calls: [string, object][] } {
    const calls: [string, object][] = [];
    const intents = [
      'startRelease',
      'pauseRelease',
      'resumeRelease',
      'archiveRelease',
      'triggerRegression',
      'approveGate',
      'rejectGate',
      'retryTask',
      'skipTask',
      'abandonCycle',
      'skipRemainingCycles',
      'addSlot',
      'moveSlot',
      'removeSlot',
      'answerMissedSlot',
      'confirmSubmission',
    ] as const;
    const entries = intents.map((name) => [
      name,
      async (input: object) => {
        calls.push([name, input]);
        return release;
      },
    ]);
    return { engine: Object.fromEntries(entries) as Partial<Engine>, calls };
  }

  const at = '2026-12-02T08:30:00.000Z';
  const cases: [string, object | undefined, string, object][] = [
    ['START', { freezeOverrideReason: 'hot' }, 'startRelease', { freezeOverrideReason: 'hot' }],
    ['PAUSE', { reason: 'lunch' }, 'pauseRelease', { reason: 'lunch' }],
    ['RESUME', undefined, 'resumeRelease', {}],
    ['ARCHIVE', {}, 'archiveRelease', { reason: null }],
    ['TRIGGER_STAGE_2', undefined, 'triggerRegression', {}],
    ['TRIGGER_STAGE_3', {}, 'approveGate', { gateId: 'preRelease', contentHash: null, overrideReason: null }],
    [
      'TRIGGER_STAGE_4',
      { overrideReason: 'ok' },
      'approveGate',
      { gateId: 'submission', contentHash: null, overrideReason: 'ok' },
    ],
    ['APPROVE', { contentHash: 'h' }, 'approveGate', { gateId: null, contentHash: 'h', overrideReason: null }],
    ['REJECT', { reason: 'no' }, 'rejectGate', { gateId: null, contentHash: null, reason: 'no' }],
    ['ABANDON_CYCLE', undefined, 'abandonCycle', { cycleNumber: null, reason: null }],
    ['ABANDON_CYCLE', { cycle: 2 }, 'abandonCycle', { cycleNumber: 2, reason: null }],
    ['SKIP_REMAINING_CYCLES', undefined, 'skipRemainingCycles', { reason: null }],
    ['RETRY_TASK', { taskId: 't' }, 'retryTask', { taskId: 't' }],
    ['SKIP_TASK', { reason: 'later' }, 'skipTask', { taskId: null, reason: 'later' }],
    ['CONFIRM_SUBMISSION', { platform: 'IOS' }, 'confirmSubmission', { platform: 'IOS' }],
    ['SLOT_ADD', { at }, 'addSlot', { at: new Date(at) }],
    ['SLOT_MOVE', { slot: 2, at }, 'moveSlot', { slot: '2', at: new Date(at) }],
    ['SLOT_REMOVE', { slot: 'slot_1' }, 'removeSlot', { slot: 'slot_1' }],
    [
      'ANSWER_MISSED_SLOT',
      { slot: 'slot_1', answer: 'FOLD' },
      'answerMissedSlot',
      { slotId: 'slot_1', answer: 'FOLD' },
    ],
  ];
  test.each(cases)('%s %j is %s', async (action, json, intent, input) => {
    const { engine, calls } = recording();
    await api.start(engine);
    const { status, body } = await api.call('POST', `/api/v1/releases/rel_1/actions/${action}`, { json });
    expect([status, body]).toEqual([200, { success: true, status: deriveStatus(release, NOW) }]);
    expect(calls).toEqual([[intent, { releaseId: 'rel_1', ...input }]]);
  });
  test('every action is tested above', () => {
    expect([...new Set(cases.map(([action]) => action))].sort()).toEqual([...API_ACTIONS].sort());
  });

  test.each(['skip-remaining-cycles', 'Skip_Remaining_Cycles'])('%s is the same action', async (action) => {
    const { engine, calls } = recording();
    await api.start(engine);
    expect((await api.call('POST', `/api/v1/releases/rel_1/actions/${action}`)).status).toBe(200);
    expect(calls[0]?.[0]).toBe('skipRemainingCycles');
  });

  test.each([
    ['REJECT', {}, 'reason'],
    ['SKIP_TASK', {}, 'reason'],
    ['SLOT_ADD', {}, 'at'],
    ['SLOT_MOVE', { at }, 'slot'],
    ['ANSWER_MISSED_SLOT', { slot: '1' }, 'answer'],
    ['ANSWER_MISSED_SLOT', { slot: '1', answer: 'MAYBE' }, 'answer'],
    ['PAUSE', { why: 'x' }, 'why'],
  ])('%s with %j: 422 for "%s"', async (action, json, field) => {
    await api.start(recording().engine);
    const { status, body } = await api.call('POST', `/api/v1/releases/rel_1/actions/${action}`, { json });
    expect([status, Object.keys(body.fields)]).toEqual([422, [field]]);
  });

  test('an unknown action: 404 that lists the known ones', async () => {
    await api.start({});
    const { status, body } = await api.call('POST', '/api/v1/releases/rel_1/actions/EXPLODE');
    expect(status).toBe(404);
    expect(body.error).toContain('SKIP_REMAINING_CYCLES');
  });

  test.each([
    ['NOT_FOUND', 404],
    ['FORBIDDEN', 403],
    ['INVALID_INPUT', 422],
    ['CONFLICT', 409],
    ['ACTION_NOT_AVAILABLE', 409],
    ['STALE', 409],
    ['INVALID_BUILD', 422],
    ['TOO_LARGE', 413],
    ['UNSUPPORTED_FILE', 415],
    ['RATE_LIMITED', 429],
  ] as const)('the refusal %s is %d with its sentence', async (code, expected) => {
    await api.start({
      pauseRelease: async () => {
        throw new Refusal(code, 'Because of a rule.');
      },
    });
    const { status, body } = await api.call('POST', '/api/v1/releases/rel_1/actions/PAUSE');
    expect([status, body]).toEqual([expected, { success: false, error: 'Because of a rule.' }]);
  });

  test('people are told by their ids, not in the spelling of Slack', async () => {
    await api.start({
      pauseRelease: async () => {
        throw new Refusal('FORBIDDEN', 'You need the role RELEASE_PILOT. Ask <@U01ALICE>, <!subteam^S02TEAM>.');
      },
    });
    const { body } = await api.call('POST', '/api/v1/releases/rel_1/actions/PAUSE');
    expect(body.error).toBe('You need the role RELEASE_PILOT. Ask U01ALICE, S02TEAM.');
  });
});
