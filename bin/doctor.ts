import { access } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Config, loadEnvFile, parseConfig } from '../src/config.ts';
import { ALL_REPAIRS, type DoctorReport, runDoctor } from '../src/engine/index.ts';
import { artifactConfigOf, createArtifactStore } from '../src/integrations/artifacts/index.ts';
import type { Persistence } from '../src/persistence/index.ts';
import { systemClock } from '../src/shared/clock.ts';
import { ConfigError } from '../src/shared/errors.ts';
import { createLogger } from '../src/shared/logger.ts';
import { printJson, printReport } from './print-doctor.ts';
import { runCommand } from './run-command.ts';
import { withDatabase } from './with-database.ts';

/** `npm run doctor`: what must always hold (Spec 7), looked at from beside the bot. */
const USAGE = `npm run doctor -- [--repair] [--json] [--tenant T..]

  --repair    does what is safe about what it finds, and says what it did
  --json      prints the whole report as JSON
  --tenant T  looks at this tenant alone

Exits 0 when no error is left, 1 when some are, 2 when it could not look.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      repair: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      tenant: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.error(USAGE);
    return 0;
  }
  const config = parseConfig(loadEnvFile());
  const artifacts = await storeOf(config);
  const look = async ({ repositories }: Persistence) => {
    if (values.tenant !== undefined && !(await repositories.tenants.find(values.tenant))) {
      throw new ConfigError([`--tenant ${values.tenant}: there is no such tenant`]);
    }
    const logger = createLogger({ level: 'warn', destination: process.stderr });
    return runDoctor(
      { clock: systemClock, logger, repositories, artifacts },
      { tenantId: values.tenant ?? null, changedSince: null, repairs: values.repair ? ALL_REPAIRS : [] },
    );
  };
  const report = await withDatabase(config, look, { onlyLooks: true });
  for (const line of values.json ? printJson(report) : printReport(report)) console.log(line);
  for (const line of notesOn(report, artifacts === null)) console.error(line);
  return report.errorsLeft > 0 ? 1 : 0;
}

/** What a report that says that all is well must not hide. */
function notesOn({ counts }: DoctorReport, noStore: boolean): string[] {
  return [
    ...(counts.tenants + counts.releases === 0
      ? ["Nothing is stored here: is MONGODB_URI the bot's? (What a sandbox keeps is not looked at.)"]
      : []),
    ...(noStore && counts.uploads > 0
      ? ["The files of builds were not looked at: ARTIFACTS_DIR is not on this machine, or not set to the bot's."]
      : []),
  ];
}

/** Null where the files are not on this machine: what cannot be seen from here is not said to be gone. */
async function storeOf({ artifacts }: Config) {
  if (artifacts.kind === 'directory') {
    const isHere = await access(artifacts.dir).then(
      () => true,
      () => false,
    );
    if (!isHere) return null;
  }
  return createArtifactStore(artifactConfigOf(artifacts));
}

runCommand(main, USAGE, { failsWith: 2 });
