import type { Delivery } from '../persistence/types/index.ts';
import type { Deps } from './deps.ts';
import type { Deliveries } from './index.ts';

/** Things that arrived, claimed here until they are finished; what is left at a stop is for another instance. */
export function createDeliveries(
  deps: Deps,
  isStopping: () => boolean,
): { deliveries: Deliveries; handBackAll(): Promise<void> } {
  const stored = deps.repositories.deliveries;
  const now = () => deps.clock.now();
  const held = new Map<string, Delivery>();
  const arriving = new Set<Promise<unknown>>();
  let isHandedBack = false;

  const keep = async (delivery: Delivery) => {
    if (delivery.attempts > 1) deps.metrics.recovered('delivery');
    // What comes after the rest went is worked on while there is time, and is another instance's all the same.
    if (isHandedBack) await giveBack(delivery);
    else if (delivery.lease) held.set(delivery.lease.token, delivery);
  };
  const drop = ({ lease }: Delivery) => {
    if (lease) held.delete(lease.token);
  };

  async function giveBack(delivery: Delivery): Promise<void> {
    await stored.handBack(delivery, now()).catch((error: unknown) => {
      const { tenantId, key } = delivery;
      deps.logger.warn({ err: error, tenantId, deliveryId: key }, 'delivery not handed back');
    });
  }

  async function receive(delivery: Parameters<Deliveries['receive']>[0], leaseMs: number) {
    const received = await stored.receive(delivery, now(), leaseMs);
    if (received.claimed) await keep(received.delivery);
    return received;
  }

  return {
    deliveries: {
      async receive(delivery, leaseMs) {
        const receiving = receive(delivery, leaseMs);
        arriving.add(receiving);
        return receiving.finally(() => arriving.delete(receiving));
      },
      async claimAbandoned(prefix, leaseMs) {
        // What was handed back is not for who handed it back.
        if (isStopping()) return null;
        const claimed = await stored.claimAbandoned(prefix, now(), leaseMs);
        if (claimed) await keep(claimed);
        return claimed;
      },
      renew: (delivery, leaseMs) => stored.renew(delivery, now(), leaseMs),
      async finish(delivery, status, result) {
        drop(delivery);
        return stored.finish(delivery, status, result, now());
      },
      async handBack(delivery) {
        drop(delivery);
        await stored.handBack(delivery, now());
      },
      async forget(delivery) {
        drop(delivery);
        await stored.forget(delivery);
      },
      find: (tenantId, key) => stored.find(tenantId, key),
    },
    async handBackAll() {
      isHandedBack = true;
      const all = [...held.values()];
      held.clear();
      await Promise.allSettled([...all.map(giveBack), ...arriving]);
    },
  };
}
