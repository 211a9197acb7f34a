import { createHash } from 'node:crypto';
import type { Commit, Scm } from '../../src/integrations/scm/port.ts';
import { ConflictError, PermanentError, type ProviderError } from '../../src/shared/errors.ts';

/** An `Scm` that keeps refs and commits in memory; every effect is recorded, faults are thrown on demand. */
export interface FakeScm extends Scm {
  effects: string[];
  /** A person pushes to a branch; returns the commit's sha. */
  push(branch: string, title: string): string;
  /** Thrown by the next call of this operation, before or after it took effect. */
  failNext(operation: keyof Scm, error: ProviderError, when?: 'before' | 'after'): void;
  tags: Map<string, string>;
}

export function fakeScm(): FakeScm {
  const commits = new Map<string, Commit & { parent: string | null }>();
  const branches = new Map<string, string>();
  const tags = new Map<string, string>();
  const releases = new Map<string, string>();
  const effects: string[] = [];
  const faults: { operation: string; error: ProviderError; when: 'before' | 'after' }[] = [];

  const push = (branch: string, title: string): string => {
    const parent = branches.get(branch) ?? null;
    const sha = createHash('sha1').update(`${parent} ${title} ${commits.size}`).digest('hex');
    commits.set(sha, { sha, title, author: 'dev', at: new Date(0), parent });
    branches.set(branch, sha);
    return sha;
  };
  const history = (sha: string | null | undefined): string[] => {
    const found: string[] = [];
    for (let at = sha ?? null; at; at = commits.get(at)?.parent ?? null) found.push(at);
    return found;
  };
  const resolve = (ref: string): string => {
    const sha = branches.get(ref) ?? tags.get(ref) ?? (commits.has(ref) ? ref : undefined);
    if (!sha) throw new PermanentError({ provider: 'FAKE', operation: 'resolve', status: 404, detail: `no ${ref}` });
    return sha;
  };
  const calling = async <T>(operation: keyof Scm, work: () => T): Promise<T> => {
    const take = (when: 'before' | 'after') => {
      const index = faults.findIndex((fault) => fault.operation === operation && fault.when === when);
      const [fault] = index < 0 ? [] : faults.splice(index, 1);
      if (fault) throw fault.error;
    };
    take('before');
    const result = work();
    take('after');
    return result;
  };
  const listed = (shas: string[], limit: number): Commit[] =>
    shas
      .slice(0, limit)
      .reverse()
      .flatMap((sha) => commits.get(sha) ?? []);

  push('main', 'first');
  push('main', 'second');
  return {
    effects,
    tags,
    push,
    failNext: (operation, error, when = 'before') => void faults.push({ operation, error, when }),
    findBranch: (name) =>
      calling('findBranch', () => {
        const sha = branches.get(name);
        return sha ? { sha, url: null } : null;
      }),
    ensureBranch: ({ name, from }) =>
      calling('ensureBranch', () => {
        const existing = branches.get(name);
        if (existing) return { sha: existing, url: null, created: false };
        const sha = resolve(from);
        branches.set(name, sha);
        effects.push(`branch ${name}`);
        return { sha, url: null, created: true };
      }),
    findTag: (name) =>
      calling('findTag', () => {
        const sha = tags.get(name);
        return sha ? { sha, url: null } : null;
      }),
    ensureTag: ({ name, sha }) =>
      calling('ensureTag', () => {
        const existing = tags.get(name);
        if (existing && existing !== sha) {
          throw new ConflictError({
            provider: 'FAKE',
            operation: 'ensureTag',
            status: 422,
            detail: `${name} is elsewhere`,
          });
        }
        if (!existing) effects.push(`tag ${name}`);
        tags.set(name, sha);
        return { sha, url: null, created: !existing };
      }),
    compare: ({ base, head, limit }) =>
      calling('compare', () => {
        const known = new Set(history(resolve(base)));
        const ahead = history(resolve(head)).filter((sha) => !known.has(sha));
        return { commits: listed(ahead, limit), total: ahead.length, headSha: resolve(head) };
      }),
    listCommits: ({ ref, limit }) =>
      calling('listCommits', () => {
        const shas = history(resolve(ref)).slice(0, limit);
        return { commits: listed(shas, limit), total: shas.length, headSha: resolve(ref) };
      }),
    ensureRelease: ({ tag }) =>
      calling('ensureRelease', () => {
        const created = !releases.has(tag);
        if (created) effects.push(`release ${tag}`);
        releases.set(tag, tag);
        return { url: `https://scm.test/releases/${tag}`, created };
      }),
    verify: async () => ({ detail: 'fake' }),
  };
}
