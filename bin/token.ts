import { parseArgs } from 'node:util';
import { loadEnvFile, parseConfig } from '../src/config.ts';
import { issueToken } from '../src/setup/issue-token.ts';
import { runCommand } from './run-command.ts';
import { withDatabase } from './with-database.ts';

/** `npm run token`: makes an API token and prints it, once (Spec 8.1). Only the token goes to standard output. */
const USAGE = `npm run token -- --tenant T.. --name NAME --scopes releases:read,releases:write,builds:write`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      tenant: { type: 'string' },
      name: { type: 'string' },
      scopes: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const { tenant: tenantId, name, scopes } = values;
  if (values.help || !tenantId || !name || !scopes) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  const asked = scopes.split(',').map((scope) => scope.trim());
  const made = await withDatabase(parseConfig(loadEnvFile()), ({ repositories }) =>
    issueToken(repositories, { tenantId, name, scopes: asked.filter(Boolean) }, new Date()),
  );
  console.error(`Token "${name}" of ${tenantId} with ${made.scopes.join(', ')}. It is shown this once:`);
  console.log(made.secret);
  return 0;
}

runCommand(main, USAGE);
