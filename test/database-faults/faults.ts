import type { DatabaseCommand, DatabaseProxy, Verdict } from '../support/database-proxy.ts';

/** What a database may do to a command, and when it does so in a run. */

const RETRYABLE = { errorLabels: ['RetryableWriteError'] };
const NOT_PRIMARY = { ok: 0, code: 10_107, codeName: 'NotWritablePrimary', errmsg: 'not primary', ...RETRYABLE };
const STEPPED_DOWN = {
  ok: 0,
  code: 189,
  codeName: 'PrimarySteppedDown',
  errmsg: 'operation was interrupted',
  ...RETRYABLE,
};
const SHUTTING_DOWN = {
  ok: 0,
  code: 91,
  codeName: 'ShutdownInProgress',
  errmsg: 'the server is in quiesce mode',
  ...RETRYABLE,
};

export const FAULT_KINDS = [
  'cut before it arrives',
  'cut before it is answered',
  'away before it arrives',
  'away before it is answered',
  'not primary any more',
  'stepped down after it was carried out',
  'shutting down for a while',
  'held beyond every lease',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** So many commands in a row fail, the driver's own repetition among them, so that the engine hears of it. */
const IN_A_ROW = 3;
const WATCHED = new Set(['find', 'insert', 'update', 'delete', 'findAndModify', 'getMore']);

/** A fault and where it strikes: `kick-off: update releases $set lease nextWakeAt #2`, the second such command of that step. */
export interface Point {
  kind: FaultKind;
  at: string;
}

export interface Injector {
  /** the step of the flow that is going on */
  begin(step: string): void;
  struck: Point[];
  /** the commands that came, those during a fault apart */
  seen: string[];
  stop(): void;
}

/** Between two faults the engine comes to itself again. */
const APART = 4;

/** `passTime` lets another instance work while a command is held. */
export function injectFaults(proxy: DatabaseProxy, points: readonly Point[], passTime: () => Promise<void>): Injector {
  const left = new Map(points.map(({ kind, at }) => [at, kind]));
  const inStep = new Map<string, number>();
  let step = '';
  let sinceLast = APART;
  let isOver = true;
  let next: Verdict[] = [];
  const injector: Injector = {
    struck: [],
    seen: [],
    begin(name) {
      step = name;
      inStep.clear();
    },
    stop() {
      proxy.intercept = null;
    },
  };

  const inARow = (verdict: Verdict) => Array.from({ length: IN_A_ROW - 1 }, () => verdict);
  const strike = (kind: FaultKind): Verdict => {
    switch (kind) {
      case 'cut before it arrives':
        return { cut: 'request' };
      case 'cut before it is answered':
        return { cut: 'answer' };
      case 'away before it arrives':
        next = inARow({ cut: 'request' });
        return { cut: 'request' };
      case 'away before it is answered':
        next = inARow({ cut: 'request' });
        return { cut: 'answer' };
      case 'not primary any more':
        return { refuse: NOT_PRIMARY, carriedOut: false };
      case 'stepped down after it was carried out':
        return { refuse: STEPPED_DOWN, carriedOut: true };
      case 'shutting down for a while':
        next = inARow({ refuse: SHUTTING_DOWN, carriedOut: false });
        return { refuse: SHUTTING_DOWN, carriedOut: false };
      case 'held beyond every lease': {
        isOver = false;
        const passed = passTime().finally(() => {
          isOver = true;
        });
        return { until: passed };
      }
    }
  };

  proxy.intercept = (command) => {
    if (!WATCHED.has(command.name) || !isOver) return 'pass';
    const following = next.shift();
    if (following) return following;
    const what = describe(command);
    const place = (inStep.get(what) ?? 0) + 1;
    inStep.set(what, place);
    const at = `${step}: ${what} #${place}`;
    injector.seen.push(at);
    sinceLast += 1;
    const kind = left.get(at);
    if (!kind || sinceLast < APART) return 'pass';
    left.delete(at);
    injector.struck.push({ kind, at });
    sinceLast = 0;
    return strike(kind);
  };
  return injector;
}

/** `update releases $set lease nextWakeAt`: the same for every command of its kind. */
function describe({ name, collection, body }: DatabaseCommand): string {
  const updates = [...((body['updates'] as { u: object }[] | undefined) ?? []).map(({ u }) => u), body['update']];
  const fields = updates.flatMap((update) =>
    typeof update === 'object' && update !== null
      ? Object.entries(update).flatMap(([operator, values]) => [operator, ...Object.keys(values as object).slice(0, 3)])
      : [],
  );
  return [name, name === 'getMore' ? String(body['collection']) : collection, ...new Set(fields)].join(' ');
}
