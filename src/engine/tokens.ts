import { createHash, randomBytes } from 'node:crypto';
import type { ApiToken } from '../persistence/types/index.ts';
import { Refusal } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';
import type { Deps } from './deps.ts';
import type { Tokens } from './index.ts';
import { requireAct } from './intents/intent.ts';

const NAME = /^[\w.-]{1,64}$/;

/** API tokens: 256 random bits, shown once, kept as SHA-256 (Spec 8.4). */
export function createTokens(deps: Deps): Tokens {
  const { tokens } = deps.repositories;
  return {
    async create({ name, scopes }, context) {
      await requireAct(deps, context, 'ADMINISTER');
      if (!NAME.test(name)) {
        throw new Refusal('INVALID_INPUT', 'A token name has up to 64 letters, digits, dots, dashes or underscores.', {
          name: 'Not a token name.',
        });
      }
      if (scopes.length === 0)
        throw new Refusal('INVALID_INPUT', 'A token needs at least one scope.', { scopes: 'None given.' });
      const secret = `slw_${randomBytes(32).toString('base64url')}`;
      const token: ApiToken = {
        id: newId('tok'),
        tenantId: context.tenantId,
        name,
        hash: hashOf(secret),
        scopes: [...new Set(scopes)],
        createdBy: context.actor.id,
        createdAt: deps.clock.now(),
        lastUsedAt: null,
        revokedAt: null,
      };
      await tokens.insert(token);
      return { token, secret };
    },

    async list(context) {
      await requireAct(deps, context, 'ADMINISTER');
      return tokens.list(context.tenantId);
    },

    async revoke({ name }, context) {
      await requireAct(deps, context, 'ADMINISTER');
      const revoked = await tokens.revoke(context.tenantId, name, deps.clock.now());
      if (!revoked) throw new Refusal('NOT_FOUND', `There is no token ${name}.`);
    },

    async authenticate(secret) {
      const token = await tokens.findByHash(hashOf(secret));
      if (token) await tokens.recordUse(token.id, deps.clock.now());
      return token;
    },
  };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
