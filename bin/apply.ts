import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadEnvFile, parseConfig } from '../src/config.ts';
import { createScm } from '../src/integrations/scm/index.ts';
import { applySetup } from '../src/setup/apply.ts';
import { loadCredentialKeys } from '../src/setup/credential-keys.ts';
import { exitCodeOf, printSetup } from '../src/setup/print.ts';
import { createSealer } from '../src/shared/crypto.ts';
import { ConfigError } from '../src/shared/errors.ts';
import { runCommand } from './run-command.ts';
import { withDatabase } from './with-database.ts';

/** `npm run apply -- file.yaml`: a tenant's set-up from a file (Spec 4.7). Exits 1 on mistakes and INVALID integrations. */
const USAGE = `npm run apply -- FILE.yaml [--dry-run] [--prune] [--no-verify]

  --dry-run    shows what would change, and changes nothing
  --prune      deletes integrations and configurations that the file does not name
  --no-verify  leaves integrations PENDING instead of asking their providers
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      prune: { type: 'boolean', default: false },
      'no-verify': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [path] = positionals;
  if (values.help || !path || positionals.length > 1) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError([`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  });
  const env = loadEnvFile();
  const config = parseConfig(env);
  const { keys, source } = await loadCredentialKeys(config);
  const options = { dryRun: values['dry-run'], prune: values.prune, noVerify: values['no-verify'] };
  const result = await withDatabase(config, ({ repositories }) =>
    applySetup(
      text,
      {
        repositories,
        sealer: createSealer(keys),
        env,
        readFile: (name) => readFile(resolve(dirname(path), name), 'utf8'),
        verify: ({ provider, settings }, credentials) => createScm({ provider, settings, credentials }).verify(),
        now: () => new Date(),
      },
      options,
    ),
  );
  const isSealed = !values['dry-run'] && result.changes.some((change) => change.what === 'integration');
  if (isSealed && source !== 'CREDENTIAL_KEYS')
    console.error(`CREDENTIAL_KEYS is not set: credentials are sealed with ${source}`);
  const exitCode = exitCodeOf(result);
  for (const line of printSetup(path, result, options)) (exitCode === 0 ? console.log : console.error)(line);
  return exitCode;
}

runCommand(main, USAGE);
