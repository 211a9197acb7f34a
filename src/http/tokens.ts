import type { Engine } from '../engine/index.ts';
import { Refusal } from '../shared/errors.ts';
import { CreatedTokenAnswer, DoneAnswer, TokenListAnswer } from './answers.ts';
import type { AnyEndpoint, Caller } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import { CreateTokenBody } from './inputs.ts';
import { presentToken } from './present.ts';

/**
 * API tokens over HTTP (Spec 8.4). A token with `releases:write` lists and revokes the tenant's tokens and makes new ones
 * with no scope that it does not have itself. The first token is made in Slack or with `npm run token`. Making one is
 * never repeated by `Idempotency-Key`: its secret is not kept, so the first answer could not be given again.
 */
export function tokenEndpoints(engine: Engine): AnyEndpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/v1/tokens',
      summary: "Lists the tenant's tokens, without their secrets",
      scope: 'releases:write',
      answer: { status: 200, schema: TokenListAnswer },
      async handle({ caller }) {
        const tokens = await engine.tokens.list(administering(caller));
        return { status: 200, body: { success: true, tokens: tokens.map(presentToken) } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/v1/tokens',
      summary: 'Makes a token; its secret is in this answer only',
      scope: 'releases:write',
      body: CreateTokenBody,
      answer: { status: 201, schema: CreatedTokenAnswer },
      async handle({ caller, body }) {
        const scopes = [...new Set(body.scopes)];
        const beyond = scopes.filter((scope) => !caller.token.scopes.includes(scope));
        if (beyond.length > 0) {
          throw new Refusal('FORBIDDEN', `A token cannot give scopes that it does not have: ${beyond.join(', ')}.`);
        }
        const { token, secret } = await engine.tokens.create({ name: body.name, scopes }, administering(caller));
        return { status: 201, body: { success: true, token: presentToken(token), secret } };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/api/v1/tokens/{name}',
      summary: 'Revokes a token, at once',
      scope: 'releases:write',
      answer: { status: 200, schema: DoneAnswer },
      async handle({ caller, params }) {
        await engine.tokens.revoke({ name: params['name'] ?? '' }, administering(caller));
        return { status: 200, body: { success: true } };
      },
    }),
  ];
}

/** In Slack tokens belong to admins; over HTTP the scope stands for that role, for tokens alone. */
function administering(caller: Caller) {
  const { actor } = caller.context;
  return { ...caller.context, actor: { ...actor, roles: [...actor.roles, 'ADMIN' as const] } };
}
