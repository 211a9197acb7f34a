import type { TaskType } from '../../domain/task.ts';
import { NotConfiguredError } from '../../shared/errors.ts';
import type { TaskHandler } from './handler.ts';

/** A task of an integration kind that no configuration can name yet: it is SKIPPED with that reason (Spec 1.3, 4.4). */
export function requiresIntegration<T extends TaskType>(type: T, integration: string): TaskHandler<T> {
  return {
    type,
    async run() {
      throw new NotConfiguredError(`${integration} integration not configured for this release`);
    },
  };
}
