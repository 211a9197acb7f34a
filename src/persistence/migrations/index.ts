import type { Migration } from './run.ts';

/**
 * Changes to data that is stored already, in the order they run. Append only: an id that was released stays. Each must be
 * repeatable, because it runs again after a crash half-way, and readable by the version before it, because instances
 * are replaced one by one.
 */
export const MIGRATIONS: readonly Migration[] = [];
