import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/**
 * What is being worked on, on each line that is logged meanwhile, however deep (Spec 8.5): who begins a work names it, and who
 * learns more of it adds that. What a line names itself wins.
 */
export interface LogScope {
  /** of our own, or Slack's id of what it sent */
  requestId?: string;
  deliveryId?: string;
  job?: string;
  tenantId?: string;
  releaseId?: string;
  taskId?: string;
  /** who asks: a person's id, or `token:<name>` */
  actor?: string;
}

const scopes = new AsyncLocalStorage<LogScope>();

/** Beside what is named around it. */
export function inLogScope<T>(scope: LogScope, work: () => T): T {
  return scopes.run({ ...scopes.getStore(), ...scope }, work);
}

/** For work that has nothing to do with what is named around it: a timer or a scheduler began it there. */
export function inNewLogScope<T>(scope: LogScope, work: () => T): T {
  return scopes.run({ ...scope }, work);
}

/** For all that is still to come in the scope that this was called in. */
export function addToLogScope(scope: LogScope): void {
  const around = scopes.getStore();
  if (around) Object.assign(around, scope);
}

/** A callback that logs as if it were called here. */
export function keepLogScope<Arguments extends unknown[]>(
  callback: (...given: Arguments) => void,
): (...given: Arguments) => void {
  return AsyncResource.bind(callback);
}

export function currentLogScope(): LogScope {
  return { ...scopes.getStore() };
}
