import { connectPersistence } from '../../src/persistence/index.ts';
import { TOKEN_SCOPES } from '../../src/persistence/types/index.ts';
import { issueToken } from '../../src/setup/issue-token.ts';
import type { Server } from './child.ts';
import { TEAM_ID } from './world.ts';

/** An API token, made as `npm run token` makes it. */
export async function makeToken(databaseUri: string): Promise<string> {
  const persistence = await connectPersistence({ uri: databaseUri });
  const input = { tenantId: TEAM_ID, name: 'bench', scopes: TOKEN_SCOPES };
  const { secret } = await issueToken(persistence.repositories, input, new Date());
  await persistence.close();
  return secret;
}

/** A release in manual mode that takes an Android build now. */
export async function makeRelease(bot: Server, secret: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${bot.port}/api/v1/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      releaseConfigId: 'Mobile',
      type: 'PLANNED',
      platformTargets: [{ platform: 'ANDROID', version: '1.0.0' }],
      kickOffDate: new Date(Date.now() + 86_400_000).toISOString(),
      regressionSlots: [],
      hasManualBuildUpload: true,
    }),
  });
  const body = (await response.json()) as { release?: { id: string } };
  if (!body.release) throw new Error(`no release was made: ${JSON.stringify(body)}`);
  return body.release.id;
}
