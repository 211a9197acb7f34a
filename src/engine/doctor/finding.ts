import type { ReleaseConfig } from '../../domain/release-config.ts';
import type {
  InspectedRelease,
  InspectedRow,
  InspectionRepository,
  Repositories,
} from '../../persistence/types/index.ts';

/** What the doctor says and what a check is. A check only looks: it writes nothing and asks nobody outside. */

const SEVERITIES = ['error', 'warning'] as const;
/** error: something is lost, stuck or contradicts itself; warning: it works, but somebody should look. */
export type Severity = (typeof SEVERITIES)[number];

/** What `--repair` would do: safe at any time, and conditional on what was seen, so that a repeat changes nothing. */
export type Repair =
  | { kind: 'WAKE'; releaseId: string }
  | { kind: 'GIVE_BACK_LEASE'; releaseId: string; lease: { token: string; until: Date } }
  | { kind: 'PLAN_WAKES_AGAIN'; releaseId: string; version: number }
  | { kind: 'INSERT_BUILD'; tenantId: string; releaseId: string; uploadId: string; taskId: string }
  | { kind: 'RECHECK_PARKED'; releaseId: string }
  | { kind: 'DROP_JOBS'; releaseId: string }
  | { kind: 'MAKE_MESSAGE_DUE'; row: InspectedRow };

export interface Finding {
  check: string;
  severity: Severity;
  /** null = it belongs to no tenant that is known */
  tenantId: string | null;
  releaseId: string | null;
  /** what of the release or tenant: a task, an upload, a key; part of the identity */
  subject: string;
  /** one sentence: what was found, where, what was expected */
  text: string;
  repair: Repair | null;
}

export type Found = Omit<Finding, 'check'>;

/** How much was looked at. */
export interface Counts {
  tenants: number;
  releases: number;
  live: number;
  uploads: number;
  builds: number;
  files: number;
  messages: number;
  auditEntries: number;
  jobs: number;
}

/** What checks share while one examination runs. */
export interface Look {
  now: Date;
  /** the same instant for the scheduler, which knows no other clock */
  realNow: Date;
  counts: Counts;
  configOf(tenantId: string, configId: string): Promise<ReleaseConfig | null>;
  /** Whether the store still has the bytes; `unknown` where it cannot be asked or was asked often enough. */
  bytesOf(path: string): Promise<'there' | 'gone' | 'unknown'>;
}

/** What every check has. `expects` says what must hold, `byHand` what people do where no repair is safe. */
interface Described {
  /** the name of its file */
  id: string;
  expects: string;
  byHand: string;
}

/** Looks at one release and what lies beside it. */
export interface ReleaseCheck extends Described {
  ofRelease(release: InspectedRelease, look: Look): Found[] | Promise<Found[]>;
}

/** Looks across releases, by questions that an index answers. */
export interface WholeCheck extends Described {
  ofAll(look: WholeLook): AsyncIterable<Found>;
}

export interface WholeLook extends Look {
  inspections: InspectionRepository;
  repositories: Pick<Repositories, 'tenants' | 'integrations' | 'configs'>;
  /** everything, also what did not change for long: only for people who wait for it */
  thorough: boolean;
}

const MINUTE_MS = 60_000;
/** Longer than any lease, delay or correction of a clock: what is still so after it does not mend itself. */
export const GRACE_MS = 5 * MINUTE_MS;

export function before(instant: Date, ms: number): Date {
  return new Date(instant.getTime() - ms);
}

/** A finding about a release. */
export function about(
  release: Pick<InspectedRelease, 'id' | 'tenantId'>,
  severity: Severity,
  subject: string,
  text: string,
  repair: Repair | null = null,
): Found {
  return { severity, tenantId: release.tenantId, releaseId: release.id, subject, text, repair };
}

/** Two looks at the same thing say the same. */
export function identityOf({ check, tenantId, releaseId, subject }: Finding): string {
  return [check, releaseId ?? tenantId ?? '', subject].join(':');
}
