import type { TaskHandler } from './handler.ts';

/** FORK_BRANCH (stage 1): cuts the release branch from the base branch. Done already when the branch exists. Spec 1.3. */
export const forkBranch: TaskHandler<'FORK_BRANCH'> = {
  type: 'FORK_BRANCH',
  async run({ release, scm }) {
    const provider = await scm();
    const { sha, url } = await provider.ensureBranch({ name: release.branch, from: release.baseBranch });
    return { kind: 'done', output: { branch: release.branch, sha, url }, messages: [] };
  },
};
