import { before, type WholeCheck } from '../finding.ts';

const LIMIT = 1000;
const LATE_MS = 10 * 60_000;
/** A click whose instance died stays marked until retention takes it; a keyed request until its client asks again. */
const KEPT_MS: readonly [RegExp, number][] = [
  [/^slack-(file|inbox):/, LATE_MS],
  [/^slack-trigger:/, 3 * 86_400_000],
  [/^idempotency:/, 32 * 86_400_000],
];

export const abandonedDeliveries: WholeCheck = {
  id: 'abandoned-deliveries',
  expects:
    'a file or click whose instance died is taken up within ten minutes, and the marks of others go with retention',
  byHand: 'start the bot, which takes them up and applies retention; people may also share or click again',
  async *ofAll({ inspections, now }) {
    for (const { tenantId, key, attempts, leaseUntil } of await inspections.abandonedDeliveries(
      before(now, LATE_MS),
      LIMIT,
    )) {
      const keptMs = KEPT_MS.find(([kind]) => kind.test(key))?.[1] ?? LATE_MS;
      if (leaseUntil >= before(now, keptMs)) continue;
      const text = `Delivery ${key} was begun ${attempts} times and left at ${leaseUntil.toISOString()}; expected that it is finished or taken up.`;
      yield { severity: 'warning', tenantId, releaseId: null, subject: key, text, repair: null };
    }
  },
};
