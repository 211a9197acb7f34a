/**
 * Every error that Slipway raises on purpose. A `Refusal` is a rule saying no and carries a sentence for a person;
 * provider errors are what a vendor did, mapped at the call (Spec 4.5); `InvariantError` is our own bug.
 */

const REFUSAL_CODES = [
  'NOT_FOUND',
  'DAMAGED',
  'FORBIDDEN',
  'INVALID_INPUT',
  'CONFLICT',
  'ACTION_NOT_AVAILABLE',
  'STALE',
  'WINDOW_CLOSED',
  'INVALID_BUILD',
  'TOO_LARGE',
  'UNSUPPORTED_FILE',
  'RATE_LIMITED',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** A rule says no. `message` is a full sentence fit for a person; `fields` names the faulty inputs, one sentence each. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly fields: Readonly<Record<string, string>>;
  constructor(code: RefusalCode, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.fields = fields;
  }
}

export interface ProviderFault {
  /** e.g. `GITHUB` */
  provider: string;
  /** the port's operation, e.g. `ensureBranch` */
  operation: string;
  /** the HTTP status, null when there was no answer */
  status: number | null;
  /** the provider's own words, safe to show to a person (no secret in it) */
  detail: string;
}

/** What all provider errors share: `message` is `<provider> <operation>: <detail> (<status>)`. */
export class ProviderError extends Error {
  readonly fault: ProviderFault;
  constructor(fault: ProviderFault, options?: ErrorOptions) {
    const status = fault.status === null ? '' : ` (${fault.status})`;
    super(`${fault.provider} ${fault.operation}: ${fault.detail}${status}`, options);
    this.name = new.target.name;
    this.fault = fault;
  }
}

/** Worth another try later: time-out, reset connection, 429, 5xx. `retryAfterMs` is the provider's own wish. */
export class TransientError extends ProviderError {
  readonly retryAfterMs: number | null;
  constructor(fault: ProviderFault, retryAfterMs: number | null = null, options?: ErrorOptions) {
    super(fault, options);
    this.retryAfterMs = retryAfterMs;
  }
}
/** Trying again changes nothing: 404, 422 and their like. */
export class PermanentError extends ProviderError {}
/** The credential is wrong, expired or lacks a permission: 401, 403. */
export class AuthError extends ProviderError {}
/** The thing exists already and differs from what was asked, or changed meanwhile. */
export class ConflictError extends ProviderError {}

/** The configuration has no integration for what a task needs (Spec 4.4). */
export class NotConfiguredError extends Error {
  override readonly name = 'NotConfiguredError';
}

/** The environment, a set-up file or what is on this machine is wrong; `faults` lists every mistake at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`Slipway cannot run like this:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Something that can never be is: our bug. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}
