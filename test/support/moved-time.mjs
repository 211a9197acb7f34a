// Loaded into a bot of its own process before anything else: its time is the world's, moved by what the test says.
const Real = globalThis.Date;
let offsetMs = 0;
const now = () => Real.now() + offsetMs;

globalThis.Date = new Proxy(Real, {
  apply: () => new Real(now()).toString(),
  construct: (_target, given, newTarget) =>
    Reflect.construct(Real, given.length === 0 ? [now()] : given, newTarget === globalThis.Date ? Real : newTarget),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

const told = new Promise((resolve) => {
  process.on('message', (message) => {
    offsetMs = message.offsetMs;
    process.send(message);
    resolve();
  });
});

// Everything is loaded ahead, so that it starts at once when it is told the time.
await import(process.env.TEST_MAIN);
await told;
// Listening alone must not keep the bot alive.
process.channel?.unref();
