import { InvariantError } from '../../shared/errors.ts';
import type { TaskHandler } from './handler.ts';

/** PRE_KICK_OFF_REMINDER (stage 1, task 0): sent before the stage exists and recorded when it starts. Spec 1.3. */
export const preKickOffReminder: TaskHandler<'PRE_KICK_OFF_REMINDER'> = {
  type: 'PRE_KICK_OFF_REMINDER',
  async run({ task }) {
    throw new InvariantError(`${task.id} was not recorded when its stage started`);
  },
};
