import { approveGate, checkGate, rejectGate, remindApproval } from '../../src/domain/changes/gates.ts';
import type { Gate, GateObservation } from '../../src/domain/gate.ts';
import {
  awaitingGate,
  buildsAtGate,
  cherryPickBase,
  contentChanges,
  contentHash,
  failedChecks,
  findGate,
  gateChecks,
  gateContent,
  hasQuorum,
  mayOpen,
  newGate,
} from '../../src/domain/gate-rules.ts';
import type { Release } from '../../src/domain/release.ts';
import type { GatePolicy } from '../../src/domain/release-config.ts';
import { withTask } from '../../src/domain/tasks.ts';
import { aConfig, at, CRONS, running, withCycles } from './support/build-release.ts';
import { person, present } from './support/drive.ts';

const NOW = at('12-04 16:00');
const LATER = at('12-04 16:05');
const HEAD = 'a'.repeat(40);
const OTHER_HEAD = 'b'.repeat(40);
const ONE: GatePolicy = aConfig().gates.preRelease;
const TWO: GatePolicy = { ...ONE, quorum: 2 };

function seen(headSha = HEAD, cherryPickTotal = 0): GateObservation {
  return { kind: 'seen', headSha, cherryPicks: [], cherryPickTotal };
}
const DOWN: GateObservation = { kind: 'unreachable', detail: 'Bad gateway' };

function atGate(policy = ONE, ...cycles: ('DONE' | 'ABANDONED')[]): Release {
  const waiting = running(CRONS.awaitingPreRelease, { gates: [newGate('preRelease', policy, NOW)] });
  return withCycles(waiting, ...(cycles.length > 0 ? cycles : (['DONE'] as const)));
}
function check(release: Release, observed: GateObservation, policy = ONE, now = NOW) {
  return checkGate(release, present(awaitingGate(release)), policy, observed, now);
}
function approve(release: Release, who: string, override: string | null = null): Release {
  return approveGate(release, present(awaitingGate(release)), override, person(who), NOW).release;
}
function gateOf(release: Release): Gate {
  return present(findGate(release, 'preRelease'));
}
/** A gate that was checked with this observation. */
function posted(policy = ONE, observed = seen(), ...cycles: ('DONE' | 'ABANDONED')[]): Release {
  return check(atGate(policy, ...cycles), observed, policy).release;
}

describe('the checks of a gate (Spec 1.5)', () => {
  test.each<[string, Release, GateObservation, string[]]>([
    [
      'all well',
      atGate(ONE, 'DONE', 'ABANDONED'),
      seen(),
      [
        '+ 1 regression cycle done, 1 abandoned',
        '+ Release branch at aaaaaaa',
        '+ Every commit on the release branch is in an RC',
      ],
    ],
    [
      'one commit in no RC',
      atGate(ONE, 'DONE', 'DONE'),
      seen(HEAD, 1),
      [
        '+ 2 regression cycles done, 0 abandoned',
        '+ Release branch at aaaaaaa',
        '- 1 commit on the release branch is in no RC',
      ],
    ],
    [
      'several commits in no RC',
      atGate(),
      seen(HEAD, 12),
      [
        '+ 1 regression cycle done, 0 abandoned',
        '+ Release branch at aaaaaaa',
        '- 12 commits on the release branch are in no RC',
      ],
    ],
    [
      'no cycle was done',
      atGate(ONE, 'ABANDONED'),
      seen(),
      [
        '- 0 regression cycles done, 1 abandoned',
        '+ Release branch at aaaaaaa',
        '+ Every commit on the release branch is in an RC',
      ],
    ],
    [
      'the repository cannot be read',
      atGate(),
      DOWN,
      ['+ 1 regression cycle done, 0 abandoned', '- The release branch could not be read: Bad gateway'],
    ],
  ])('before pre-release: %s', (_name, release, observed, expected) => {
    const shown = gateChecks(release, 'preRelease', observed).map(
      (found) => `${found.passed ? '+' : '-'} ${found.text}`,
    );
    expect(shown).toEqual(expected);
  });

  test('before the submission only the repository is looked at', () => {
    expect(gateChecks(atGate(ONE, 'ABANDONED'), 'submission', seen(HEAD, 3)).map(({ id }) => id)).toEqual(['SCM']);
  });
});

describe('what an approval is bound to', () => {
  const builds = (type: 'c1' | 'c2', ...shas: string[]) => ({
    status: 'COMPLETED' as const,
    output: {
      builds: shas.map((sha256, index) => ({
        platform: index === 0 ? ('IOS' as const) : ('ANDROID' as const),
        buildId: `${type}.${index}`,
        fileName: 'app',
        sha256,
        version: null,
      })),
    },
  });
  const twoCycles = withCycles(running(CRONS.awaitingPreRelease), 'DONE', 'DONE');

  test('versions, head and the builds of the newest cycle that has some, in the order of platforms', () => {
    const first = withTask(twoCycles, 'rel_1.c1.TRIGGER_REGRESSION_BUILDS', builds('c1', 'i1', 'a1'));
    expect(gateContent(first, 'preRelease', HEAD)).toEqual({
      versions: [
        { platform: 'ANDROID', version: '7.0.0' },
        { platform: 'IOS', version: '6.7.0' },
      ],
      headSha: HEAD,
      builds: [
        { platform: 'ANDROID', sha256: 'a1' },
        { platform: 'IOS', sha256: 'i1' },
      ],
    });
    const second = withTask(first, 'rel_1.c2.TRIGGER_REGRESSION_BUILDS', builds('c2', 'i2', 'a2'));
    expect(buildsAtGate(second, 'preRelease').map(({ sha256 }) => sha256)).toEqual(['a2', 'i2']);
  });

  test('without any cycle the builds of the kick-off', () => {
    const kickedOff = withTask(
      running(CRONS.awaitingPreRelease),
      'rel_1.s1.TRIGGER_PRE_REGRESSION_BUILDS',
      builds('c1', 'i0', 'a0'),
    );
    expect(buildsAtGate(kickedOff, 'preRelease').map(({ sha256 }) => sha256)).toEqual(['a0', 'i0']);
  });

  test('the submission ships the builds of pre-release', () => {
    const release = withTask(running(CRONS.awaitingSubmission), 'rel_1.s3.CREATE_AAB_BUILD', builds('c1', 'aab'));
    expect(buildsAtGate(release, 'submission').map(({ sha256 }) => sha256)).toEqual(['aab']);
  });

  test('each change has its sentence and another hash', () => {
    const before = gateContent(twoCycles, 'preRelease', HEAD);
    const cases: [Partial<typeof before>, string][] = [
      [{ headSha: OTHER_HEAD }, 'The release branch moved from aaaaaaa to bbbbbbb'],
      [{ versions: [{ platform: 'ANDROID', version: '7.0.1' }] }, 'ANDROID is now 7.0.1, it was 7.0.0'],
      [{ builds: [{ platform: 'IOS', sha256: 'x' }] }, 'The IOS build is another file'],
    ];
    for (const [patch, sentence] of cases) {
      const after = { ...before, ...patch };
      expect(contentChanges(before, after)).toEqual([sentence]);
      expect(contentHash(after)).not.toBe(contentHash(before));
    }
    expect(contentChanges(before, { ...before })).toEqual([]);
    expect(contentHash({ ...before })).toBe(contentHash(before));
  });

  test('cherry picks count from the newest RC tag, before any from where the branch was cut', () => {
    const cut = withTask(running(CRONS.awaitingPreRelease), 'rel_1.s1.FORK_BRANCH', {
      status: 'COMPLETED',
      output: { branch: 'release/x', sha: 'cut', url: null },
    });
    expect(cherryPickBase(running(CRONS.awaitingPreRelease))).toBeNull();
    expect(cherryPickBase(cut)).toBe('cut');
    const tagged = withTask(withCycles(cut, 'DONE', 'ABANDONED'), 'rel_1.c1.CREATE_RC_TAG', {
      status: 'COMPLETED',
      output: { tag: 'rc-cycle1', sha: 's', url: null },
    });
    expect(cherryPickBase(tagged)).toBe('rc-cycle1');
  });
});

describe('when a gate opens', () => {
  test('the first check posts one card; approvals may come only after it', () => {
    const first = check(atGate(), seen());
    expect(first.messages.map(({ key }) => key)).toEqual(['rel_1:gate:preRelease']);
    const second = check(first.release, seen(), ONE, LATER);
    expect(second.messages).toEqual([]);
    expect(gateOf(second.release)).toMatchObject({ status: 'AWAITING', checkedAt: LATER });
    expect(gateOf(second.release).nextCheckAt).toEqual(at('12-04 16:06'));
  });

  test('an approval asks for the next check at once', () => {
    const checked = check(posted(), seen(), ONE, LATER).release;
    expect(gateOf(approve(checked, 'U1')).nextCheckAt).toEqual(NOW);
  });

  test.each<[string, GatePolicy, string[], boolean]>([
    ['quorum 1, nobody', ONE, [], false],
    ['quorum 1, one', ONE, ['U1'], true],
    ['quorum 2, one', TWO, ['U1'], false],
    ['quorum 2, two', TWO, ['U1', 'U2'], true],
  ])('%s', (_name, policy, who, opens) => {
    const approved = who.reduce((release, user) => approve(release, user), posted(policy));
    expect(hasQuorum(gateOf(approved))).toBe(opens);
    const { release, messages } = check(approved, seen(), policy);
    expect(gateOf(release).status).toBe(opens ? 'GRANTED' : 'AWAITING');
    expect(release.cron.stage3Status).toBe(opens ? 'IN_PROGRESS' : 'PENDING');
    expect(release.cron.pauseType).toBe(opens ? 'NONE' : 'AWAITING_STAGE_TRIGGER');
    expect(messages.map(({ key }) => key)).toEqual(opens ? ['rel_1:gate:preRelease:granted'] : []);
    expect(release.tasks.some((task) => task.stage === 3)).toBe(opens);
  });

  test('the policy that counts is the one in force now', () => {
    const approved = approve(posted(TWO), 'U1');
    expect(gateOf(check(approved, seen(), ONE).release).status).toBe('GRANTED');
    expect(gateOf(check(approve(posted(ONE), 'U1'), seen(), TWO).release).status).toBe('AWAITING');
  });

  test('a new commit voids the approvals given so far, says so once, and the gate stays shut', () => {
    const approved = approve(posted(TWO), 'U1');
    const moved = check(approved, seen(OTHER_HEAD), TWO);
    const gate = gateOf(moved.release);
    expect(gate.approvals).toEqual([]);
    expect(gate.voided).toHaveLength(1);
    expect(gate.voided[0]).toMatchObject({ changes: ['The release branch moved from aaaaaaa to bbbbbbb'] });
    expect(moved.messages.map(({ content }) => content)).toEqual([
      {
        kind: 'APPROVALS_VOID',
        gateId: 'preRelease',
        by: ['U1'],
        changes: ['The release branch moved from aaaaaaa to bbbbbbb'],
      },
    ]);
    expect(check(moved.release, seen(OTHER_HEAD), TWO, LATER).messages).toEqual([]);
    const again = approve(approve(moved.release, 'U1'), 'U2');
    expect(gateOf(check(again, seen(OTHER_HEAD), TWO).release).status).toBe('GRANTED');
  });

  test('a change in the very check that would have opened it voids instead', () => {
    const { release } = check(approve(posted(), 'U1'), seen(OTHER_HEAD));
    expect(gateOf(release)).toMatchObject({ status: 'AWAITING', approvals: [] });
  });

  test('a change before anybody approved voids nothing and says nothing', () => {
    const change = check(posted(), seen(OTHER_HEAD));
    expect(change.messages).toEqual([]);
    expect(gateOf(change.release)).toMatchObject({ voided: [], content: { headSha: OTHER_HEAD } });
  });

  test('an approval that is bound to something else does not count', () => {
    const approved = approve(posted(), 'U1');
    const gate = gateOf(approved);
    expect(mayOpen(gate)).toBe(true);
    expect(mayOpen({ ...gate, contentHash: 'other' })).toBe(false);
    expect(mayOpen({ ...gate, contentHash: null })).toBe(false);
  });

  test('a failed check needs a reason from every approver', () => {
    const failing = posted(TWO, seen(HEAD, 2));
    expect(failedChecks(gateOf(failing)).map(({ id }) => id)).toEqual(['CHERRY_PICKS']);
    const half = approve(approve(failing, 'U1', 'wanted'), 'U2', null);
    expect(gateOf(check(half, seen(HEAD, 2), TWO).release).status).toBe('AWAITING');
    const both = approve(approve(failing, 'U1', 'wanted'), 'U2', 'me too');
    expect(gateOf(check(both, seen(HEAD, 2), TWO).release).status).toBe('GRANTED');
  });

  test('no cycle done at all can be overridden too', () => {
    const failing = posted(ONE, seen(), 'ABANDONED');
    expect(gateOf(check(approve(failing, 'U1', null), seen()).release).status).toBe('AWAITING');
    expect(gateOf(check(approve(failing, 'U1', 'tested by hand'), seen()).release).status).toBe('GRANTED');
  });

  test('while the repository cannot be read it never opens, whatever the reasons', () => {
    const approved = approve(posted(), 'U1', 'never mind');
    const { release } = check(approved, DOWN);
    expect(gateOf(release)).toMatchObject({ status: 'AWAITING', checkFailures: 1 });
    expect(gateOf(release).approvals).toHaveLength(1);
    const twice = check(release, DOWN).release;
    expect(gateOf(twice).checkFailures).toBe(2);
    const back = check(twice, seen()).release;
    expect(gateOf(back)).toMatchObject({ status: 'GRANTED', checkFailures: 0 });
  });

  test('a gate that was never checked has nothing to approve, and does not open', () => {
    const blind = check(atGate(), DOWN).release;
    expect(gateOf(blind).content).toBeNull();
    expect(gateOf(check(approve(blind, 'U1', 'blind'), DOWN).release).status).toBe('AWAITING');
  });

  test('an approval given blindly is void when the repository is back: it was bound to nothing', () => {
    const blind = approve(check(atGate(), DOWN).release, 'U1', 'blind');
    expect(gateOf(check(blind, seen()).release).status).toBe('AWAITING');
  });

  test('a rejection takes the approvals back and keeps the reason', () => {
    const approved = approve(posted(TWO), 'U1');
    const change = rejectGate(approved, gateOf(approved), 'crashes on start', person('U2'), NOW);
    expect(gateOf(change.release)).toMatchObject({
      status: 'AWAITING',
      approvals: [],
      rejections: [{ by: 'U2', reason: 'crashes on start' }],
    });
    const again = approve(approve(change.release, 'U1'), 'U2');
    expect(gateOf(check(again, seen(), TWO).release).status).toBe('GRANTED');
  });

  test('every approval of one person has its own message, also after a void and a rejection', () => {
    const keys: string[] = [];
    const keep = (release: Release): Release => {
      const change = approveGate(release, gateOf(release), null, person('U1'), NOW);
      keys.push(...change.messages.map(({ key }) => key));
      return change.release;
    };
    const voided = check(keep(posted(TWO)), seen(OTHER_HEAD), TWO).release;
    const approved = keep(voided);
    keep(rejectGate(approved, gateOf(approved), 'no', person('U2'), NOW).release);
    expect(new Set(keys).size).toBe(3);
  });

  test('each reminder is counted and has a message of its own', () => {
    const first = remindApproval(posted(), gateOf(posted()), aConfig(), NOW);
    const second = remindApproval(first.release, gateOf(first.release), aConfig(), NOW);
    expect(second.messages[0]?.key).not.toBe(first.messages[0]?.key);
    expect(gateOf(second.release).remindersSent).toBe(2);
  });
});
