import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;
const agendas: Agenda[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
});

afterEach(async () => {
  await Promise.all(agendas.splice(0).map((agenda) => agenda.stop()));
});

afterAll(async () => {
  await database.close();
});

function createAgenda(name: string): Agenda {
  const agenda = new Agenda({
    backend: new MongoBackend({ mongo: database.client.db(name) as never }),
    processEvery: 20,
  });
  agendas.push(agenda);
  return agenda;
}

describe('agenda', () => {
  it('runs what is due, with its data, and remembers when', async () => {
    const agenda = createAgenda('runs');
    const ran = new Promise<unknown>((resolve) => {
      agenda.define('greet', async (job) => resolve(job.attrs.data));
    });
    const finished = new Promise<unknown>((resolve) => agenda.on('success:greet', resolve));
    await agenda.start();
    await agenda.now('greet', { to: 'you' });
    expect(await ran).toEqual({ to: 'you' });
    await finished;
    const { jobs } = await agenda.queryJobs({ name: 'greet' });
    expect(jobs[0]?.lastFinishedAt).toBeInstanceOf(Date);
    expect(jobs[0]?.nextRunAt).toBeNull();
  });

  it('keeps one job for every(), however often it is called, and one for a unique key', async () => {
    const agenda = createAgenda('once');
    agenda.define('tick', async () => {});
    agenda.define('remind', async () => {});
    await Promise.all([agenda.every('10 minutes', 'tick'), agenda.every('10 minutes', 'tick')]);
    await agenda.every('5 minutes', 'tick');
    for (let n = 0; n < 3; n += 1) {
      await agenda
        .create('remind', { release: 'r1', n })
        .unique({ 'data.release': 'r1' })
        .schedule(new Date(Date.now() + 60_000))
        .save();
    }
    expect((await agenda.queryJobs({ name: 'tick' })).total).toBe(1);
    const { jobs } = await agenda.queryJobs({ name: 'remind' });
    expect(jobs.map(({ data }) => data)).toEqual([{ release: 'r1', n: 2 }]);
    expect(await agenda.cancel({ name: 'remind' })).toBe(1);
    expect((await agenda.queryJobs({})).total).toBe(1);
  });

  it('gives a job to one of two workers only', async () => {
    const runs = new Map<number, number>();
    let done = (): void => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const workers = ['a', 'b'].map(() => createAgenda('shared'));
    for (const worker of workers) {
      worker.define('work', async (job) => {
        const { n } = job.attrs.data as { n: number };
        runs.set(n, (runs.get(n) ?? 0) + 1);
        if (runs.size === 20) done();
      });
      await worker.start();
    }
    await Promise.all(Array.from({ length: 20 }, async (_, n) => await workers[0]?.now('work', { n })));
    await all;
    expect([...runs.values()]).toEqual(Array.from({ length: 20 }, () => 1));
  });
});
