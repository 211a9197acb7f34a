import { setTimeout as pause } from 'node:timers/promises';
import { type Caller, post } from '../../support/api-callers.ts';
import type { CrowdWorld } from './world.ts';

const AGAIN_AFTER_MS = 150;
const PATIENCE_MS = 180_000;

/** Repeats the call with one key, at any instance, until there is an answer; throws for an answer that says no. */
export async function callUntilAnswered(
  world: CrowdWorld,
  call: { caller: Caller; path: string; key: string; body: object | FormData },
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let last = '';
  for (; Date.now() < deadline; await pause(AGAIN_AFTER_MS)) {
    const answer = await post(world.origin, call).catch(String);
    if (typeof answer === 'string') {
      last = answer;
      continue;
    }
    if (answer.status < 300) return;
    last = `${answer.status} ${answer.text}`;
    // 409 with Retry-After: the first call with this key is still worked on, perhaps by an instance that died.
    const isPassing = answer.status >= 500 || answer.headers.has('retry-after');
    if (!isPassing) break;
  }
  throw new Error(`POST ${call.path} was answered with ${last}`);
}
