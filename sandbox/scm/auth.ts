import { randomBytes, verify } from 'node:crypto';
import { json, notFound, problem } from './answers.ts';
import type { Reply, StandInRequest } from './http/server.ts';

export interface GithubApp {
  appId: number;
  installationId: number;
  /** PEM, of the private key the app signs with */
  publicKey: string;
}

export interface Gate {
  /** null when the caller may go on; otherwise GitHub's refusal */
  check(request: StandInRequest): Reply | null;
  /** POST /app/installations/{id}/access_tokens */
  installationToken(request: StandInRequest, installationId: string): Reply;
  /** every token handed out to the app so far */
  issued: string[];
}

const MAX_JWT_SECONDS = 600;

function bearer(request: StandInRequest): string | null {
  return /^(?:Bearer|token) (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

function jwtFault(jwt: string, app: GithubApp, nowSeconds: number): string | null {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const read = (part: string): Record<string, unknown> => {
    try {
      return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
    } catch {
      return {};
    }
  };
  const signed = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${payload}`),
    app.publicKey,
    Buffer.from(signature, 'base64url'),
  );
  if (!signed || read(header)['alg'] !== 'RS256') return 'A JSON web token could not be decoded';
  const claims = read(payload);
  const [issuedAt, expiresAt] = [Number(claims['iat']), Number(claims['exp'])];
  if (String(claims['iss']) !== String(app.appId)) return 'Integration not found';
  if (!(expiresAt > nowSeconds)) return "'Expiration time' claim ('exp') must be a future time";
  if (expiresAt - nowSeconds > MAX_JWT_SECONDS) return "'Expiration time' claim ('exp') is too far in the future";
  if (!(issuedAt <= nowSeconds)) return "'Issued at' claim ('iat') must be in the past";
  return null;
}

/** Who may call: one fixed token, the tokens given to the app, nobody else. GitHub also wants a User-Agent. */
export function createGate(options: { token: string; app?: GithubApp; now: () => Date }): Gate {
  const issued = new Map<string, number>();
  return {
    get issued() {
      return [...issued.keys()];
    },
    check(request) {
      if (!request.headers['user-agent']) {
        return {
          status: 403,
          body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header',
        };
      }
      const given = bearer(request);
      if (given === null) return problem(401, 'Requires authentication');
      const goodUntil = given === options.token ? Number.POSITIVE_INFINITY : (issued.get(given) ?? 0);
      return goodUntil > options.now().getTime() ? null : problem(401, 'Bad credentials');
    },
    installationToken(request, installationId) {
      const { app } = options;
      const jwt = bearer(request);
      if (!app || jwt === null) return problem(401, 'A JSON web token could not be decoded');
      const fault = jwtFault(jwt, app, Math.floor(Date.now() / 1000));
      if (fault) return problem(401, fault);
      if (installationId !== String(app.installationId)) return notFound();
      const token = `ghs_${randomBytes(24).toString('hex')}`;
      const expiresAt = options.now().getTime() + 3_600_000;
      issued.set(token, expiresAt);
      return json(201, {
        token,
        expires_at: new Date(expiresAt).toISOString(),
        permissions: { contents: 'write', metadata: 'read' },
        repository_selection: 'selected',
      });
    },
  };
}
