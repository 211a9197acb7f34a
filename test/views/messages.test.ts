import { LIVING_KINDS, type MessageContent } from '../../src/domain/message.ts';
import { PHASES } from '../../src/domain/status.ts';
import { renderAlert, renderMessage } from '../../views/messages/index.ts';
import { aConfig } from '../domain/support/build-release.ts';
import { NASTY, poisoned, sixtyCommits } from './support/hostile.ts';
import { everyContent } from './support/messages.ts';
import { inPhase } from './support/phases.ts';
import { show } from './support/show.ts';
import { actionIds, faultsOfMessage } from './support/slack-limits.ts';

const COMMITS = [
  { sha: 'c0ffee1234567890', title: 'Fix the login', author: 'Ada' },
  { sha: 'decade1234567890', title: 'Faster start', author: 'Grace' },
];
const KINDS = Object.keys(everyContent('x', [])) as MessageContent['kind'][];

describe('messages', () => {
  test.each(KINDS)('%s, whole', (kind) => {
    const { release, now } = inPhase(PHASE_OF[kind] ?? 'REGRESSION_CYCLE_RUNNING');
    const rendered = renderMessage(everyContent('some words', COMMITS)[kind], { release, now, config: aConfig() });
    expect(faultsOfMessage(rendered)).toEqual([]);
    expect(`\nsettled: ${rendered.settled}\n${show(rendered)}\n`).toMatchSnapshot();
  });

  test.each(KINDS)('%s keeps the limits and lets nothing act, in every phase and with any words', (kind) => {
    for (const phase of PHASES) {
      const { release, now } = inPhase(phase);
      for (const text of NASTY) {
        const content = everyContent(text, sixtyCommits())[kind];
        const rendered = renderMessage(content, { release: poisoned(release, text || ' '), now, config: null });
        expect({ phase, text, faults: faultsOfMessage(rendered) }).toEqual({ phase, text, faults: [] });
      }
    }
  });

  test('what is not living is settled at once', () => {
    const { release, now } = inPhase('KICKOFF');
    const living: readonly string[] = LIVING_KINDS;
    for (const content of Object.values(everyContent('words', COMMITS))) {
      if (living.includes(content.kind)) continue;
      expect(renderMessage(content, { release, now, config: null }).settled).toBe(true);
    }
  });

  test('an alert keeps the limits, lets nothing act and is settled, with any words', () => {
    for (const text of [...NASTY, 'x'.repeat(5_000)]) {
      const rendered = renderAlert({ kind: 'ALERT', text, lines: Array.from({ length: 60 }, () => text) });
      expect({ text, faults: faultsOfMessage(rendered) }).toEqual({ text, faults: [] });
      expect(rendered.settled).toBe(true);
    }
    const { text, blocks } = renderAlert({ kind: 'ALERT', text: 'Release <!here> is damaged.', lines: ['Defect X'] });
    expect(text).toBe('🚨 Release &lt;!here&gt; is damaged.');
    expect(JSON.stringify(blocks)).toContain('• Defect X');
  });

  test('a settled living message has no button that decides', () => {
    for (const phase of PHASES) {
      const { release, now } = inPhase(phase);
      const contents = everyContent('words', COMMITS);
      for (const kind of LIVING_KINDS) {
        const rendered = renderMessage(contents[kind], { release, now, config: null });
        const left = actionIds(rendered.blocks).filter((id) => id !== 'release.more');
        if (rendered.settled) expect({ phase, kind, left }).toEqual({ phase, kind, left: [] });
      }
    }
  });
});

const PHASE_OF: Partial<Record<MessageContent['kind'], (typeof PHASES)[number]>> = {
  ROOT_CARD: 'KICKOFF',
  GATE_CARD: 'AWAITING_POST_REGRESSION',
  TASK_FAILED: 'PAUSED_BY_FAILURE',
  CONFIRM_SUBMISSION: 'SUBMITTING',
  AWAITING_REGRESSION: 'AWAITING_REGRESSION',
  APPROVAL_REMINDER: 'AWAITING_POST_REGRESSION',
};
