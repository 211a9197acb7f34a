import { type ChildBot, loadChildBot } from '../support/child-bot.ts';
import { type DatabaseCommand, type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { type Outside, startOutside } from '../support/outside.ts';
import { compileProgram, type Program } from '../support/program.ts';

/** Two instances on one database: what one held when it died is the other's within a lease (Spec 7.3). */

jest.setTimeout(90_000);
const LEASE_MS = 60_000;

let program: Program;
let outside: Outside;
const proxies: DatabaseProxy[] = [];
const bots: ChildBot[] = [];

beforeAll(async () => {
  program = await compileProgram();
  outside = await startOutside({ clock: () => new Date() });
  for (let instance = 0; instance < 2; instance += 1) {
    const proxy = await startDatabaseProxy(outside.database.uri);
    proxies.push(proxy);
    const env = { ...outside.env, MONGODB_URI: proxy.uri, SLIPWAY_TICK_SECONDS: '1' };
    bots.push(loadChildBot({ env, cwd: outside.env['SLIPWAY_DATA_DIR'] ?? '/', program: program.directory }));
  }
  for (const bot of bots) bot.setOffset(0);
  await Promise.all(bots.map((bot) => bot.up));
});
afterAll(async () => {
  for (const bot of bots) bot.kill();
  await Promise.all(bots.map((bot) => bot.exited));
  for (const proxy of proxies) await proxy.close();
  await outside.close();
  await program.remove();
});

const LOOKS: ((command: DatabaseCommand) => boolean)[] = [
  ({ name, collection }) => name === 'find' && collection === 'releases',
  ({ name, collection }) => name === 'find' && collection === 'outbox',
];

test('an instance that dies in the middle of the tick and the outbox is followed by the other', async () => {
  const [dying, other] = bots;
  const [ofDying, ofOther] = proxies;
  if (!dying || !other || !ofDying || !ofOther) throw new Error('there should be two instances');
  let goOn = () => {};
  const died = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  // The other one takes no job for now, so that the first one comes to hold them all ...
  const takesJob = ({ name, collection }: DatabaseCommand) => name === 'findAndModify' && collection === 'jobs';
  ofOther.intercept = (command) => (takesJob(command) ? { until: died } : 'pass');
  for (const fits of LOOKS) await lookFor(ofDying, fits, { hold: 'request', reached: () => undefined });
  // ... and dies while it waits for an answer.
  dying.kill();
  await dying.exited;
  other.setOffset(LEASE_MS + 1_000);
  goOn();
  for (const fits of LOOKS) await lookFor(ofOther, fits, 'pass');
});

/** Resolves when the instance behind this proxy looks so for what is due. */
function lookFor(
  proxy: DatabaseProxy,
  fits: (command: DatabaseCommand) => boolean,
  verdict: ReturnType<NonNullable<DatabaseProxy['intercept']>>,
): Promise<void> {
  return new Promise((resolve) => {
    proxy.intercept = (command) => {
      if (!fits(command)) return 'pass';
      resolve();
      return verdict;
    };
  });
}
