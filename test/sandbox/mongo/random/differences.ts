import type { Operation } from './commands.ts';

/** One operation on both servers. */
export interface Compared {
  readonly command: Operation['command'];
  readonly before: readonly string[];
  readonly result: string;
  readonly expected: string;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

interface Difference {
  readonly name: string;
  readonly reason: string;
  readonly applies: (compared: Compared) => boolean;
}

const DIFFERENCES: readonly Difference[] = [];

export function knownDifference(compared: Compared): string | undefined {
  return DIFFERENCES.find(({ applies }) => applies(compared))?.name;
}
