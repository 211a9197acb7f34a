import { type S3StandIn, startS3 } from '../../sandbox/s3/index.ts';
import { MINUTE_MS, startTestBot, type TestBot } from '../support/bot.ts';
import type { Asked } from '../support/relay.ts';
import { type Choosing, chooseFault } from './choose.ts';
import { type Fault, PROVIDERS, type Provider } from './kinds.ts';
import { NAME_OF } from './names.ts';
import { startFaultProxy } from './proxy.ts';

/** The real bot in this process, with a proxy before each provider that spoils some of the calls. */
export interface FaultWorld extends TestBot {
  s3: S3StandIn;
  /** What was spoilt, in order: `github POST git/refs refs/heads/x (2): reset after`. */
  met: readonly string[];
  /** From now on calls go wrong; before, none does. */
  storm(): void;
  /** From now on none does any more. */
  calm(): void;
}

export interface FaultWorldOptions extends Choosing {
  /** whose calls go wrong; default all */
  providers?: readonly Provider[];
}

const KEYS = { accessKeyId: 'AKIAFAULTS', secretAccessKey: 'only-for-tests' };

export async function startFaultWorld(options: FaultWorldOptions): Promise<FaultWorld> {
  const { providers = PROVIDERS } = options;
  const met: string[] = [];
  const counts = new Map<string, number>();
  const expired = new Map<Provider, { fault: Fault; until: number }>();
  const closing: (() => Promise<void>)[] = [];
  let isStormy = false;
  let nowMs = () => 0;

  function faultFor(provider: Provider, asked: Asked): Fault | null {
    if (!isStormy || !providers.includes(provider)) return null;
    const name = NAME_OF[provider](asked);
    const nth = (counts.get(`${provider} ${name}`) ?? 0) + 1;
    counts.set(`${provider} ${name}`, nth);
    const standing = expired.get(provider);
    if (standing && nowMs() < standing.until) return standing.fault;
    const fault = chooseFault(options, { provider, name, nth });
    if (fault?.kind === 'token') expired.set(provider, { fault, until: nowMs() + fault.minutes * MINUTE_MS });
    if (fault) met.push(`${provider} ${name} (${nth}): ${fault.name}`);
    return fault;
  }

  async function proxied(provider: Provider, straight: string): Promise<string> {
    const { origin, pathname } = new URL(straight);
    const proxy = await startFaultProxy(origin, (asked) => faultFor(provider, asked));
    closing.push(() => proxy.close());
    return `${proxy.origin}${pathname === '/' ? '' : pathname}`;
  }

  try {
    const s3 = await startS3({ keys: KEYS });
    closing.push(() => s3.close());
    // The SDK finds its keys by itself.
    process.env['AWS_ACCESS_KEY_ID'] = KEYS.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = KEYS.secretAccessKey;
    const bot = await startTestBot({
      githubApiUrl: (straight) => proxied('github', straight),
      slackApiUrl: (straight) => proxied('slack', straight),
      env: { ARTIFACTS_S3_BUCKET: s3.bucket, ARTIFACTS_S3_ENDPOINT: await proxied('s3', s3.endpoint) },
    });
    nowMs = () => bot.now().getTime();
    return {
      ...bot,
      s3,
      met,
      storm() {
        isStormy = true;
      },
      calm() {
        isStormy = false;
      },
      async close() {
        isStormy = false;
        await bot.close();
        for (const end of closing.reverse()) await end();
      },
    };
  } catch (error) {
    for (const end of closing.reverse()) await end();
    throw error;
  }
}
