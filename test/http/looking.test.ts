import type { Release } from '../../src/domain/release.ts';
import type { Engine } from '../../src/engine/index.ts';
import { CreatedReleaseAnswer, ReleaseListAnswer, StatusView } from '../../src/http/answers.ts';
import { useApi } from './support/api.ts';
import { inStages, makeCycle, makeRelease, makeSlots, makeTask, NOW } from './support/releases.ts';

const api = useApi();

describe('looking', () => {
  test('lists live releases by page, all of them with all=true', async () => {
    const asked: unknown[] = [];
    const page = (kind: string) => async (tenantId: string, request: object) => {
      asked.push([kind, tenantId, request]);
      const defect = { code: 'UNREADABLE', detail: 'gates is missing' };
      const damaged = [{ id: 'rel_2', name: 'Mobile Android 7.1.0', defect, parkedAt: NOW }];
      return { releases: [makeRelease()], damaged, next: 'n1' };
    };
    await api.start({ queries: { live: page('live'), all: page('all') } as unknown as Engine['queries'] });
    const { status, body } = await api.call('GET', '/api/v1/releases?limit=5&after=c1');
    expect(status).toBe(200);
    expect(() => ReleaseListAnswer.parse(body)).not.toThrow();
    expect(body.next).toBe('n1');
    expect(body.releases[0]).toMatchObject({ id: 'rel_1', currentPhase: 'NOT_STARTED', displayText: 'Not Started' });
    const parkedAt = NOW.toISOString();
    const defect = { code: 'UNREADABLE', detail: 'gates is missing' };
    expect(body.damaged).toEqual([{ id: 'rel_2', name: 'Mobile Android 7.1.0', defect, parkedAt }]);
    await api.call('GET', '/api/v1/releases?all=true');
    expect(asked).toEqual([
      ['live', 'T1', { limit: 5, after: 'c1' }],
      ['all', 'T1', { limit: 20, after: undefined }],
    ]);
  });

  test.each([
    ['limit=0', 'limit', 'expected at least 1'],
    ['limit=101', 'limit', 'expected at most 100'],
    ['limit=x', 'limit', 'expected a number'],
    ['limit=1&limit=2', 'limit', 'expected a number'],
    ['after=a&after=b', 'after', 'expected a text'],
    ['all=perhaps', 'all', 'expected true or false'],
  ])('the query %s is refused with what was expected', async (query, field, sentence) => {
    await api.start({});
    const { status, body } = await api.call('GET', `/api/v1/releases?${query}`);
    expect([status, body.fields]).toEqual([422, { [field]: sentence }]);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'all=perhaps'])('the query %s is refused', async (query) => {
    await api.start({});
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
    await api.start({}, [release]);
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
    await api.start({}, [release]);
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
    await api.start({ queries: { history } as unknown as Engine['queries'] }, [makeRelease()]);
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
    await api.start({}, [release]);
    const { body } = await api.call('GET', '/api/v1/releases/rel_1/notes');
    expect(body.notes.map((shown: { label: string; until: string }) => [shown.label, shown.until])).toEqual([
      ['RC1', 'rc-1'],
      ['final', 'v1'],
    ]);
  });
});
