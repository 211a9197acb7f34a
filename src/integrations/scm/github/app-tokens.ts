import { createAppAuth } from '@octokit/auth-app';
import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { CutAnswer } from './failure.ts';

const RENEW_BEFORE_MS = 5 * 60_000;

const InstallationToken = z.object({
  token: z.string(),
  expires_at: z.string(),
  permissions: z.record(z.string(), z.string()).default({}),
});

export interface AppTokens {
  /** a token that is good for at least five more minutes */
  get(): Promise<{ token: string; permissions: Record<string, string> }>;
  /** forgets the token: the next call asks for a new one */
  drop(): void;
  /** tokens held or being replaced, to keep them out of texts */
  secrets(): string[];
}

const TOKEN_ROUTE = 'POST /app/installations/{installation_id}/access_tokens';

export function isTokenRequest(url: string): boolean {
  return url.includes('/access_tokens');
}

/**
 * Installation tokens of one GitHub App. The auth plugin signs the JWT; the token is asked for and kept here, because the
 * plugin shares requests under way between all its users by installation id alone, whoever's key they signed with.
 */
export function createAppTokens(
  octokit: Octokit,
  app: { appId: number; installationId: number; privateKey: string },
): AppTokens {
  const signer = createAppAuth({ appId: app.appId, privateKey: app.privateKey });
  type Token = { token: string; permissions: Record<string, string>; expiresAt: number };
  let held: Token | null = null;
  let underWay: Promise<Token> | null = null;

  async function ask(): Promise<Token> {
    const { token: jwt } = await signer({ type: 'app' });
    const answer = await octokit.request(TOKEN_ROUTE, {
      installation_id: app.installationId,
      headers: { authorization: `Bearer ${jwt}` },
      // a second token does no harm
      request: { repeatable: true, attempts: 0 },
    });
    const parsed = InstallationToken.safeParse(answer.data);
    if (!parsed.success) throw new CutAnswer(TOKEN_ROUTE);
    const { token, permissions, expires_at } = parsed.data;
    held = { token, permissions, expiresAt: Date.parse(expires_at) };
    return held;
  }

  return {
    async get() {
      if (held && held.expiresAt - RENEW_BEFORE_MS > Date.now()) return held;
      underWay ??= ask().finally(() => {
        underWay = null;
      });
      return underWay;
    },
    drop: () => {
      held = null;
    },
    secrets: () => (held ? [held.token] : []),
  };
}
