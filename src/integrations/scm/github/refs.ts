import { z } from 'zod';
import { ConflictError, PermanentError } from '../../../shared/errors.ts';
import type { Scm } from '../port.ts';
import type { GithubClient } from './client.ts';
import { writeThenRead } from './ensure.ts';
import { PROVIDER } from './failure.ts';
import type { WebLinks } from './links.ts';

const Ref = z.object({ ref: z.string(), object: z.object({ sha: z.string(), type: z.string() }) });
const TagObject = z.object({ sha: z.string(), object: z.object({ sha: z.string(), type: z.string() }) });
const MAX_TAG_DEPTH = 5;

type Found = { sha: string; url: string | null };

/** 404 is an answer here: there is no such thing. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof PermanentError && error.fault.status === 404) return null;
    throw error;
  }
}

/** Branches and tags of the `Scm` port. */
export function githubRefs(
  client: GithubClient,
  links: WebLinks,
): Pick<Scm, 'findBranch' | 'ensureBranch' | 'findTag' | 'ensureTag'> {
  const place = `${client.owner}/${client.repo}`;

  async function readRef(operation: string, ref: string): Promise<{ sha: string; type: string } | null> {
    const answer = await orNull(client.call(operation, 'GET /repos/{owner}/{repo}/git/ref/{ref}', Ref, { ref }));
    return answer?.data.object ?? null;
  }

  async function createRef(operation: string, ref: string, sha: string): Promise<void> {
    await client.call(operation, 'POST /repos/{owner}/{repo}/git/refs', Ref, { ref, sha });
  }

  async function branch(operation: string, name: string): Promise<Found | null> {
    const found = await readRef(operation, `heads/${name}`);
    return found && { sha: found.sha, url: await links.branch(name) };
  }

  async function tag(operation: string, name: string): Promise<Found | null> {
    let object = await readRef(operation, `tags/${name}`);
    for (let depth = 0; object?.type === 'tag' && depth < MAX_TAG_DEPTH; depth += 1) {
      const route = 'GET /repos/{owner}/{repo}/git/tags/{tag_sha}';
      object = (await client.call(operation, route, TagObject, { tag_sha: object.sha })).data.object;
    }
    return object && { sha: object.sha, url: await links.tag(name) };
  }

  return {
    findBranch: (name) => branch('findBranch', name),
    findTag: (name) => tag('findTag', name),

    async ensureBranch({ name, from }) {
      const operation = 'ensureBranch';
      const there = await branch(operation, name);
      if (there) return { ...there, created: false };
      const base = await readRef(operation, `heads/${from}`);
      if (!base) {
        const detail = `branch "${from}" is not in ${place}, or the credential cannot see it`;
        throw new PermanentError({ provider: PROVIDER, operation, status: 404, detail });
      }
      return writeThenRead(operation, client.waits, {
        write: () => createRef(operation, `refs/heads/${name}`, base.sha),
        read: () => branch(operation, name),
      });
    },

    async ensureTag({ name, sha, message }) {
      const operation = 'ensureTag';
      const right = async (): Promise<Found | null> => {
        const found = await tag(operation, name);
        if (!found || found.sha === sha) return found;
        const detail = `tag "${name}" is on commit ${found.sha.slice(0, 12)} already, not on ${sha.slice(0, 12)}`;
        throw new ConflictError({ provider: PROVIDER, operation, status: null, detail });
      };
      const there = await right();
      if (there) return { ...there, created: false };
      const object = await client.call(operation, 'POST /repos/{owner}/{repo}/git/tags', TagObject, {
        ...{ tag: name, message, object: sha, type: 'commit' },
        // makes an object that nothing points at yet: once more does no harm
        request: { repeatable: true },
      });
      return writeThenRead(operation, client.waits, {
        write: () => createRef(operation, `refs/tags/${name}`, object.data.sha),
        read: right,
      });
    },
  };
}
