import bolt from '@slack/bolt';
import { BOT_TOKEN, SIGNING_SECRET } from './world.ts';

/** The baseline of `slash-ack`: a Bolt app that only acknowledges. */
const receiver = new bolt.ExpressReceiver({ signingSecret: SIGNING_SECRET });
const app = new bolt.App({
  receiver,
  token: BOT_TOKEN,
  botId: 'B1',
  botUserId: 'U1',
  tokenVerificationEnabled: false,
  logLevel: bolt.LogLevel.ERROR,
});
app.command('/release', ({ ack }) => ack());
const server = await app.start({ port: 0, host: '127.0.0.1' });
const address = server.address();
console.log(`"port":${typeof address === 'object' && address ? address.port : 0}`);
process.once('SIGTERM', () => process.exit(0));
