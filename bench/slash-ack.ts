import { createHmac } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import { startServer } from './support/child.ts';
import { percentile, type Result } from './support/numbers.ts';
import { SIGNING_SECRET, startWorld, TEAM_ID } from './support/world.ts';

/** Slash command to acknowledgement with 50 people at once: the bot against a bare Bolt app, in turns, in one run. */
const USERS = 50;
const ROUNDS = 40;
const WARM_UP_ROUNDS = 5;
const COMMANDS = ['help', 'list', 'status', 'why', 'builds'];

export async function benchSlashAck(): Promise<Result[]> {
  const world = await startWorld();
  const bare = await startServer('bench/support/bare-bolt.ts', [], {});
  const answers = await startAnswers();
  const agent = new Agent({ keepAlive: true, maxSockets: USERS });
  const bot: number[] = [];
  const baseline: number[] = [];
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
      const counts = round >= WARM_UP_ROUNDS;
      const bareTimes = await burst(agent, bare.port, world, answers.url, round);
      const botTimes = await burst(agent, world.bot.port, world, answers.url, round);
      if (counts) {
        baseline.push(...bareTimes);
        bot.push(...botTimes);
      }
      // What the commands answer is work of the bot too: the next burst begins when it is done.
      await answers.reached((round + 1) * USERS);
    }
  } finally {
    agent.destroy();
    answers.close();
    await bare.stop();
    await world.close();
  }
  const [ours, theirs] = [percentile(bot, 0.99), percentile(baseline, 0.99)];
  const ratio = ours / theirs;
  return [
    {
      what: `slash command to acknowledgement, ${USERS} people at once, p99`,
      figure: `${ratio.toFixed(2)} times (${ours.toFixed(1)} ms against ${theirs.toFixed(1)} ms of a bare Bolt app)`,
      bound: 'at most 1.3 times',
      holds: ratio <= 1.3,
    },
  ];
}

type World = Awaited<ReturnType<typeof startWorld>>;

function burst(agent: Agent, port: number, world: World, answerUrl: string, round: number): Promise<number[]> {
  return Promise.all(Array.from({ length: USERS }, (_, user) => slash(agent, port, world, answerUrl, user, round)));
}

/** Where the bot's answers go, as Slack's `response_url` would. */
async function startAnswers() {
  let count = 0;
  let check = () => {};
  const server = createServer((call, response) => {
    call.resume();
    call.once('end', () => {
      response.end('ok');
      count += 1;
      check();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/answer`,
    reached: (wanted: number) =>
      new Promise<void>((resolve) => {
        check = () => count >= wanted && resolve();
        check();
      }),
    close: () => server.close(),
  };
}

function slash(
  agent: Agent,
  port: number,
  world: World,
  answerUrl: string,
  user: number,
  round: number,
): Promise<number> {
  const body = new URLSearchParams({
    command: '/release',
    text: COMMANDS[(user + round) % COMMANDS.length] ?? 'help',
    team_id: TEAM_ID,
    team_domain: 'bench',
    user_id: 'U01ALICE',
    user_name: 'alice',
    channel_id: world.channelId,
    channel_name: 'releases',
    trigger_id: `1.${user}.${round}`,
    api_app_id: 'A1',
    response_url: answerUrl,
  }).toString();
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex');
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': `v0=${signature}`,
  };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const call = request(
      { agent, port, host: '127.0.0.1', path: '/slack/events', method: 'POST', headers },
      (response) => {
        const tookMs = performance.now() - startedAt;
        response.resume();
        response.once('end', () =>
          response.statusCode === 200 ? resolve(tookMs) : reject(new Error(`answered ${response.statusCode}`)),
        );
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}
