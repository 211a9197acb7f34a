import { z } from 'zod';
import { PermanentError } from '../../../shared/errors.ts';
import type { Commit, Comparison, Scm } from '../port.ts';
import type { GithubClient } from './client.ts';
import { PROVIDER } from './failure.ts';

const PER_PAGE = 100;

const Person = z.object({ name: z.string().nullish(), date: z.string().nullish() }).nullish();
const CommitRow = z.object({
  sha: z.string(),
  author: z.object({ login: z.string().nullish() }).nullish(),
  commit: z.object({ message: z.string(), author: Person, committer: Person }),
});
const CommitRows = z.array(CommitRow);
const Compared = z.object({
  total_commits: z.number().int().nonnegative(),
  base_commit: z.object({ sha: z.string() }),
  commits: CommitRows,
});

function toCommit({ sha, author, commit }: z.infer<typeof CommitRow>): Commit {
  return {
    sha,
    title: commit.message.split('\n', 1)[0] ?? '',
    author: commit.author?.name ?? author?.login ?? 'unknown',
    at: new Date(commit.committer?.date ?? commit.author?.date ?? 0),
  };
}

/** Comparing and listing commits of the `Scm` port. */
export function githubCommits(client: GithubClient): Pick<Scm, 'compare' | 'listCommits'> {
  /** Pins a name to the commit it is now, so that pages fetched one after the other belong together. */
  async function headOf(operation: string, ref: string): Promise<string> {
    try {
      return (await client.call(operation, 'GET /repos/{owner}/{repo}/commits/{ref}', CommitRow, { ref })).data.sha;
    } catch (error) {
      const status = error instanceof PermanentError ? error.fault.status : null;
      if (status !== 404 && status !== 422) throw error;
      const detail = `"${ref}" is no branch, tag or commit of ${client.owner}/${client.repo}`;
      throw new PermanentError({ provider: PROVIDER, operation, status, detail });
    }
  }

  async function comparePage(basehead: string, page: number): Promise<z.infer<typeof Compared>> {
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}';
    return (await client.call('compare', route, Compared, { basehead, per_page: PER_PAGE, page })).data;
  }

  return {
    /** Of more than `limit` commits the newest are given. */
    async compare({ base, head, limit }): Promise<Comparison> {
      const headSha = await headOf('compare', head);
      const first = await comparePage(`${base}...${headSha}`, 1);
      const total = first.total_commits;
      const pinned = `${first.base_commit.sha}...${headSha}`;
      const firstPage = Math.floor(Math.max(0, total - limit) / PER_PAGE) + 1;
      const lastPage = Math.max(1, Math.ceil(total / PER_PAGE));
      const rows: z.infer<typeof CommitRows> = [];
      for (let page = firstPage; page <= lastPage; page += 1) {
        rows.push(...(page === 1 ? first : await comparePage(pinned, page)).commits);
      }
      return { commits: rows.slice(Math.max(0, rows.length - limit)).map(toCommit), total, headSha };
    },

    async listCommits({ ref, limit }): Promise<Comparison> {
      const headSha = await headOf('listCommits', ref);
      const rows: z.infer<typeof CommitRows> = [];
      for (let page = 1; rows.length < limit; page += 1) {
        const asked = { sha: headSha, per_page: PER_PAGE, page };
        const { data } = await client.call('listCommits', 'GET /repos/{owner}/{repo}/commits', CommitRows, asked);
        rows.push(...data);
        if (data.length < PER_PAGE) break;
      }
      const commits = rows.slice(0, limit).reverse().map(toCommit);
      return { commits, total: commits.length, headSha };
    },
  };
}
