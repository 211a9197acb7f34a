import { cycleLabel, describeVersions, rcTag } from '../../domain/names.ts';
import { InvariantError, PermanentError } from '../../shared/errors.ts';
import type { TaskHandler } from './handler.ts';

/** CREATE_RC_TAG (cycle): tags the head of the release branch. Done already when the tag exists. Spec 1.4. */
export const createRcTag: TaskHandler<'CREATE_RC_TAG'> = {
  type: 'CREATE_RC_TAG',
  async run({ release, task, scm }) {
    if (task.cycleNumber === null) throw new InvariantError(`${task.id} belongs to no cycle`);
    const tag = rcTag(release.targets, task.cycleNumber);
    const provider = await scm();
    const existing = await provider.findTag(tag);
    if (existing) return { kind: 'done', output: { tag, ...existing }, messages: [] };
    const head = await provider.findBranch(release.branch);
    if (!head) {
      const detail = `the release branch ${release.branch} does not exist`;
      throw new PermanentError({ provider: 'SCM', operation: 'findBranch', status: 404, detail });
    }
    const message = `${cycleLabel(task.cycleNumber)} of ${release.configName} ${describeVersions(release.targets)}`;
    const { sha, url } = await provider.ensureTag({ name: tag, sha: head.sha, message });
    return { kind: 'done', output: { tag, sha, url }, messages: [] };
  },
};
