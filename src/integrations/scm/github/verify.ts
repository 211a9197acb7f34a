import { z } from 'zod';
import { AuthError, PermanentError } from '../../../shared/errors.ts';
import type { GithubClient } from './client.ts';
import { PROVIDER } from './failure.ts';

const Repository = z.object({
  full_name: z.string(),
  private: z.boolean(),
  archived: z.boolean().default(false),
  default_branch: z.string(),
  permissions: z.object({ push: z.boolean() }).optional(),
});

const OPERATION = 'verify';

/** Which permission is missing, by its name at GitHub; null when none is. */
function missing(
  repository: z.infer<typeof Repository>,
  scopes: string | null,
  app: Record<string, string> | null,
): string | null {
  // an app's installation is told nothing about pushing in the repository's answer: its own permissions say it
  if (app) return app['contents'] === 'write' ? null : 'the app lacks the permission "Contents: read and write"';
  const held = scopes === null || scopes === '' ? null : scopes.split(/,\s*/);
  const enough = repository.private ? ['repo'] : ['repo', 'public_repo'];
  if (held && !enough.some((scope) => held.includes(scope))) return `the token lacks the scope ${enough.join(' or ')}`;
  return repository.permissions?.push === true
    ? null
    : 'the token may not push: it needs write access to the repository ("Contents: read and write")';
}

/** One look at the repository proves the credential and what it may do there. */
export async function verifyGithub(client: GithubClient): Promise<{ detail: string }> {
  const app = await client.appPermissions(OPERATION);
  const { data, headers } = await client.call(OPERATION, 'GET /repos/{owner}/{repo}', Repository);
  const fault = { provider: PROVIDER, operation: OPERATION, status: 200 };
  if (data.archived)
    throw new PermanentError({ ...fault, detail: `${data.full_name} is archived: nothing can be written to it` });
  const scopes = headers['x-oauth-scopes'];
  const lacking = missing(data, scopes === undefined ? null : String(scopes), app);
  if (lacking) throw new AuthError({ ...fault, detail: `${data.full_name}: ${lacking}` });
  const expiry = headers['github-authentication-token-expiration'];
  const until = expiry === undefined ? '' : `; the token expires ${String(expiry)}`;
  return { detail: `${data.full_name}, default branch ${data.default_branch}${until}` };
}
