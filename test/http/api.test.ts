import type { Release } from '../../src/domain/release.ts';
import { deriveStatus } from '../../src/domain/status.ts';
import type { CreateReleaseInput, Engine, IntentContext } from '../../src/engine/index.ts';
import { CreatedReleaseAnswer, ReleaseListAnswer, StatusView } from '../../src/http/answers.ts';
import { API_ACTIONS } from '../../src/http/inputs.ts';
import { AuthError, Refusal, TransientError } from '../../src/shared/errors.ts';
import { fakeEngine, type RunningApi, SECRETS, startApi } from './support/api.ts';
import { inStages, makeCycle, makeRelease, makeSlots, makeTask, NOW } from './support/releases.ts';

const BODY = {
  releaseConfigId: 'Mobile',
  type: 'PLANNED',
  platformTargets: [
    { platform: 'ANDROID', version: '7.0.0' },
    { platform: 'IOS', version: '6.7.0', store: null },
  ],
  kickOffDate: '2026-12-01T10:00:00+05:30',
};

let api: RunningApi;
afterEach(async () => {
  await api.close();
});
async function start(parts: Partial<Engine>, releases: Release[] = [], deps = {}): Promise<RunningApi> {
  api = await startApi(fakeEngine(parts, releases), deps);
  return api;
}

describe('who may ask', () => {
  beforeEach(() => start({}, [makeRelease(), makeRelease({ id: 'rel_2', tenantId: 'T2' })]));

  test.each([
    ['no token', null],
    ['an unknown token', 'slw_nobody'],
    ['an endless token', 'x'.repeat(5000)],
  ])('%s: 401, and it is said how to send one', async (_, token) => {
    const { status, headers, body } = await api.call('GET', '/api/v1/releases/rel_1/status', { token });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('Bearer');
    expect(body).toEqual({ success: false, error: expect.stringContaining('token') });
  });

  test('basic authorization is no token', async () => {
    const headers = { authorization: 'Basic slw_all' };
    expect((await api.call('GET', '/api/v1/releases/rel_1', { token: null, headers })).status).toBe(401);
  });

  test.each([
    ['GET', '/api/v1/releases/rel_1', 'builds', 'releases:read'],
    ['GET', '/api/v1/releases/rel_1', 'write', 'releases:read'],
    ['POST', '/api/v1/releases', 'read', 'releases:write'],
    ['POST', '/api/v1/releases/rel_1/actions/PAUSE', 'builds', 'releases:write'],
    ['POST', '/api/v1/releases/rel_1/builds', 'write', 'builds:write'],
    ['GET', '/api/v1/tokens', 'read', 'releases:write'],
  ] as const)('%s %s with the %s token: 403 that names %s', async (method, path, token, scope) => {
    const { status, body } = await api.call(method, path, { token: SECRETS[token] });
    expect(status).toBe(403);
    expect(body).toEqual({ success: false, error: expect.stringContaining(scope) });
  });

  test.each(['', '/status', '/builds', '/history', '/notes'])(
    'another tenant’s release%s is answered exactly like an unknown one',
    async (rest) => {
      const unknown = await api.call('GET', `/api/v1/releases/rel_none${rest}`);
      const foreign = await api.call('GET', `/api/v1/releases/rel_2${rest}`);
      expect(unknown.status).toBe(404);
      expect([foreign.status, foreign.body]).toEqual([unknown.status, unknown.body]);
    },
  );

  test('after too many failures from one address even its right tokens wait', async () => {
    await api.close();
    await start({}, [makeRelease()], { limits: { failedAuthPerMinute: 3 } });
    const statuses = [];
    for (const token of ['a', 'b', 'c', 'd', SECRETS.all]) {
      statuses.push((await api.call('GET', '/api/v1/releases/rel_1', { token })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  test('a token that asks too often gets 429 with Retry-After, another one does not', async () => {
    await api.close();
    await start({}, [makeRelease()], { limits: { requestsPerMinute: 2 } });
    const ask = (token: string) => api.call('GET', '/api/v1/releases/rel_1', { token });
    expect([(await ask(SECRETS.all)).status, (await ask(SECRETS.all)).status]).toEqual([200, 200]);
    const refused = await ask(SECRETS.all);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await ask(SECRETS.read)).status).toBe(200);
  });
});

describe('POST /api/v1/releases', () => {
  test('creates: the engine gets the fields as its own, the answer is 201 with release and status', async () => {
    const calls: [CreateReleaseInput, IntentContext][] = [];
    const made = makeRelease();
    await start({
      createRelease: async (...call) => {
        calls.push(call);
        return made;
      },
    });
    const { status, headers, body } = await api.call('POST', '/api/v1/releases', {
      json: { ...BODY, regressionSlots: ['2026-12-02T08:30:00Z'], hasManualBuildUpload: true, tenantId: 'T1' },
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/api/v1/releases/rel_1');
    expect(() => CreatedReleaseAnswer.parse(body)).not.toThrow();
    expect(body.status).toEqual(deriveStatus(made, NOW));
    expect(calls).toEqual([
      [
        {
          config: 'Mobile',
          type: 'PLANNED',
          targets: [
            { platform: 'ANDROID', version: '7.0.0', store: null },
            { platform: 'IOS', version: '6.7.0', store: null },
          ],
          baseBranch: null,
          kickOffDate: new Date('2026-12-01T04:30:00Z'),
          targetReleaseDate: null,
          regressionSlots: [new Date('2026-12-02T08:30:00Z')],
          hasManualBuildUpload: true,
          releasePilot: null,
          freezeOverrideReason: null,
        },
        {
          tenantId: 'T1',
          actor: { kind: 'TOKEN', id: 'token:all', roles: ['VIEWER', 'RELEASE_PILOT', 'APPROVER', 'UPLOADER'] },
          origin: 'API',
        },
      ],
    ]);
  });

  test.each<[string, unknown, string[]]>([
    ['nothing', {}, ['releaseConfigId', 'platformTargets', 'kickOffDate']],
    ['a misspelt field', { ...BODY, kickoffDate: 'x' }, ['kickoffDate']],
    ['a date without its zone', { ...BODY, kickOffDate: '2026-12-01T10:00:00' }, ['kickOffDate']],
    ['no date', { ...BODY, regressionSlots: ['tomorrow'] }, ['regressionSlots.0']],
    [
      'an unknown platform',
      { ...BODY, platformTargets: [{ platform: 'TV', version: '1.0.0' }] },
      ['platformTargets.0.platform'],
    ],
    ['no platform', { ...BODY, platformTargets: [] }, ['platformTargets']],
    [
      'a version that is a number',
      { ...BODY, platformTargets: [{ platform: 'IOS', version: 7 }] },
      ['platformTargets.0.version'],
    ],
    ['several at once', { ...BODY, type: 'BIG', baseBranch: '' }, ['type', 'baseBranch']],
    ['an operator in place of a text', { ...BODY, releaseConfigId: { $ne: null } }, ['releaseConfigId']],
    ['a list', [], ['body']],
  ])('%s: 422 that names every faulty field, and the engine is not asked', async (_, json, fields) => {
    await start({});
    const { status, body } = await api.call('POST', '/api/v1/releases', { json });
    expect(status).toBe(422);
    expect(body.success).toBe(false);
    expect(Object.keys(body.fields).sort()).toEqual([...fields].sort());
  });

  test('the engine’s faults come back under the body’s names', async () => {
    await start({
      createRelease: async () => {
        throw new Refusal('INVALID_INPUT', 'Lower. None.', {
          'version.IOS': 'Lower.',
          config: 'None.',
          kickOffDate: 'Past.',
        });
      },
    });
    const { status, body } = await api.call('POST', '/api/v1/releases', { json: BODY });
    expect([status, body]).toEqual([
      422,
      {
        success: false,
        error: 'Lower. None.',
        fields: { 'platformTargets.1.version': 'Lower.', releaseConfigId: 'None.', kickOffDate: 'Past.' },
      },
    ]);
  });

  test('a tenant that is not the token’s is answered like one that does not exist', async () => {
    await start({});
    expect((await api.call('POST', '/api/v1/releases', { json: { ...BODY, tenantId: 'T2' } })).status).toBe(404);
  });

  test.each<[string, Parameters<RunningApi['call']>[2], number]>([
    ['broken JSON', { body: '{"a":', headers: { 'content-type': 'application/json' } }, 400],
    ['another type', { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['too much', { json: { ...BODY, baseBranch: 'x'.repeat(70_000) } }, 413],
    ['an unknown character set', { body: '{}', headers: { 'content-type': 'application/json; charset=klingon' } }, 415],
  ])('a body that is %s: %#', async (_, options, expected) => {
    await start({});
    const { status, body } = await api.call('POST', '/api/v1/releases', options);
    expect(status).toBe(expected);
    expect(body).toEqual({ success: false, error: expect.any(String) });
  });
});

describe('looking', () => {
  test('lists live releases by page, all of them with all=true', async () => {
    const asked: unknown[] = [];
    const page = (kind: string) => async (tenantId: string, request: object) => {
      asked.push([kind, tenantId, request]);
      return { releases: [makeRelease()], next: 'n1' };
    };
    await start({ queries: { live: page('live'), all: page('all') } as unknown as Engine['queries'] });
    const { status, body } = await api.call('GET', '/api/v1/releases?limit=5&after=c1');
    expect(status).toBe(200);
    expect(() => ReleaseListAnswer.parse(body)).not.toThrow();
    expect(body.next).toBe('n1');
    expect(body.releases[0]).toMatchObject({ id: 'rel_1', currentPhase: 'NOT_STARTED', displayText: 'Not Started' });
    await api.call('GET', '/api/v1/releases?all=true');
    expect(asked).toEqual([
      ['live', 'T1', { limit: 5, after: 'c1' }],
      ['all', 'T1', { limit: 20, after: undefined }],
    ]);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'all=perhaps'])('the query %s is refused', async (query) => {
    await start({});
    expect((await api.call('GET', `/api/v1/releases?${query}`)).status).toBe(422);
  });

  const slots = makeSlots(3, 1);
  test.each<[string, Release, object]>([
    [
      'cycle 1 NOT_STARTED of 3',
      inStages(['COMPLETED', 'IN_PROGRESS'], { slots, cycles: [makeCycle(1, 'NOT_STARTED')] }),
      {
        currentPhase: 'REGRESSION_CYCLE_STARTING',
        displayText: 'Stage 2 - RC1 Starting...',
        regression: {
          currentCycle: { number: 1, tag: 'RC1', status: 'NOT_STARTED' },
          nextCycle: { number: 2, tag: 'RC2', scheduledAt: '2026-11-21T14:00:00.000Z' },
          progress: { completed: 0, total: 3 },
        },
        actions: ['PAUSE'],
      },
    ],
    [
      'cycle 1 running of 3',
      inStages(['COMPLETED', 'IN_PROGRESS'], { slots, cycles: [makeCycle(1, 'IN_PROGRESS')] }),
      {
        currentPhase: 'REGRESSION_CYCLE_RUNNING',
        displayText: 'Stage 2 - RC1 Running (1/3)',
        regression: {
          currentCycle: { number: 1, tag: 'RC1', status: 'IN_PROGRESS' },
          nextCycle: { number: 2, tag: 'RC2', scheduledAt: '2026-11-21T14:00:00.000Z' },
          progress: { completed: 0, total: 3 },
        },
        actions: ['PAUSE', 'ABANDON_CYCLE'],
      },
    ],
    [
      'cycle 1 done, slot 2 today 14:00',
      inStages(['COMPLETED', 'IN_PROGRESS'], { slots, cycles: [makeCycle(1, 'DONE')] }),
      {
        currentPhase: 'REGRESSION_AWAITING_NEXT_CYCLE',
        displayText: 'RC1 Done - RC2 scheduled at 2:00 PM (1/3)',
        regression: {
          currentCycle: { number: 1, tag: 'RC1', status: 'DONE' },
          nextCycle: { number: 2, tag: 'RC2', scheduledAt: '2026-11-21T14:00:00.000Z' },
          progress: { completed: 1, total: 3 },
        },
        actions: ['PAUSE', 'SKIP_REMAINING_CYCLES'],
      },
    ],
    [
      'all 3 done',
      inStages(['COMPLETED', 'COMPLETED'], {
        pauseType: 'AWAITING_STAGE_TRIGGER',
        slots: makeSlots(3, 3),
        cycles: [makeCycle(1, 'DONE'), makeCycle(2, 'DONE'), makeCycle(3, 'DONE')],
      }),
      {
        currentPhase: 'AWAITING_POST_REGRESSION',
        displayText: 'Stage 2 Complete - Awaiting Pre-Release Start',
        regression: { currentCycle: null, nextCycle: null, progress: { completed: 3, total: 3 } },
        actions: ['TRIGGER_STAGE_3', 'ARCHIVE'],
      },
    ],
    [
      'paused by a person in cycle 2 of 3',
      inStages(['COMPLETED', 'IN_PROGRESS'], {
        status: 'PAUSED',
        pauseType: 'USER_REQUESTED',
        slots: makeSlots(3, 2),
        cycles: [makeCycle(1, 'DONE'), makeCycle(2, 'IN_PROGRESS')],
      }),
      {
        currentPhase: 'PAUSED_BY_USER',
        displayText: 'Paused by User',
        regression: {
          currentCycle: { number: 2, tag: 'RC2', status: 'IN_PROGRESS' },
          nextCycle: { number: 3, tag: 'RC3', scheduledAt: '2026-11-21T16:00:00.000Z' },
          progress: { completed: 1, total: 3 },
        },
        actions: ['RESUME', 'ARCHIVE'],
      },
    ],
    [
      'paused in stage 1 by a failed task',
      inStages(['IN_PROGRESS'], { status: 'PAUSED', pauseType: 'TASK_FAILURE' }),
      {
        currentPhase: 'PAUSED_BY_FAILURE',
        displayText: 'Paused - Task Failed',
        regression: null,
        actions: ['RETRY_TASK', 'SKIP_TASK', 'ARCHIVE'],
      },
    ],
  ])('status, %s: exactly the response of the contract, nothing around it', async (_, release, expected) => {
    await start({}, [release]);
    const { status, body } = await api.call('GET', '/api/v1/releases/rel_1/status');
    expect(status).toBe(200);
    expect(StatusView.parse(body)).toEqual(body);
    expect(body).toEqual({
      release: { id: 'rel_1', status: release.status },
      stages: {
        stage1: release.cron.stage1Status,
        stage2: release.cron.stage2Status,
        stage3: release.cron.stage3Status,
        stage4: release.cron.stage4Status,
      },
      cron: { status: release.cron.status, pauseType: release.cron.pauseType },
      ...expected,
    });
  });

  test('details show tasks, cycles and slots, and nothing of the tenant or the engine', async () => {
    const tasks = [
      makeTask('FORK_BRANCH', { status: 'COMPLETED', output: { branch: 'b', sha: 's', url: null }, endedAt: NOW }),
    ];
    const release = inStages(['COMPLETED', 'IN_PROGRESS'], {
      tasks,
      slots: makeSlots(2, 1),
      cycles: [makeCycle(1, 'DONE')],
    });
    await start({}, [release]);
    const { body } = await api.call('GET', '/api/v1/releases/rel_1');
    expect(() => CreatedReleaseAnswer.parse(body)).not.toThrow();
    expect(body.release.tasks[0]).toMatchObject({ type: 'FORK_BRANCH', status: 'COMPLETED', output: { sha: 's' } });
    expect(body.release.regressionSlots).toHaveLength(2);
    expect(JSON.stringify(body)).not.toMatch(/tenantId|auditSeq|messageSeq/);
  });

  test('history is paged by sequence number', async () => {
    const entry = {
      tenantId: 'T1',
      releaseId: 'rel_1',
      at: NOW,
      actor: 'U1',
      origin: 'SLACK' as const,
      subject: null,
      reason: null,
      detail: {},
    };
    const history = async (
      _tenant: string,
      _id: string,
      { limit, beforeSeq = 9 }: { limit: number; beforeSeq?: number | undefined },
    ) =>
      Array.from({ length: Math.min(limit, beforeSeq - 1) }, (_, index) => ({
        ...entry,
        seq: beforeSeq - 1 - index,
        action: 'X',
      }));
    await start({ queries: { history } as unknown as Engine['queries'] }, [makeRelease()]);
    const first = await api.call('GET', '/api/v1/releases/rel_1/history?limit=5');
    expect(first.body.entries.map((shown: { seq: number }) => shown.seq)).toEqual([8, 7, 6, 5, 4]);
    const second = await api.call('GET', `/api/v1/releases/rel_1/history?limit=5&before=${first.body.next}`);
    expect([second.body.entries.length, second.body.next]).toEqual([3, null]);
  });

  test('notes are those of each cycle, then the final ones', async () => {
    const notes = (until: string) => ({
      since: null,
      until,
      entries: [{ sha: 'a', title: 'Fix', author: 'Bo' }],
      omitted: 0,
    });
    const release = inStages(['COMPLETED', 'COMPLETED', 'COMPLETED'], {
      pauseType: 'AWAITING_STAGE_TRIGGER',
      cycles: [
        makeCycle(1, 'DONE', [makeTask('CREATE_RELEASE_NOTES', { output: notes('rc-1') })]),
        makeCycle(2, 'ABANDONED', [makeTask('CREATE_RELEASE_NOTES')]),
      ],
      tasks: [makeTask('CREATE_FINAL_RELEASE_NOTES', { output: { ...notes('v1'), releaseUrl: null } })],
    });
    await start({}, [release]);
    const { body } = await api.call('GET', '/api/v1/releases/rel_1/notes');
    expect(body.notes.map((shown: { label: string; until: string }) => [shown.label, shown.until])).toEqual([
      ['RC1', 'rc-1'],
      ['final', 'v1'],
    ]);
  });
});

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
    ['ABANDON_CYCLE', undefined, 'abandonCycle', { reason: null }],
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
    await start(engine);
    const { status, body } = await api.call('POST', `/api/v1/releases/rel_1/actions/${action}`, { json });
    expect([status, body]).toEqual([200, { success: true, status: deriveStatus(release, NOW) }]);
    expect(calls).toEqual([[intent, { releaseId: 'rel_1', ...input }]]);
  });
  test('every action is tested above', () => {
    expect(cases.map(([action]) => action).sort()).toEqual([...API_ACTIONS].sort());
  });

  test.each(['skip-remaining-cycles', 'Skip_Remaining_Cycles'])('%s is the same action', async (action) => {
    const { engine, calls } = recording();
    await start(engine);
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
    await start(recording().engine);
    const { status, body } = await api.call('POST', `/api/v1/releases/rel_1/actions/${action}`, { json });
    expect([status, Object.keys(body.fields)]).toEqual([422, [field]]);
  });

  test('an unknown action: 404 that lists the known ones', async () => {
    await start({});
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
    await start({
      pauseRelease: async () => {
        throw new Refusal(code, 'Because of a rule.');
      },
    });
    const { status, body } = await api.call('POST', '/api/v1/releases/rel_1/actions/PAUSE');
    expect([status, body]).toEqual([expected, { success: false, error: 'Because of a rule.' }]);
  });
});

describe('when something fails', () => {
  class MongoServerSelectionError extends Error {
    override readonly name = 'MongoServerSelectionError';
  }
  const fault = { provider: 'GITHUB', operation: 'ensureTag', status: 500, detail: 'oops' };
  test.each<[string, Error, number, RegExp]>([
    [
      'the database is away',
      new MongoServerSelectionError('connect ECONNREFUSED 10.0.0.5:27017'),
      503,
      /^The database cannot be reached/,
    ],
    [
      'the database is away, inside',
      new Error('x', { cause: new MongoServerSelectionError('y') }),
      503,
      /^The database/,
    ],
    ['a provider is away', new TransientError(fault, 7000), 503, /^GITHUB ensureTag: oops/],
    ['a provider says no', new AuthError(fault), 502, /^GITHUB ensureTag: oops/],
    ['we have a bug', new Error('secret path /srv/app.ts'), 500, /^Something went wrong on our side/],
  ])('%s: a clear sentence and no stack', async (_, error, expected, sentence) => {
    await start({
      pauseRelease: async () => {
        throw error;
      },
    });
    const { status, body, headers } = await api.call('POST', '/api/v1/releases/rel_1/actions/PAUSE');
    expect(status).toBe(expected);
    expect(body.error).toMatch(sentence);
    expect(JSON.stringify(body)).not.toMatch(/at .*\.ts|secret path|10\.0\.0\.5/);
    if (expected === 500) expect(body.error).toContain(headers.get('x-request-id'));
    expect(api.log.some((line) => line.includes('"level":"error"'))).toBe(expected === 500);
  });

  test.each([
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/api', 404],
    ['PUT', '/api/v1/releases', 405],
    ['DELETE', '/api/v1/releases/rel_1', 405],
    ['GET', '/api/v1/releases/%E0%A4%A', 400],
  ])('%s %s: %d as JSON', async (method, path, expected) => {
    await start({});
    const { status, body } = await api.call(method, path);
    expect([status, body]).toEqual([expected, { success: false, error: expect.any(String) }]);
  });

  test('other addresses are left to Bolt, their bodies unread', async () => {
    await start({});
    const response = await fetch(`${api.url}/slack/events`, { method: 'POST', body: '{}' });
    expect(await response.text()).toBe('bolt');
    expect(response.headers.get('x-request-id')).toBeNull();
  });
});

describe('every answer', () => {
  test('carries security headers, a request id, and no trace of what serves it', async () => {
    await start({}, [makeRelease()]);
    const { headers } = await api.call('GET', '/api/v1/releases/rel_1');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain('default-src');
    expect(headers.get('strict-transport-security')).toContain('max-age');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('is logged in one line, without the token', async () => {
    await start({}, [makeRelease()]);
    await api.call('GET', '/api/v1/releases/rel_1?x=1');
    const lines = api.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'request answered',
        method: 'GET',
        path: '/api/v1/releases/rel_1',
        status: 200,
        tenantId: 'T1',
        actor: 'token:all',
        requestId: expect.any(String),
      }),
    ]);
    expect(api.log.join()).not.toContain(SECRETS.all);
  });
});

describe('tokens', () => {
  test('are made, listed and revoked; the secret is in the first answer only', async () => {
    await start({}, [makeRelease()]);
    const json = { name: 'deploy', scopes: ['releases:read', 'releases:read'] };
    const made = await api.call('POST', '/api/v1/tokens', { json });
    expect([made.status, made.body.secret, made.body.token.scopes]).toEqual([201, 'slw_deploy', ['releases:read']]);
    expect((await api.call('GET', '/api/v1/releases/rel_1', { token: 'slw_deploy' })).status).toBe(200);

    const list = await api.call('GET', '/api/v1/tokens');
    expect(list.body.tokens.map((token: { name: string }) => token.name)).toContain('deploy');
    expect(JSON.stringify(list.body)).not.toMatch(/slw_|hash|[0-9a-f]{64}/);
    expect(JSON.stringify(list.body)).not.toContain('foreign');

    expect((await api.call('DELETE', '/api/v1/tokens/deploy')).body).toEqual({ success: true });
    expect((await api.call('GET', '/api/v1/releases/rel_1', { token: 'slw_deploy' })).status).toBe(401);
    expect((await api.call('DELETE', '/api/v1/tokens/deploy')).status).toBe(404);
    expect((await api.call('DELETE', '/api/v1/tokens/foreign')).status).toBe(404);
  });

  test('no token gives scopes that it does not have', async () => {
    await start({});
    const json = { name: 'more', scopes: ['releases:write', 'builds:write'] };
    const { status, body } = await api.call('POST', '/api/v1/tokens', { token: SECRETS.write, json });
    expect([status, body.error]).toEqual([403, expect.stringContaining('builds:write')]);
  });
});

describe('health', () => {
  test('/healthz answers without a token', async () => {
    await start({});
    expect(await api.call('GET', '/healthz', { token: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  test('/readyz names every dependency and is 503 when one is not ready', async () => {
    const checks = { database: { ok: true }, agenda: { ok: true }, slack: { ok: false, detail: 'not connected' } };
    await start({}, [], { readiness: async () => checks });
    const { status, body } = await api.call('GET', '/readyz', { token: null });
    expect([status, body]).toEqual([503, { status: 'unavailable', checks }]);
    await api.close();
    await start({});
    expect((await api.call('GET', '/readyz', { token: null })).body).toEqual({
      status: 'ok',
      checks: { database: { ok: true } },
    });
  });

  test.each<[string, () => Promise<never>]>([
    ['fails', async () => Promise.reject(new Error('boom'))],
    ['never ends', () => new Promise<never>(() => undefined)],
  ])('a check that %s is not ready', async (_, readiness) => {
    await start({}, [], { readiness, limits: { readinessTimeoutMs: 20 } });
    const { status, body } = await api.call('GET', '/readyz', { token: null });
    expect([status, body.status]).toEqual([503, 'unavailable']);
    expect(JSON.stringify(body)).not.toContain('boom');
  });
});

describe('the OpenAPI document', () => {
  test('shows every endpoint with its schemas, and only those', async () => {
    await start({}, [], { publicUrl: 'https://bot.test' });
    const { status, body } = await api.call('GET', '/api/v1/openapi.json', { token: null });
    expect(status).toBe(200);
    expect(body.openapi).toBe('3.1.0');
    expect(body.servers).toEqual([{ url: 'https://bot.test' }]);
    const operations = Object.entries<Record<string, object>>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(operations.sort()).toEqual([
      'delete /api/v1/tokens/{name}',
      'get /api/v1/releases',
      'get /api/v1/releases/{id}',
      'get /api/v1/releases/{id}/builds',
      'get /api/v1/releases/{id}/history',
      'get /api/v1/releases/{id}/notes',
      'get /api/v1/releases/{id}/status',
      'get /api/v1/tokens',
      'get /healthz',
      'get /readyz',
      'post /api/v1/releases',
      'post /api/v1/releases/{id}/actions/{action}',
      'post /api/v1/releases/{id}/builds',
      'post /api/v1/tokens',
    ]);
    const create = body.paths['/api/v1/releases'].post;
    const schema = create.requestBody.content['application/json'].schema;
    expect(schema.required).toEqual(['releaseConfigId', 'platformTargets', 'kickOffDate']);
    expect(schema.properties.kickOffDate).toMatchObject({ type: 'string', format: 'date-time' });
    expect(Object.keys(body.paths['/api/v1/releases/{id}/builds'].post.requestBody.content)).toEqual([
      'application/json',
      'multipart/form-data',
    ]);
  });

  test('has an operation id for each operation, no two alike, and a parameter for each placeholder', async () => {
    await start({});
    const { body } = await api.call('GET', '/api/v1/openapi.json', { token: null });
    const ids: string[] = [];
    for (const [path, methods] of Object.entries<
      Record<string, { operationId: string; parameters?: { in: string; name: string }[] }>
    >(body.paths)) {
      for (const { operationId, parameters = [] } of Object.values(methods)) {
        ids.push(operationId);
        const named = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
        expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
  });
});
