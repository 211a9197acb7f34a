import type { Engine } from '../src/engine/index.ts';
import type { Logger } from '../src/shared/logger.ts';

/** What jobs call. No rule is here: a job only wakes (Spec 7.3). */
export interface JobDeps {
  engine: Engine;
  logger: Logger;
  /** how often the tick runs; a minute, faster only where the clock is */
  tickMs: number;
  /** Publishes App Homes that show something old. */
  refreshHomes(): Promise<unknown>;
  /** Goes on with Slack's requests and files whose instance died. */
  resumeRequests(): Promise<unknown>;
}
