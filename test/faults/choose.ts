import { createHash } from 'node:crypto';
import { FAULTS, type Fault, type Provider } from './kinds.ts';

/** One call of the bot: the same name in every run, and how often that call was made before. */
export interface Call {
  provider: Provider;
  /** `POST git/refs refs/heads/release/1.0` */
  name: string;
  /** from 1 */
  nth: number;
}

export interface Choosing {
  seed: number;
  /** how many of the calls go wrong, 0 to 1 */
  rate: number;
}

/** A number of 0 up to 1 that these parts decide, and nothing else. */
export function numberOf(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('\n')).digest().readUInt32BE() / 2 ** 32;
}

/** What goes wrong with this call; null = nothing. Decided by the seed and the call, never by its time. */
export function chooseFault({ seed, rate }: Choosing, call: Call): Fault | null {
  const { provider, name, nth } = call;
  const draw = (what: string) => numberOf(seed, what, provider, name, nth);
  if (draw('whether') >= rate) return null;
  const faults = FAULTS[provider];
  return faults[Math.floor(draw('which') * faults.length)] ?? null;
}
