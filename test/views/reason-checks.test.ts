import type { IntentContext } from '../../src/engine/index.ts';
import { requireMayAsk, requireOffered } from '../../views/reason-checks.actions.ts';
import { inPhase, NOW } from './support/phases.ts';

const engine = { requireRole: async () => {} };
const context: IntentContext = {
  tenantId: 'T1',
  actor: { kind: 'USER', id: 'U0APP', roles: ['APPROVER'] },
  origin: 'SLACK',
};

/** A gate of two to which `by` has said yes. */
function approvedBy(by: string) {
  const { release } = inPhase('AWAITING_POST_REGRESSION');
  const gates = release.gates.map((gate) => ({
    ...gate,
    policy: { ...gate.policy, quorum: 2 },
    approvals: [{ by, at: NOW, contentHash: gate.contentHash ?? '', override: null }],
  }));
  return { ...release, gates };
}

describe('before a reason is asked for', () => {
  test('who has approved already is told so, and that somebody else has to', async () => {
    const release = approvedBy('U0APP');
    await expect(requireMayAsk(engine, context, 'approve-override', release)).rejects.toThrow(
      'You have approved this already (1 of 2). Somebody else has to approve, too.',
    );
    await expect(requireMayAsk(engine, context, 'reject', release)).resolves.toBeUndefined();
  });

  test('the next approver is asked', async () => {
    await expect(requireMayAsk(engine, context, 'approve-override', approvedBy('U0ANN'))).resolves.toBeUndefined();
  });

  test('what the phase does not offer is refused in words, with what is possible', () => {
    const { release } = inPhase('NOT_STARTED');
    expect(() => requireOffered(release, 'pause', { releaseId: release.id }, NOW)).toThrow(
      'You cannot pause: Not Started. Possible now: start.',
    );
  });
});
