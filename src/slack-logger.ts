import { LogLevel, type Logger as SlackLogger } from '@slack/bolt';
import type { Logger } from './shared/logger.ts';

/**
 * Bolt's and the web client's logger on top of pino. Their debug lines hold whole requests (texts of messages, modal
 * inputs): those are dropped at every level. The level stays pino's: Bolt sets its own in its constructor. Spec 8.5.
 */
export function slackLogger(logger: Logger): SlackLogger {
  const child = logger.child({ part: 'slack' });
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) => {
      const err = parts.find((part) => part instanceof Error);
      const words = parts.filter((part) => typeof part === 'string');
      // As fields, so that what must not be in a log is known by its name.
      const details = parts.filter((part) => part !== err && typeof part !== 'string');
      child[level]({ ...(err && { err }), ...(details.length > 0 && { details }) }, words.join(' '));
    };
  return {
    debug: () => {},
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
