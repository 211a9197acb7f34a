import type { World } from '../world.ts';

/** Too many requests: HTTP 429 with Retry-After. */
export class RateLimited extends Error {
  readonly retryAfterS: number;
  constructor(retryAfterS: number) {
    super('ratelimited');
    this.retryAfterS = retryAfterS;
  }
}

interface Bucket {
  tokens: number;
  at: number;
}

const buckets = new WeakMap<World, Map<string, Bucket>>();

/** Counts one post into a channel against the limit, when one is set. */
export function spendPost(world: World, channel: string): void {
  const limit = world.options.postLimit;
  if (!limit) return;
  const perChannel = buckets.get(world) ?? new Map<string, Bucket>();
  buckets.set(world, perChannel);
  const now = world.wallNow();
  const bucket = perChannel.get(channel) ?? { tokens: limit.burst, at: now };
  bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond);
  bucket.at = now;
  perChannel.set(channel, bucket);
  if (bucket.tokens < 1) throw new RateLimited(Math.max(1, Math.ceil((1 - bucket.tokens) / limit.perSecond)));
  bucket.tokens -= 1;
}
