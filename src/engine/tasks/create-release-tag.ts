import { findGate } from '../../domain/gate-rules.ts';
import { describeVersions, releaseTag } from '../../domain/names.ts';
import { InvariantError } from '../../shared/errors.ts';
import type { TaskHandler } from './handler.ts';

/**
 * CREATE_RELEASE_TAG (stage 3): tags the commit that was approved, whatever the branch did since. A tag of that name on
 * another commit is a conflict for people to solve. Spec 1.5.
 */
export const createReleaseTag: TaskHandler<'CREATE_RELEASE_TAG'> = {
  type: 'CREATE_RELEASE_TAG',
  async run({ release, scm }) {
    const approved = findGate(release, 'preRelease')?.content?.headSha;
    if (!approved) throw new InvariantError('stage 3 runs without an approved commit');
    const tag = releaseTag(release.targets);
    const message = `${release.configName} ${describeVersions(release.targets)}`;
    const provider = await scm();
    const { sha, url } = await provider.ensureTag({ name: tag, sha: approved, message });
    return { kind: 'done', output: { tag, sha, url }, messages: [] };
  },
};
