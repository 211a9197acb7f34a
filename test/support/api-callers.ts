import type { Persistence } from '../../src/persistence/index.ts';
import { sha256Hex } from '../../src/shared/crypto.ts';
import { TENANT_ID } from './outside.ts';

/** Who calls the HTTP API of a bot in a process of its own, each with a token. */
export const SECRETS = { U01ALICE: 'slw_alice', U02BOB: 'slw_bob' } as const;
export type Caller = keyof typeof SECRETS;

export async function insertTokens({ repositories }: Persistence, createdAt: Date): Promise<void> {
  for (const [caller, secret] of Object.entries(SECRETS)) {
    await repositories.tokens.insert({
      id: `tok_${caller}`,
      tenantId: TENANT_ID,
      name: caller,
      hash: sha256Hex(secret),
      scopes: ['releases:read', 'releases:write', 'builds:write'],
      createdBy: caller,
      createdAt,
      lastUsedAt: null,
      revokedAt: null,
    });
  }
}

/** One try of a call, over a connection of its own; `path` begins behind `/api/v1`. Tries with the same key count once. */
export async function post(
  origin: string,
  { caller, path, key, body }: { caller: Caller; path: string; key: string; body: object | FormData },
): Promise<{ status: number; headers: Headers; text: string }> {
  const isForm = body instanceof FormData;
  const answer = await fetch(`${origin}/api/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${SECRETS[caller]}`,
      'idempotency-key': key,
      connection: 'close',
      ...(isForm ? {} : { 'content-type': 'application/json' }),
    },
    body: isForm ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
