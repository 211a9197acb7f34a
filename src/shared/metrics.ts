import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** `passed-over` = its integration is not configured; `delayed` = a transient fault, it is tried again. */
export type TaskRunOutcome = 'done' | 'passed-over' | 'delayed' | 'failed';
export type MessageOutcome = 'sent' | 'delayed' | 'parked';
/** Work that was taken up again: its instance died or was stopped in it, or the database failed. */
export type Recovered = 'task' | 'message' | 'delivery';

/** What waits in the database, for all instances together. */
export interface Backlog {
  outbox: { depth: number; oldestAgeSeconds: number; parked: number };
  releases: { due: number; late: number };
}

/**
 * What operators watch (Spec 8.5), of one bot. No label names a tenant, a release or a person, and every label has few
 * values. Counts begin at zero with the process.
 */
export interface Metrics {
  /** `result` is an `AdvanceResult`, or `failed` */
  advanced(result: string): void;
  /** `type` is a `TaskType`; told when the outcome was stored */
  taskRan(type: string, outcome: TaskRunOutcome): void;
  /** told when the outcome was stored; an edit of a living message counts as one */
  messageTried(outcome: MessageOutcome): void;
  recovered(what: Recovered): void;
  /** a lease that its holder let run out was claimed */
  leaseTakenOver(): void;
  /** a build that counts */
  uploaded(upload: { source: string; platform: string; sizeBytes: number }): void;
  /** from the arrival of Slack's request to our answer; `kind` is one of a closed list */
  slackAcknowledged(kind: string, seconds: number): void;
  /** One request, repeats counted singly; `status` is a class as `2xx`, `429`, or `none` without an answer. */
  providerCalled(call: { provider: string; operation: string; status: string }, seconds: number): void;
  /** What the doctor found when it looked last, by check; those that found nothing among them. */
  doctorFound(found: Readonly<Record<string, number>>): void;
  /** What was read for this answer; null = it could not be read, and is left out. */
  showBacklog(backlog: Backlog | null): void;
  /** Everything in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Prometheus wants rates from zero: what is known beforehand is there from the beginning. */
const ADVANCE_RESULTS = ['settled', 'busy', 'gone', 'handed-back', 'parked', 'failed'];
const MESSAGE_OUTCOMES: readonly MessageOutcome[] = ['sent', 'delayed', 'parked'];
const RECOVERED: readonly Recovered[] = ['task', 'message', 'delivery'];

/** The doctor looks once an hour, in one of the instances: what another one saw since is not known here. */
const FINDINGS_HOLD_MS = 2 * 3_600_000;

/** Slack waits three seconds. */
const ACK_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5];
const CALL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

/** `ofProcess`: memory, CPU, event loop, garbage collection as well; once a process, as these are watched to its end. */
export function createMetrics({ ofProcess = false } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) collectDefaultMetrics({ register: registry });

  const advances = new Counter({
    name: 'slipway_advances_total',
    help: 'Times a release was looked at, by what came of it',
    labelNames: ['result'],
    registers,
  });
  const taskRuns = new Counter({
    name: 'slipway_task_runs_total',
    help: 'Runs of tasks by type and outcome; delayed ones are tried again',
    labelNames: ['type', 'outcome'],
    registers,
  });
  const messages = new Counter({
    name: 'slipway_messages_total',
    help: 'Tries to post or edit a message by outcome; delayed ones are tried again, parked ones are not',
    labelNames: ['outcome'],
    registers,
  });
  const recoveries = new Counter({
    name: 'slipway_recoveries_total',
    help: 'Work taken up again after its instance died or stopped in it, or the database failed',
    labelNames: ['what'],
    registers,
  });
  const takeovers = new Counter({
    name: 'slipway_lease_takeovers_total',
    help: 'Leases of releases that ran out under their holder and were taken over',
    registers,
  });
  const uploadLabels = ['source', 'platform'] as const;
  const uploads = new Counter({
    name: 'slipway_uploads_total',
    help: 'Builds handed in and accepted',
    labelNames: uploadLabels,
    registers,
  });
  const uploadBytes = new Counter({
    name: 'slipway_upload_bytes_total',
    help: 'Bytes of the builds that were accepted',
    labelNames: uploadLabels,
    registers,
  });
  const acks = new Histogram({
    name: 'slipway_slack_ack_seconds',
    help: "From the arrival of Slack's request to its acknowledgement; Slack waits 3 s",
    labelNames: ['kind'],
    buckets: ACK_SECONDS,
    registers,
  });
  const calls = new Histogram({
    name: 'slipway_provider_call_seconds',
    help: 'Requests to providers until their answer begins',
    labelNames: ['provider', 'operation', 'status'],
    buckets: CALL_SECONDS,
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const depth = gauge('slipway_outbox_depth', 'Messages that were not posted yet');
  const oldest = gauge('slipway_outbox_oldest_age_seconds', 'Age of the oldest of them; 0 without any');
  const parked = gauge('slipway_outbox_parked', 'Messages that were given up');
  const due = gauge('slipway_releases_due', 'Releases whose time to be looked at has come');
  const late = gauge('slipway_releases_late', 'Those of them that have waited for more than five minutes');

  const findings = new Gauge({
    name: 'slipway_doctor_findings',
    help: 'What the doctor found when it looked last, by check',
    labelNames: ['check'],
    registers,
  });
  let foundAtMs = performance.now();

  for (const result of ADVANCE_RESULTS) advances.inc({ result }, 0);
  for (const outcome of MESSAGE_OUTCOMES) messages.inc({ outcome }, 0);
  for (const what of RECOVERED) recoveries.inc({ what }, 0);

  return {
    advanced: (result) => advances.inc({ result }),
    taskRan: (type, outcome) => taskRuns.inc({ type, outcome }),
    messageTried: (outcome) => messages.inc({ outcome }),
    recovered: (what) => recoveries.inc({ what }),
    leaseTakenOver: () => takeovers.inc(),
    uploaded({ source, platform, sizeBytes }) {
      uploads.inc({ source, platform });
      uploadBytes.inc({ source, platform }, sizeBytes);
    },
    slackAcknowledged: (kind, seconds) => acks.observe({ kind }, seconds),
    providerCalled: (call, seconds) => calls.observe(call, seconds),
    doctorFound(found) {
      foundAtMs = performance.now();
      for (const [check, count] of Object.entries(found)) findings.set({ check }, count);
    },
    showBacklog(backlog) {
      show(depth, backlog?.outbox.depth);
      show(oldest, backlog?.outbox.oldestAgeSeconds);
      show(parked, backlog?.outbox.parked);
      show(due, backlog?.releases.due);
      show(late, backlog?.releases.late);
    },
    text() {
      if (performance.now() - foundAtMs > FINDINGS_HOLD_MS) findings.reset();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** An old number would look like a new one: what is not known is not there. */
function show(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}
