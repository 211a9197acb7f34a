/** What a stand-in can be told to do wrong, once or until it is lifted. */
export type Fault =
  /** answers this instead; the call is not carried out */
  | { kind: 'status'; status: number; body?: unknown; headers?: Record<string, string> }
  /** cuts the connection: before the call is carried out, or after it was and before the answer */
  | { kind: 'reset'; when: 'before' | 'after' }
  /** answers rightly after `ms` of real time */
  | { kind: 'delay'; ms: number }
  /** never answers (the caller's time-out decides) */
  | { kind: 'hang'; when: 'before' | 'after' }
  /** carries the call out, announces the whole body, sends half of it and cuts the connection */
  | { kind: 'half-body' }
  /** carries the call out and answers 200 with a body that is not JSON (or XML) */
  | { kind: 'wrong-body' };

/** A regular expression is tried on `METHOD /path?query`. */
export type Matcher = RegExp | ((request: RequestLine) => boolean);

export interface RequestLine {
  method: string;
  /** as sent, still percent-encoded, without the query */
  path: string;
  query: URLSearchParams;
}

export interface Faults {
  /** The next `times` (default 1) matching requests go wrong. Rules are used up in the order they were given. */
  next(matcher: Matcher, fault: Fault, times?: number): void;
  /** Every matching request goes wrong until the returned function is called. */
  always(matcher: Matcher, fault: Fault): () => void;
  clear(): void;
}

export interface FaultBook extends Faults {
  take(request: RequestLine): Fault | null;
}

interface Rule {
  matcher: Matcher;
  fault: Fault;
  left: number;
}

function matches(matcher: Matcher, request: RequestLine): boolean {
  if (typeof matcher === 'function') return matcher(request);
  const query = request.query.toString();
  return matcher.test(`${request.method} ${request.path}${query === '' ? '' : `?${query}`}`);
}

export function createFaultBook(): FaultBook {
  let rules: Rule[] = [];
  const add = (matcher: Matcher, fault: Fault, left: number): Rule => {
    const rule = { matcher, fault, left };
    rules.push(rule);
    return rule;
  };
  return {
    next: (matcher, fault, times = 1) => {
      add(matcher, fault, times);
    },
    always: (matcher, fault) => {
      const rule = add(matcher, fault, Number.POSITIVE_INFINITY);
      return () => {
        rules = rules.filter((other) => other !== rule);
      };
    },
    clear: () => {
      rules = [];
    },
    take: (request) => {
      const rule = rules.find((candidate) => matches(candidate.matcher, request));
      if (!rule) return null;
      rule.left -= 1;
      if (rule.left <= 0) rules = rules.filter((other) => other !== rule);
      return rule.fault;
    },
  };
}
