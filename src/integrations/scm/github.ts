import { createGithubClient, type GithubOptions } from './github/client.ts';
import { githubCommits } from './github/commits.ts';
import { createWebLinks } from './github/links.ts';
import { githubRefs } from './github/refs.ts';
import { githubReleases } from './github/releases.ts';
import { verifyGithub } from './github/verify.ts';
import type { Scm } from './port.ts';

export type { GithubOptions } from './github/client.ts';
export { GithubCredentials, GithubSettings } from './github/schemas.ts';

/**
 * GitHub, GitHub Enterprise or a server that speaks the same. Reads are tried three times; a write that broke is looked up
 * before it is tried again. A wish to wait of up to 5 s is honoured here, a longer one is `TransientError.retryAfterMs`.
 */
export function createGithubScm(options: GithubOptions): Scm {
  const client = createGithubClient(options);
  const refs = githubRefs(client, createWebLinks(client));
  return {
    ...refs,
    ...githubCommits(client),
    ...githubReleases(client, refs.findTag),
    verify: () => verifyGithub(client),
  };
}
