import type { AuditEntry } from '../../src/domain/audit.ts';
import type { Build } from '../../src/domain/build.ts';
import { PHASES } from '../../src/domain/status.ts';
import type { Actor, Role } from '../../src/domain/tenant.ts';
import { parseActionValue, parsePickValue } from '../../views/ids.ts';
import {
  buildList,
  helpText,
  historyList,
  notesList,
  releaseList,
  tokenCreated,
  tokenList,
} from '../../views/lists.ts';
import { readerMay } from '../../views/reader.actions.ts';
import { faultMessage, plainMessage, refusalMessage, unknownVerb } from '../../views/refusals.ts';
import { releasePicker } from '../../views/release-picker.ts';
import { anUpload, at } from '../domain/support/build-release.ts';
import { hostileRelease, LONG, NASTY, poisoned } from './support/hostile.ts';
import { aRelease, inPhase, NOW } from './support/phases.ts';
import { show } from './support/show.ts';
import { actionIds, faultsOfMessage } from './support/slack-limits.ts';

function whole(message: { text: string; blocks: readonly unknown[] }): string {
  expect(faultsOfMessage(message)).toEqual([]);
  return `\n${show(message)}\n`;
}

function actor(...roles: Role[]): Actor {
  return { kind: 'USER', id: 'U0ME', roles };
}

describe('list of releases', () => {
  test('whole, with the next page', () => {
    const releases = (['NOT_STARTED', 'REGRESSION_AWAITING_NEXT_CYCLE', 'ARCHIVED'] as const).map(
      (phase) => inPhase(phase).release,
    );
    expect(
      whole(releaseList({ releases, damaged: [], all: true, next: 'rel_9', page: 0, now: NOW })),
    ).toMatchSnapshot();
  });

  test('empty: says how to begin', () => {
    expect(
      whole(releaseList({ releases: [], damaged: [], all: false, next: null, page: 0, now: NOW })),
    ).toMatchSnapshot();
  });

  test('40 hostile releases fit, and the next page stays reachable', () => {
    const releases = Array.from({ length: 40 }, hostileRelease);
    const message = releaseList({ releases, damaged: [], all: true, next: 'x', page: 3, now: NOW });
    expect(faultsOfMessage(message)).toEqual([]);
    expect(actionIds(message.blocks)).toContain('list.next');
  });
});

describe('damaged releases', () => {
  const damaged = (name: string) => ({
    id: 'rel_broken',
    name,
    defect: { code: 'UNKNOWN_STATUS' as const, detail: 'status: BROKEN' },
    parkedAt: NOW,
  });

  test('are named with what is wrong, also where no other release is', () => {
    const message = releaseList({
      releases: [],
      damaged: [damaged('Mobile <b> 7.0.0')],
      all: false,
      next: null,
      page: 0,
      now: NOW,
    });
    expect(whole(message)).toContain(
      '• Mobile &lt;b&gt; 7.0.0 `rel_broken`: its document holds a status that does not exist (UNKNOWN_STATUS)',
    );
  });

  test('fit in a list of forty with any name', () => {
    for (const words of NASTY) {
      const data = { releases: [], damaged: Array.from({ length: 40 }, () => damaged(words)), all: true, next: 'x' };
      expect(faultsOfMessage(releaseList({ ...data, page: 0, now: NOW }))).toEqual([]);
    }
  });
});

describe('builds', () => {
  const build: Build = {
    id: 'b1',
    tenantId: 'T1',
    releaseId: 'rel_1',
    regressionId: 'rel_1.c1',
    taskId: 't1',
    platform: 'ANDROID',
    storeType: null,
    buildStage: 'REGRESSION',
    buildType: 'MANUAL',
    buildNumber: null,
    queueLocation: null,
    ciRunId: null,
    workflowStatus: null,
    buildUploadStatus: 'UPLOADED',
    artifactPath: 'p/app.apk',
    testflightNumber: null,
    fileName: 'app.apk',
    sizeBytes: 52_428_800,
    sha256: 'a'.repeat(64),
    version: '7.0.0',
    createdAt: NOW,
    updatedAt: NOW,
  };
  const { release } = inPhase('REGRESSION_AWAITING_NEXT_CYCLE');
  const uploads = [
    anUpload({ id: 'u1', platform: 'IOS', fileName: 'app.ipa', uploadedBy: 'U0UP' }),
    anUpload({ id: 'u2', isUsed: true }),
    anUpload({ id: 'u3', supersededBy: 'u1' }),
    anUpload({ id: 'u4', deletedAt: NOW }),
  ];

  test('used ones and waiting ones, with links', () => {
    const links = { 'p/app.apk': 'https://files.test/app.apk?sig=1&x=2' };
    const pending = { ...build, fileName: null, buildType: 'CI_CD' as const, buildUploadStatus: 'PENDING' as const };
    const message = buildList({ release, builds: [build, pending], uploads, links, mayUpload: true, now: NOW });
    expect(whole(message)).toMatchSnapshot();
  });

  test('none yet', () => {
    const message = buildList({ release, builds: [], uploads: [], links: {}, mayUpload: false, now: NOW });
    expect(show(message)).toContain('No build was uploaded yet.');
    expect(actionIds(message.blocks)).toEqual([]);
  });

  test('a hundred with hostile names fit', () => {
    const builds = Array.from({ length: 100 }, () => ({ ...build, fileName: LONG, version: LONG }));
    const many = Array.from({ length: 100 }, () => anUpload({ fileName: LONG, uploadedBy: LONG }));
    const message = buildList({ release, builds, uploads: many, links: {}, mayUpload: true, now: NOW });
    expect(faultsOfMessage(message)).toEqual([]);
    expect(actionIds(message.blocks)).toEqual(['release.upload']);
  });
});

describe('notes and history', () => {
  test('notes: none before the first RC, then the newest, in any words', () => {
    expect(whole(notesList(aRelease()))).toContain('written with the first RC');
    const { release } = inPhase('REGRESSION_AWAITING_NEXT_CYCLE');
    expect(whole(notesList(release))).toContain('No commits.');
    for (const phase of PHASES) {
      for (const text of NASTY) expect(faultsOfMessage(notesList(poisoned(inPhase(phase).release, text)))).toEqual([]);
    }
  });

  const entry = (seq: number, patch: Partial<AuditEntry> = {}): AuditEntry => ({
    tenantId: 'T1',
    releaseId: 'rel_1',
    seq,
    at: at('12-01 10:00'),
    actor: 'U0ANN',
    action: 'GATE_APPROVED',
    origin: 'SLACK',
    subject: 'rel_1.c1.CREATE_RC_TAG',
    reason: 'Because <b>',
    detail: {},
    ...patch,
  });

  test('history: who, what, from where, why', () => {
    const entries = [entry(2), entry(1, { actor: 'slipway', origin: 'ENGINE', subject: null, reason: null })];
    expect(whole(historyList({ release: aRelease(), entries, hasMore: true }))).toMatchSnapshot();
  });

  test('history names builds and slots as people know them, not by their ids', () => {
    const upload = { stage: 'REGRESSION', platform: 'IOS', fileName: 'a<b>.ipa' };
    const entries = [
      entry(2, { action: 'BUILD_UPLOADED', subject: 'upl_1', detail: upload }),
      entry(1, { action: 'SLOT_REMOVED', subject: 'slot_1', detail: { at: '2026-12-02T14:00:00.000Z' } }),
    ];
    const text = whole(historyList({ release: aRelease(), entries, hasMore: false }));
    expect(text).toContain('build uploaded iOS for regression, `a&lt;b&gt;.ipa`');
    expect(text).not.toContain('upl_1');
    expect(text).not.toContain('slot_1');
  });

  test('older entries follow without a gap, however long the entries are', () => {
    const entries = Array.from({ length: 100 }, (_, index) =>
      entry(200 - index, { reason: LONG, actor: `token:${LONG}` }),
    );
    const seen: number[] = [];
    let rest = entries;
    while (rest.length > 0) {
      const message = historyList({ release: aRelease(), entries: rest, hasMore: false });
      expect(faultsOfMessage(message)).toEqual([]);
      const json = JSON.stringify(message.blocks);
      expect(json).not.toContain('more_');
      const older = /"value":("\{.*?\}")/.exec(json)?.[1];
      const before = parseActionValue(older ? String(JSON.parse(older)) : null)?.beforeSeq ?? 0;
      seen.push(...rest.filter((each) => each.seq >= before).map((each) => each.seq));
      rest = rest.filter((each) => each.seq < before);
    }
    expect(seen).toEqual(entries.map((each) => each.seq));
  });
});

describe('tokens', () => {
  const token = {
    name: 'ci',
    scopes: ['builds:write'],
    createdBy: 'U0ADMIN',
    createdAt: at('12-01 10:00'),
    lastUsedAt: null,
    revokedAt: null,
  };

  test('live ones; revoked ones are gone', () => {
    const tokens = [token, { ...token, name: 'old', revokedAt: NOW }, { ...token, name: 'used', lastUsedAt: NOW }];
    expect(whole(tokenList(tokens))).toMatchSnapshot();
    expect(whole(tokenList([]))).toContain('There is no API token.');
    expect(faultsOfMessage(tokenList(Array.from({ length: 300 }, () => ({ ...token, name: LONG }))))).toEqual([]);
  });

  test('a new one shows its secret once', () => {
    expect(whole(tokenCreated(token, 'slw_secret'))).toMatchSnapshot();
  });
});

describe('help', () => {
  test('for a pilot in the thread of a release that failed', () => {
    const { release, now } = inPhase('PAUSED_BY_FAILURE');
    const pilot = actor('RELEASE_PILOT');
    const data = { viewer: pilot, here: [release], hasConfig: true, mayUse: readerMay(pilot), now };
    expect(whole(helpText(data))).toMatchSnapshot();
  });

  test('for a viewer without a release, for an admin without a configuration', () => {
    const viewer = actor();
    const admin = actor('ADMIN');
    const shown = [
      whole(helpText({ viewer, here: [], hasConfig: true, mayUse: readerMay(viewer), now: NOW })),
      whole(helpText({ viewer: admin, here: [], hasConfig: false, mayUse: readerMay(admin), now: NOW })),
    ];
    expect(shown.join('')).toMatchSnapshot();
  });

  test.each(PHASES)('keeps the limits in %s and for 30 releases', (phase) => {
    const { release, now } = inPhase(phase);
    const all = actor('ADMIN', 'APPROVER');
    for (const here of [[poisoned(release)], Array.from({ length: 30 }, hostileRelease)]) {
      const data = { viewer: all, here, hasConfig: true, mayUse: readerMay(all), now };
      expect(faultsOfMessage(helpText(data))).toEqual([]);
    }
  });
});

describe('picker', () => {
  test('asks which release is meant and carries on with what was typed', () => {
    const releases = [inPhase('KICKOFF').release, inPhase('SUBMITTED').release];
    const picker = releasePicker({
      releases,
      purpose: 'slot add',
      args: '2026-12-09',
      question: 'Which one?',
      now: NOW,
    });
    expect(whole(picker)).toMatchSnapshot();
  });

  test('keeps the limits with 40 hostile releases and endless arguments', () => {
    const releases = Array.from({ length: 40 }, hostileRelease);
    const args = `${'"\u0000\\'.repeat(2_000)}`;
    const picker = releasePicker({ releases, purpose: 'status', args, question: LONG, now: NOW });
    expect(faultsOfMessage(picker)).toEqual([]);
    const value = /"value":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(picker.blocks))?.[1];
    expect(parsePickValue(String(JSON.parse(value ?? '""')))?.purpose).toBe('status');
  });
});

describe('refusals', () => {
  test('the sentence, and a line for each faulty input', () => {
    const refusal = {
      code: 'INVALID_INPUT',
      message: 'Not <yet>.',
      fields: { at: 'Not <yet>.', slot: 'No such slot.' },
    };
    expect(whole(refusalMessage(refusal))).toMatchSnapshot();
    expect(faultsOfMessage(refusalMessage({ code: 'X', message: LONG.repeat(3), fields: { [LONG]: LONG } }))).toEqual(
      [],
    );
  });

  test('a fault of ours names its reference and no detail', () => {
    expect(whole(faultMessage('req_1'))).toMatchSnapshot();
  });

  test('an unknown verb is answered with the nearest', () => {
    expect(whole(unknownVerb('statsu <!here>', 'status')) + whole(unknownVerb('xyz', null))).toMatchSnapshot();
    expect(whole(plainMessage('Done.'))).toContain('Done.');
  });
});
