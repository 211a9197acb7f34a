import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { defineAlone } from './keep-lock.ts';

/** Whether the connected accounts still work (Spec 4.2, 7.3). */
export function defineVerification(agenda: Agenda, { engine, logger }: JobDeps): void {
  const verify = async () => logger.info(await engine.verifyIntegrations(), 'integrations verified');
  defineAlone(agenda, 'verification', logger, verify);
}
