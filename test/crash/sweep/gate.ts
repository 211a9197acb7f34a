/**
 * Everything that the bot does outside of its process passes here, twice: before it is carried out and after. What passes
 * is numbered, so that a later run can be stopped at the same place.
 */
export interface Effect {
  /** `mongo`, `github`, `slack`, `files` */
  kind: string;
  /** What it does to what, the same in every run: `POST git/refs refs/heads/release/1.0`. */
  identity: string;
}

export interface Point extends Effect {
  /** the step of the people's script during which it is reached */
  step: string;
  /** which of the equal ones within the step, from 1 */
  nth: number;
  when: 'before' | 'after';
}

export interface Gate {
  /** Every point passed so far, in order. */
  passed: Point[];
  step: string;
  /** Asked at every point: whether the process dies here. */
  isDeadly(point: Point): boolean;
  /** Announces an effect; what is answered tells about its two sides: true when it must be held there. */
  enter(effect: Effect): { before: boolean; after(): boolean };
}

export function nameOf({ step, kind, identity, nth, when }: Point): string {
  return `${step}: ${when} ${kind} ${identity}${nth > 1 ? ` (${nth})` : ''}`;
}

export function createGate(): Gate {
  const seen = new Map<string, number>();
  const gate: Gate = {
    passed: [],
    step: 'start',
    isDeadly: () => false,
    enter(effect) {
      const { step } = gate;
      const key = `${step} ${effect.kind} ${effect.identity}`;
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      const side = (when: Point['when']) => {
        const point = { ...effect, step, nth, when };
        gate.passed.push(point);
        return gate.isDeadly(point);
      };
      return { before: side('before'), after: () => side('after') };
    },
  };
  return gate;
}
