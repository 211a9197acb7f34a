import { z } from 'zod';
import { PermanentError } from '../../../shared/errors.ts';
import type { Scm } from '../port.ts';
import type { GithubClient } from './client.ts';
import { writeThenRead } from './ensure.ts';
import { PROVIDER } from './failure.ts';
import { orNull } from './refs.ts';

const Release = z.object({ html_url: z.string(), tag_name: z.string() });

/** Releases of the `Scm` port. */
export function githubReleases(client: GithubClient, findTag: Scm['findTag']): Pick<Scm, 'ensureRelease'> {
  return {
    async ensureRelease({ tag, name, body }) {
      const operation = 'ensureRelease';
      const read = async (): Promise<{ url: string } | null> => {
        const answer = await orNull(
          client.call(operation, 'GET /repos/{owner}/{repo}/releases/tags/{tag}', Release, { tag }),
        );
        return answer && { url: answer.data.html_url };
      };
      const there = await read();
      if (there) return { ...there, created: false };
      // GitHub would make a missing tag itself, on whatever the default branch is at
      if (!(await findTag(tag))) {
        const detail = `tag "${tag}" is not in ${client.owner}/${client.repo}`;
        throw new PermanentError({ provider: PROVIDER, operation, status: 404, detail });
      }
      return writeThenRead(operation, client.waits, {
        write: async () => {
          await client.call(operation, 'POST /repos/{owner}/{repo}/releases', Release, { tag_name: tag, name, body });
        },
        read,
      });
    },
  };
}
