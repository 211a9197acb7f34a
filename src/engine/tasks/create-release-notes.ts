import { outputOf } from '../../domain/tasks.ts';
import { NotConfiguredError } from '../../shared/errors.ts';
import { collectNotes } from '../notes.ts';
import type { TaskContext, TaskHandler } from './handler.ts';

/**
 * CREATE_RELEASE_NOTES (cycle): cycle 1 since the last release tag, later ones since the previous RC tag. Reading only,
 * so a repeat is harmless. Spec 1.4.
 */
export const createReleaseNotes: TaskHandler<'CREATE_RELEASE_NOTES'> = {
  type: 'CREATE_RELEASE_NOTES',
  async run(context) {
    const { release, task, scm } = context;
    const cycle = release.cycles.find((candidate) => candidate.number === task.cycleNumber);
    const tag = cycle && outputOf(cycle.tasks, 'CREATE_RC_TAG');
    if (!tag) throw new NotConfiguredError('There is no RC tag to write notes for');
    const output = await collectNotes(await scm(), await previousTag(context), tag.tag);
    return { kind: 'done', output, messages: [] };
  },
};

async function previousTag({
  release,
  task,
  repositories,
}: TaskContext<'CREATE_RELEASE_NOTES'>): Promise<string | null> {
  const earlier = release.cycles.filter((cycle) => cycle.number < (task.cycleNumber ?? 0)).reverse();
  for (const cycle of earlier) {
    const tag = outputOf(cycle.tasks, 'CREATE_RC_TAG');
    if (tag) return tag.tag;
  }
  return repositories.releases.findLastReleaseTag(release.tenantId, release.releaseConfigId, release.id);
}
