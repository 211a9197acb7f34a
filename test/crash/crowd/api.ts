import { type CrowdWorld, PEOPLE } from './world.ts';

export interface Body {
  body: string | FormData;
  type?: string;
}

const AGAIN_AFTER_MS = 150;
const PATIENCE_MS = 180_000;

export const jsonBody = (json: object): Body => ({ body: JSON.stringify(json), type: 'application/json' });

/** Repeats the call with one key, at any instance, until there is an answer; throws for an answer that says no. */
export async function callUntilAnswered(
  world: CrowdWorld,
  person: keyof typeof PEOPLE,
  path: string,
  key: string,
  make: () => Body,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let last = ''; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS))) {
    const { body, type } = make();
    try {
      const answer = await fetch(`${world.origin}/api/v1${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${PEOPLE[person]}`,
          'idempotency-key': key,
          connection: 'close',
          ...(type ? { 'content-type': type } : {}),
        },
        body,
      });
      last = `${answer.status} ${await answer.text()}`;
      if (answer.ok) return;
      // 409 with Retry-After: the first call with this key is still worked on, perhaps by an instance that died.
      const isPassing = answer.status >= 500 || answer.headers.has('retry-after');
      if (!isPassing) throw new Refused(`POST ${path} was answered with ${last}`);
    } catch (error) {
      if (error instanceof Refused) throw error;
      last = String(error);
    }
    if (Date.now() + AGAIN_AFTER_MS >= deadline) throw new Refused(`POST ${path} was never answered: ${last}`);
  }
}

class Refused extends Error {}
