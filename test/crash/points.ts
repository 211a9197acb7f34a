import { mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseCommand } from '../support/database-proxy.ts';
import { keyOf } from '../support/messages.ts';
import type { CrashPoint } from './world.ts';

/** Where the bot may die, by what it asked of the world: a sweep enumerates them by `nth`. */

/** GitHub carried the call out (the `nth` that fits), the answer never came. */
export function afterGithub(call: RegExp, nth = 1): CrashPoint {
  return {
    name: `GitHub answered nothing to ${call} (${nth})`,
    arm(world, reached) {
      let seen = 0;
      return world.github.faults.always(
        ({ method, path }) => {
          if (!call.test(`${method} ${path}`)) return false;
          seen += 1;
          if (seen !== nth) return false;
          // The stand-in carries it out right after it asked; then the bot is gone.
          setImmediate(reached);
          return true;
        },
        { kind: 'hang', when: 'after' },
      );
    },
  };
}

/** The message stands in Slack, the answer was not sent yet. */
export function afterMessage(occasion: RegExp): CrashPoint {
  return {
    name: `Slack has the message ${occasion}`,
    arm: (world, reached) =>
      world.slack.watch((change) => {
        if (change.kind === 'message' && occasion.test(keyOf(change.message) ?? '')) reached();
      }),
  };
}

/** A command of the database that fits: lost before the server saw it, or carried out without an answer. */
export function atDatabase(
  hold: 'request' | 'answer',
  what: string,
  fits: (command: DatabaseCommand) => boolean,
  nth = 1,
): CrashPoint {
  return {
    name: `the database ${hold === 'request' ? 'never saw' : 'carried out'} ${what} (${nth})`,
    arm(world, reached) {
      let seen = 0;
      world.proxy.intercept = (command) => {
        if (!fits(command)) return 'pass';
        seen += 1;
        return seen === nth ? { hold, reached } : 'pass';
      };
      return () => {
        world.proxy.intercept = null;
      };
    },
  };
}

/** The first bytes of a file are on the disk, the rest is still to come. */
export function whileBytesArrive(): CrashPoint {
  return {
    name: 'a file is half-way in the store',
    arm(world, reached) {
      const directory = join(world.env['ARTIFACTS_DIR'] ?? '', '.unfinished');
      mkdirSync(directory, { recursive: true });
      const watcher = watch(directory, (event) => {
        if (event === 'change') reached();
      });
      return () => watcher.close();
    },
  };
}
