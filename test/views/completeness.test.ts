import { ACTIONS, PHASES } from '../../src/domain/status.ts';
import { createReleaseModal } from '../../views/create-release.ts';
import { homeView } from '../../views/home.ts';
import { ALL_ACTION_IDS, REASON_PURPOSES } from '../../views/ids.ts';
import { historyList, releaseList } from '../../views/lists.ts';
import { renderMessage } from '../../views/messages/index.ts';
import { reasonModal } from '../../views/reason-modal.ts';
import { actionConfirmation, statusCard } from '../../views/release-card.ts';
import { releasePicker } from '../../views/release-picker.ts';
import { uploadModal } from '../../views/upload-modal.ts';
import { whyCard } from '../../views/why.ts';
import { aConfig, at, HOUR_MS, newRelease, shift } from '../domain/support/build-release.ts';
import { settle } from '../domain/support/drive.ts';
import { everyContent } from './support/messages.ts';
import { freshWorld, inPhase, NOW, toRegression } from './support/phases.ts';
import { actionIds } from './support/slack-limits.ts';

/** Everything that is ever shown, in every phase. */
function everything(): unknown[] {
  const shown: unknown[] = [];
  const late = toRegression(freshWorld());
  late.now = shift(at('12-02 14:00'), 8 * HOUR_MS);
  settle(late);
  const failedChecks = inPhase('AWAITING_POST_REGRESSION').release;
  const gates = failedChecks.gates.map((gate) => ({
    ...gate,
    checks: gate.checks.map((check) => (check.id === 'CHERRY_PICKS' ? { ...check, passed: false } : check)),
  }));
  const skippable = freshWorld();
  skippable.fates = [{ kind: 'done' }, { kind: 'fail' }];
  skippable.now = skippable.release.kickOffDate;
  settle(skippable);
  const releases = [
    ...PHASES.map((phase) => inPhase(phase).release),
    late.release,
    skippable.release,
    { ...failedChecks, gates },
  ];
  for (const release of releases) {
    for (const content of Object.values(everyContent('words', []))) {
      shown.push(renderMessage(content, { release, now: NOW, config: aConfig() }));
    }
    shown.push(statusCard(release, { now: NOW, threadLink: 'https://x.test' }), whyCard(release, NOW));
    shown.push(...ACTIONS.map((action) => actionConfirmation(action, release, NOW)));
    for (const purpose of REASON_PURPOSES) {
      shown.push(reasonModal({ purpose, release, now: NOW, channelId: null, threadTs: null }));
    }
  }
  const configs = [aConfig()];
  const viewer = { kind: 'USER' as const, id: 'U0ME', roles: [] };
  shown.push(
    homeView({
      viewer,
      releases,
      damaged: [],
      recent: [],
      configs,
      mayUse: () => true,
      page: 1,
      hasMore: true,
      now: NOW,
    }),
    releaseList({ releases: [newRelease()], damaged: [], all: true, next: 'x', page: 0, now: NOW }),
    releasePicker({ releases, purpose: 'status', args: '', question: 'Which?', now: NOW }),
    uploadModal({
      release: newRelease(),
      windows: [{ stage: 'REGRESSION', platforms: ['IOS'] }],
      stage: null,
      channelId: null,
      threadTs: null,
    }),
    createReleaseModal({
      configs,
      config: aConfig(),
      type: null,
      versions: [],
      slots: [],
      kickOffDate: NOW,
      viewerId: 'U0ME',
      isAdmin: true,
      channelId: null,
      now: NOW,
    }),
    historyList({ release: newRelease(), entries: [auditEntry()], hasMore: true }),
  );
  return shown;
}

function auditEntry() {
  const what = { actor: 'slipway', action: 'X', origin: 'ENGINE' as const, subject: null, reason: null, detail: {} };
  return { tenantId: 'T1', releaseId: 'rel_1', seq: 9, at: NOW, ...what };
}

test('every action id that is shown is declared, and every declared one is shown somewhere', () => {
  expect([...new Set(actionIds(everything()))].sort()).toEqual([...ALL_ACTION_IDS].sort());
});

test('no builder shouts: our own words hold no exclamation mark', () => {
  const texts = JSON.stringify(everything()).replace(/<!date\^[^>]*>/g, '');
  expect(texts.match(/.{40}!.{10}/g) ?? []).toEqual([]);
});
