import type { Release } from '../../src/domain/release.ts';
import { ACTIONS, PHASES } from '../../src/domain/status.ts';
import { readerMay } from '../../views/reader.actions.ts';
import { actionConfirmation, releaseCard, statusCard } from '../../views/release-card.ts';
import { whyCard } from '../../views/why.ts';
import { aConfig, at } from '../domain/support/build-release.ts';
import { LONG, NASTY, poisoned } from './support/hostile.ts';
import { inPhase } from './support/phases.ts';
import { show } from './support/show.ts';
import { faultsOfMessage } from './support/slack-limits.ts';

describe('cards, whole', () => {
  test.each(PHASES)('root card in %s', (phase) => {
    const { release, now } = inPhase(phase);
    const card = releaseCard(release, { now });
    expect(faultsOfMessage(card)).toEqual([]);
    expect(`\n${show(card)}\n`).toMatchSnapshot();
  });

  test.each(PHASES)('why in %s', (phase) => {
    const { release, now } = inPhase(phase);
    const card = whyCard(release, now);
    expect(faultsOfMessage(card)).toEqual([]);
    expect(`\n${show(card)}\n`).toMatchSnapshot();
  });

  test.each(PHASES)('status card for a pilot in %s', (phase) => {
    const { release, now } = inPhase(phase);
    const mayUse = readerMay({ kind: 'USER', id: 'U0PILOT', roles: ['RELEASE_PILOT'] });
    const card = statusCard(release, { now, mayUse, threadLink: 'https://acme.slack.com/archives/C1/p1' });
    expect(faultsOfMessage(card)).toEqual([]);
    expect(`\n${show(card)}\n`).toMatchSnapshot();
  });

  test.each(ACTIONS)('the question before %s says what will be done', (action) => {
    const phase = {
      START: 'NOT_STARTED',
      PAUSE: 'KICKOFF',
      RESUME: 'PAUSED_BY_USER',
      ARCHIVE: 'PAUSED_BY_USER',
      TRIGGER_STAGE_2: 'AWAITING_REGRESSION',
      TRIGGER_STAGE_3: 'AWAITING_POST_REGRESSION',
      TRIGGER_STAGE_4: 'AWAITING_SUBMISSION',
      ABANDON_CYCLE: 'REGRESSION_CYCLE_RUNNING',
      SKIP_REMAINING_CYCLES: 'REGRESSION_AWAITING_NEXT_CYCLE',
      RETRY_TASK: 'PAUSED_BY_FAILURE',
      SKIP_TASK: 'PAUSED_BY_FAILURE',
    } as const;
    const { release, now } = inPhase(phase[action]);
    const question = actionConfirmation(action, release, now);
    expect(faultsOfMessage(question)).toEqual([]);
    expect(`\n${show(question)}\n`).toMatchSnapshot();
  });

  test.each(PHASES)(
    'in %s every card and question keeps the limits and lets nothing act, however long and nasty it is',
    (phase) => {
      const { release, now } = inPhase(phase);
      for (const text of NASTY) {
        const huge = grown(poisoned(release, text || ' '), text);
        const shown = [
          releaseCard(huge, { now, config: aConfig() }),
          statusCard(huge, { now, threadLink: 'https://acme.slack.com/archives/C1/p1' }),
          whyCard(huge, now),
          ...ACTIONS.map((action) => actionConfirmation(action, huge, now)),
        ];
        for (const card of shown) expect({ text, faults: faultsOfMessage(card) }).toEqual({ text, faults: [] });
      }
    },
  );

  test('a freeze that stops the kick-off stands on the card', () => {
    const { release, now } = inPhase('NOT_STARTED');
    const windows = [{ startsAt: at('11-30 00:00'), endsAt: at('12-07 00:00'), reason: 'Holidays' }];
    const config = aConfig({ freezeWindows: windows });
    expect(show(releaseCard(release, { now, config }))).toContain('A freeze stops the kick-off: Holidays');
  });
});

/** Three platforms with endless versions, a hundred slots, forty cycles and forty tasks of each stage. */
function grown(release: Release, text: string): Release {
  const copies = <T>(items: readonly T[], count: number) =>
    items.length === 0 ? [] : Array.from({ length: count }, (_, index) => items[index % items.length] as T);
  return {
    ...release,
    targets: (['ANDROID', 'IOS', 'WEB'] as const).map((platform) => ({
      platform,
      version: `${text} ${LONG}`,
      store: null,
    })),
    slots: copies(release.slots, 100),
    cycles: copies(release.cycles, 40).map((cycle) => ({ ...cycle, tasks: copies(cycle.tasks, 40) })),
    tasks: copies(release.tasks, 160),
  };
}
