/**
 * What can go wrong between the bot and Slack.
 * `reset` cuts the connection `before` or `after` the call was carried out; `half-body` and `wrong-json` answer
 * after it was carried out; `hold` waits for a promise, then carries on; `error` is a refusal with Slack's code.
 */
export type Fault =
  | { kind: 'rate-limit'; retryAfterS: number }
  | { kind: 'status'; status: number; carriedOut?: boolean }
  | { kind: 'reset'; when: 'before' | 'after' }
  | { kind: 'delay'; ms: number }
  | { kind: 'hold'; until: Promise<unknown> }
  | { kind: 'half-body' }
  | { kind: 'wrong-json' }
  | { kind: 'error'; error: string };

/**
 * Methods are Web API names, or `response_url`, `file_download`, `file_upload`, or `*` for all of them.
 * For `file_download`, `half-body` cuts the connection in the middle of the bytes.
 */
export interface Faults {
  /** The next call (or the next `times` calls) of the method. */
  next(method: string, fault: Fault, times?: number): void;
  /** Every call of the method until `clear`. */
  always(method: string, fault: Fault): void;
  clear(method?: string): void;
  /** Takes the fault that the coming call is to suffer, if any. */
  take(method: string): Fault | null;
}

export function createFaults(): Faults {
  const queued = new Map<string, Fault[]>();
  const lasting = new Map<string, Fault>();
  return {
    next(method, fault, times = 1) {
      queued.set(method, [...(queued.get(method) ?? []), ...Array.from({ length: times }, () => fault)]);
    },
    always(method, fault) {
      lasting.set(method, fault);
    },
    clear(method) {
      if (method === undefined) {
        queued.clear();
        lasting.clear();
        return;
      }
      queued.delete(method);
      lasting.delete(method);
    },
    take(method) {
      for (const name of [method, '*']) {
        const fault = queued.get(name)?.shift();
        if (fault) return fault;
      }
      return lasting.get(method) ?? lasting.get('*') ?? null;
    },
  };
}
