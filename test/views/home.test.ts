import type { Release } from '../../src/domain/release.ts';
import { PHASES } from '../../src/domain/status.ts';
import type { Actor } from '../../src/domain/tenant.ts';
import { HOME_PAGE_SIZE, homeView } from '../../views/home.ts';
import { readerMay } from '../../views/reader.actions.ts';
import type { HomeData } from '../../views/types.ts';
import { aConfig } from '../domain/support/build-release.ts';
import { LONG, poisoned } from './support/hostile.ts';
import { inPhase, NOW } from './support/phases.ts';
import { show } from './support/show.ts';
import { actionIds, faultsOfView } from './support/slack-limits.ts';

const VIEWER: Actor = { kind: 'USER', id: 'U0VIEWER', roles: [] };
const APPROVER: Actor = { kind: 'USER', id: 'U0APP', roles: ['APPROVER'] };
const ADMIN: Actor = { kind: 'USER', id: 'U0ADMIN', roles: ['ADMIN'] };

function home(patch: Partial<HomeData> & { viewer?: Actor }) {
  const viewer = patch.viewer ?? VIEWER;
  const view = homeView({
    viewer,
    releases: [],
    damaged: [],
    recent: [],
    configs: [{ ...aConfig(), comms: { releases: 'C0REL', builds: 'C0REL', approvals: 'C0REL' } }],
    mayUse: readerMay(viewer),
    page: 0,
    hasMore: false,
    now: NOW,
    ...patch,
  });
  expect(faultsOfView(view)).toEqual([]);
  return view;
}

const live = (phase: (typeof PHASES)[number], id: string): Release => ({ ...inPhase(phase).release, id });

describe('App Home', () => {
  test('for an approver: own open approvals first, then the live releases', () => {
    const view = home({
      viewer: APPROVER,
      releases: [live('REGRESSION_CYCLE_RUNNING', 'rel_1'), live('AWAITING_POST_REGRESSION', 'rel_2')],
      recent: [live('COMPLETED', 'rel_3'), live('ARCHIVED', 'rel_4')],
      threadLinks: { rel_1: 'https://acme.slack.com/archives/C1/p1' },
    });
    expect(`\n${show(view)}\n`).toMatchSnapshot();
  });

  test('an approval that was given is no longer asked for', () => {
    const { release } = inPhase('AWAITING_POST_REGRESSION');
    const gates = release.gates.map((gate) => ({
      ...gate,
      policy: { ...gate.policy, quorum: 2 },
      approvals: [{ by: APPROVER.id, at: NOW, contentHash: gate.contentHash ?? '', override: null }],
    }));
    const view = home({ viewer: APPROVER, releases: [{ ...release, gates }] });
    expect(show(view)).not.toContain('Your open approvals');
    expect(actionIds(view.blocks)).not.toContain('gate.approve');
    expect(actionIds(view.blocks)).toContain('gate.reject');
  });

  test('an approval is asked for on the first page, whatever page its release is on', () => {
    const releases = [live('KICKOFF', 'rel_1')];
    const view = home({ viewer: APPROVER, releases, approvals: [live('AWAITING_SUBMISSION', 'rel_9')], hasMore: true });
    expect(show(view)).toContain('Your open approvals');
    expect(JSON.stringify(view.blocks)).toContain('rel_9');
  });

  test('a submission by hand is confirmed from here, by who may', () => {
    const pilot: Actor = { kind: 'USER', id: 'U0PILOT', roles: ['RELEASE_PILOT'] };
    const releases = [live('SUBMITTING', 'rel_1')];
    expect(show(home({ viewer: pilot, releases }))).toContain('[iOS is submitted]');
    expect(show(home({ releases }))).not.toContain('is submitted');
  });

  test('whoever may only look gets no button that acts', () => {
    const releases = PHASES.filter((phase) => phase !== 'ARCHIVED' && phase !== 'COMPLETED').map((phase, index) =>
      live(phase, `rel_${index}`),
    );
    const view = home({ releases: releases.slice(0, HOME_PAGE_SIZE) });
    expect(new Set(actionIds(view))).toEqual(new Set(['release.more']));
  });

  test('says what to do first when there is nothing', () => {
    const empty = (viewer: Actor, configured: boolean) =>
      show(
        home({
          viewer,
          ...(configured ? {} : { configs: [] }),
          ...(viewer === ADMIN ? { admin: { integrations: [], roles: {}, missingSetup: ['Connect GitHub'] } } : {}),
        }),
      );
    const seen = [
      ['viewer, not set up', empty(VIEWER, false)],
      ['viewer, set up', empty(VIEWER, true)],
      ['admin, not set up', empty(ADMIN, false)],
      ['admin, set up', empty(ADMIN, true)],
    ].map(([who, text]) => `== ${who}\n${text}`);
    expect(`\n${seen.join('\n')}\n`).toMatchSnapshot();
  });

  test('for an administrator: integrations, configurations and roles', () => {
    const view = home({
      viewer: ADMIN,
      admin: {
        integrations: [
          { name: 'github', kind: 'SCM', provider: 'GITHUB', verification: 'VALID', detail: 'acme/app' },
          { name: 'store', kind: 'TARGET', provider: 'APP_STORE', verification: 'INVALID', detail: '401 <b>' },
        ],
        roles: { ADMIN: ['U0ADMIN'], APPROVER: ['S0GROUP', 'U0ANN'] },
        missingSetup: [],
      },
    });
    expect(`\n${show(view)}\n`).toMatchSnapshot();
  });

  test('a full page of hostile releases stays within 100 blocks and keeps its paging', () => {
    const phases = ['AWAITING_POST_REGRESSION', 'AWAITING_SUBMISSION', 'PAUSED_BY_FAILURE', 'PAUSED_BY_USER'] as const;
    const releases = Array.from({ length: 25 }, (_, index) => ({
      ...poisoned(inPhase(phases[index % phases.length] ?? 'KICKOFF').release),
      id: `rel_${index}`,
    }));
    const configs = Array.from({ length: 60 }, () => ({
      ...aConfig({ name: LONG, baseBranch: LONG }),
      comms: comms(),
    }));
    const integration = { name: LONG, kind: LONG, provider: LONG, verification: 'VALID', detail: LONG };
    const members = Array.from({ length: 300 }, (_, index) => `U0${index}`);
    const all: Actor = { kind: 'USER', id: 'U0ALL', roles: ['ADMIN', 'APPROVER'] };
    const view = home({
      viewer: all,
      releases,
      recent: releases.map((release) => ({ ...release, endedAt: NOW })),
      configs,
      admin: {
        integrations: Array.from({ length: 60 }, () => integration),
        roles: { ADMIN: members, APPROVER: members, UPLOADER: members },
        missingSetup: [LONG, LONG],
      },
      page: 0,
      hasMore: true,
    });
    expect(actionIds(view)).toContain('home.next');
    expect(actionIds(home({ releases, page: 3, hasMore: true }))).toEqual(
      expect.arrayContaining(['home.previous', 'home.next']),
    );
  });
});

function comms() {
  return { releases: 'C0REL', builds: 'C0REL', approvals: 'C0REL' };
}
