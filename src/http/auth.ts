import type { Request } from 'express';
import type { Role } from '../domain/tenant.ts';
import type { ApiToken, Engine, TokenScope } from '../engine/index.ts';
import type { Caller } from './endpoint.ts';
import type { FailedAuthLimit } from './limits.ts';
import { HttpProblem } from './problems.ts';

/**
 * Bearer tokens (Spec 8.4). No scope implies another. The engine knows a token as `token:<name>` with these roles; none
 * makes an ADMIN, so what only admins may do (a freeze overridden, ARCHIVE in any phase) is not for tokens.
 */
const ROLES_OF: Record<TokenScope, readonly Role[]> = {
  'releases:read': ['VIEWER'],
  'releases:write': ['RELEASE_PILOT', 'APPROVER'],
  'builds:write': ['UPLOADER'],
};
const MAX_SECRET_CHARS = 512;

/** Who asks. Throws `HttpProblem` 401 without a valid token, 403 without the scope, 429 after too many failures. */
export async function authenticate(
  request: Request,
  scope: TokenScope,
  deps: { engine: Engine; failures: FailedAuthLimit; requestId: string },
): Promise<Caller> {
  await deps.failures.check(request);
  const secret = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const token =
    secret !== '' && secret.length <= MAX_SECRET_CHARS ? await deps.engine.tokens.authenticate(secret) : null;
  if (!token) {
    await deps.failures.count(request);
    const problem =
      secret === '' ? 'Send an API token: "Authorization: Bearer <token>".' : 'This API token is not valid.';
    throw new HttpProblem(401, problem, { 'WWW-Authenticate': 'Bearer realm="slipway"' });
  }
  if (!token.scopes.includes(scope)) {
    throw new HttpProblem(403, `This API token lacks the scope ${scope}; it has ${token.scopes.join(', ')}.`);
  }
  return callerOf(token, deps.requestId);
}

function callerOf(token: ApiToken, requestId: string): Caller {
  const roles = [...new Set(token.scopes.flatMap((scope) => ROLES_OF[scope]))];
  const actor = { kind: 'TOKEN' as const, id: `token:${token.name}`, roles };
  return { token, context: { tenantId: token.tenantId, actor, origin: 'API' }, requestId };
}
