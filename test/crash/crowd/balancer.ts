import { forward, type Relay, send, startRelay } from '../../support/relay.ts';
import type { Random } from './random.ts';

/**
 * One address before several instances: each request goes to any that listens. `ports` are those that listen now. 503
 * when none does; the sender's connection is cut when its instance dies over it.
 */
export function startBalancer(ports: () => number[], random: Random): Promise<Relay> {
  return startRelay(async (asked, response) => {
    for (const port of random.shuffled(ports())) {
      try {
        send(asked, response, await forward(asked, `http://127.0.0.1:${port}`));
        return;
      } catch (error) {
        // Nobody listens there any more: another one may take it. What was taken by one is not given to a second.
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      }
    }
    response.writeHead(503).end();
  });
}
