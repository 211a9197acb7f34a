import type { MessageDraft } from '../../domain/message.ts';
import type { Release } from '../../domain/release.ts';
import type { ReleaseConfig } from '../../domain/release-config.ts';
import type { Task, TaskOutputs, TaskType } from '../../domain/task.ts';
import type { Scm } from '../../integrations/scm/port.ts';
import type { Repositories } from '../../persistence/types/index.ts';

/** What a handler gets: the release as it is, the configuration loaded once for this step, and what it may reach. */
export interface TaskContext<T extends TaskType = TaskType> {
  release: Release;
  task: Task<T>;
  config: ReleaseConfig;
  now: Date;
  repositories: Pick<Repositories, 'builds' | 'uploads' | 'releases'>;
  /** `NotConfiguredError` when the configuration's SCM is gone */
  scm(): Promise<Scm>;
}

/** `messages` are born in the same write as the outcome. */
export type TaskOutcome<T extends TaskType = TaskType> =
  | { kind: 'done'; output: TaskOutputs[T]; messages: MessageDraft[] }
  | { kind: 'passed-over'; reason: string };

/**
 * One task type's work (Spec 7.1, 7.2). May run again at any time: it looks for what it would make before it makes it
 * and reads back what is there. Throws the provider errors of Spec 4.5 or `NotConfiguredError`.
 */
export interface TaskHandler<T extends TaskType> {
  type: T;
  run(context: TaskContext<T>): Promise<TaskOutcome<T>>;
}
