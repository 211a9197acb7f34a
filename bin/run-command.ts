import { inspect } from 'node:util';
import { ConfigError, Refusal } from '../src/shared/errors.ts';
import { scrub } from '../src/shared/logger.ts';

/**
 * Ends the process with what `main` gives, `failsWith` where it throws. What a person can do something about is said in a
 * sentence, a misspelled option with the `usage`; our own bugs keep their stack.
 */
export function runCommand(main: () => Promise<number>, usage: string, { failsWith = 1 } = {}): void {
  main().then(
    (exitCode) => {
      process.exitCode = exitCode;
    },
    (error: unknown) => {
      const isOurs = error instanceof ConfigError || error instanceof Refusal;
      const isUsage = error instanceof TypeError && 'code' in error;
      if (isUsage) console.error(`${error.message}\n\n${usage}`);
      else console.error(scrub(isOurs ? error.message : inspect(error)));
      process.exitCode = failsWith;
    },
  );
}
