import { randomBytes } from 'node:crypto';
import type { Repositories, TokenScope } from '../persistence/types/index.ts';
import { TOKEN_SCOPES } from '../persistence/types/index.ts';
import { sha256Hex } from '../shared/crypto.ts';
import { Refusal } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';

/** The same that the engine's tokens have: 256 random bits behind `slw_`, kept as SHA-256. */
const SECRET_BYTES = 32;
const NAME = /^[\w.-]{1,64}$/;

/**
 * Makes a token for a tenant without anybody asking in Slack: for whoever has the database (Spec 8.1, `npm run token`).
 * Throws `Refusal` INVALID_INPUT with every fault, NOT_FOUND for a tenant that is not there, CONFLICT for a taken name.
 */
export async function issueToken(
  repositories: Pick<Repositories, 'tenants' | 'tokens'>,
  input: { tenantId: string; name: string; scopes: readonly string[] },
  now: Date,
): Promise<{ secret: string; scopes: TokenScope[] }> {
  const scopes = TOKEN_SCOPES.filter((scope) => input.scopes.includes(scope));
  const unknown = input.scopes.filter((scope) => !TOKEN_SCOPES.some((known) => known === scope));
  const faults: Record<string, string> = {};
  if (!NAME.test(input.name)) faults['name'] = 'expected up to 64 letters, digits, dots, dashes or underscores';
  if (unknown.length > 0) faults['scopes'] = `${unknown.join(', ')}: expected ${TOKEN_SCOPES.join(', ')}`;
  else if (scopes.length === 0) faults['scopes'] = `expected at least one of ${TOKEN_SCOPES.join(', ')}`;
  const list = Object.entries(faults).map(([field, sentence]) => `${field}: ${sentence}`);
  if (list.length > 0) throw new Refusal('INVALID_INPUT', list.join('; '), faults);

  const tenant = await repositories.tenants.find(input.tenantId);
  if (!tenant) {
    const known = (await repositories.tenants.list()).map(({ id, name }) => `${id} (${name})`);
    const there =
      known.length > 0 ? `There is ${known.join(', ')}.` : 'There is none yet: make one with `npm run apply`.';
    throw new Refusal('NOT_FOUND', `There is no tenant ${input.tenantId}. ${there}`);
  }
  const secret = `slw_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  await repositories.tokens.insert({
    id: newId('tok'),
    tenantId: tenant.id,
    name: input.name,
    hash: sha256Hex(secret),
    scopes,
    createdBy: 'npm run token',
    createdAt: now,
    lastUsedAt: null,
    revokedAt: null,
  });
  return { secret, scopes };
}
