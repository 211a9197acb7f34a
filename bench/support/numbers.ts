export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** One line of a result: what, figure, bound, verdict. */
export interface Result {
  what: string;
  figure: string;
  bound: string;
  holds: boolean;
}

export function printResult({ what, figure, bound, holds }: Result): void {
  console.log(`${holds ? 'ok  ' : 'MISS'} ${what}: ${figure} (${bound})`);
}
