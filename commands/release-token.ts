import type { Engine } from '../src/engine/index.ts';
import { Refusal } from '../src/shared/errors.ts';
import { code } from '../views/blocks/text.ts';
import { tokenCreated, tokenList } from '../views/lists.ts';
import { plainMessage } from '../views/refusals.ts';
import { contextFor, say, type Verb } from './request.ts';

type TokenScope = Parameters<Engine['tokens']['create']>[0]['scopes'][number];

/** What each scope opens; every scope must stand here. */
const SCOPES: Record<TokenScope, string> = {
  'releases:read': 'see releases',
  'releases:write': 'create releases and act on them',
  'builds:write': 'hand in builds',
};
const SCOPE_NAMES = Object.keys(SCOPES).join(',');

const USAGE = `Use: /release token create NAME ${SCOPE_NAMES}, /release token list or /release token revoke NAME.`;

/** `token create|list|revoke` (admins): the secret of a new one is shown once, to its maker alone. Spec 8.4. */
export const tokenCommand: Verb = async (engine, request) => {
  const context = await contextFor(engine, request);
  await engine.requireRole(context, ['ADMIN'], 'manage API tokens');
  const [change = 'list', name, ...scopes] = request.args;
  switch (change.toLowerCase()) {
    case 'list':
      return say(tokenList(await engine.tokens.list(context)));
    case 'create': {
      if (!name) throw new Refusal('INVALID_INPUT', USAGE);
      const { token, secret } = await engine.tokens.create({ name, scopes: readScopes(scopes) }, context);
      return say(tokenCreated(token, secret));
    }
    case 'revoke': {
      if (!name) throw new Refusal('INVALID_INPUT', USAGE);
      await engine.tokens.revoke({ name }, context);
      return say(plainMessage(`The token ${code(name)} is revoked: it opens nothing any more.`));
    }
    default:
      throw new Refusal('INVALID_INPUT', USAGE);
  }
};

export function readScopes(words: readonly string[]): TokenScope[] {
  const named = words.flatMap((word) => word.split(',')).filter((word) => word !== '');
  const unknown = named.find((word) => !isScope(word));
  if (unknown !== undefined) throw new Refusal('INVALID_INPUT', `${unknown} is no scope: there is ${SCOPE_NAMES}.`);
  return named.filter(isScope);
}

function isScope(word: string): word is TokenScope {
  return Object.hasOwn(SCOPES, word);
}
