import { median, type Result } from './numbers.ts';

export const MIB = 1024 * 1024;
/** Of the file that is transferred. */
export const SIZE_BYTES = Number(process.env['BENCH_UPLOAD_MIB'] ?? 1024) * MIB;
export const ROUNDS = 3;

/** Times in milliseconds, one a round; `growthBytes` of the bot's resident memory at the most. */
export interface Transfers {
  ours: number[];
  theirs: number[];
  growthBytes: number;
}

/** Throughput against the baseline's, and memory. */
export function transferResults(what: string, { ours, theirs, growthBytes }: Transfers): Result[] {
  const part = median(theirs) / median(ours);
  const speed = (ms: number) => `${(SIZE_BYTES / MIB / (ms / 1000)).toFixed(0)} MiB/s`;
  return [
    {
      what,
      figure: `${part.toFixed(2)} of the baseline's throughput (${speed(median(ours))} against ${speed(median(theirs))}, median of ${ROUNDS})`,
      bound: 'at least 0.7',
      holds: part >= 0.7,
    },
    {
      what: 'resident memory growth of the bot meanwhile',
      figure: `${(growthBytes / MIB).toFixed(0)} MiB at the peak`,
      bound: 'under 96 MiB',
      holds: growthBytes < 96 * MIB,
    },
  ];
}
