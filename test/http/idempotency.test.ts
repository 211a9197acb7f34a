import { createHash } from 'node:crypto';
import type { Release } from '../../src/domain/release.ts';
import type { Deliveries, Delivery, Engine } from '../../src/engine/index.ts';
import { Refusal } from '../../src/shared/errors.ts';
import { fakeDeliveries, fakeEngine, type RunningApi, SECRETS, startApi } from './support/api.ts';
import { inStages, makeRelease, NOW } from './support/releases.ts';

const BODY = {
  releaseConfigId: 'Mobile',
  platformTargets: [{ platform: 'IOS', version: '7.0.0' }],
  kickOffDate: '2026-12-01T10:00:00Z',
};
const KEY = { 'Idempotency-Key': 'build-245' };
const BUILDS = '/api/v1/releases/rel_1/builds';

let api: RunningApi;
afterEach(async () => {
  await api.close();
});

function uploadForm(content: string, fileName = 'app.ipa'): FormData {
  const body = new FormData();
  body.set('stage', 'REGRESSION');
  body.set('platform', 'IOS');
  body.set('file', new Blob([content]), fileName);
  return body;
}

/** Counts what was really done. */
function counting() {
  const done = { created: 0, uploads: [] as (string | null)[] };
  const engine: Partial<Engine> = {
    createRelease: async () => {
      done.created += 1;
      return makeRelease({ id: `rel_${done.created}` });
    },
    submitUpload: async (input) => {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      for await (const chunk of await input.openBytes()) {
        hash.update(chunk as Buffer);
        sizeBytes += (chunk as Buffer).length;
      }
      done.uploads.push(input.dedupeKey);
      return {
        uploadId: `upl_${done.uploads.length}`,
        releaseId: input.releaseId,
        stage: 'REGRESSION',
        platform: 'IOS',
        fileName: input.fileName,
        version: null,
        buildNumber: null,
        sizeBytes,
        sha256: hash.digest('hex'),
        replacedFileName: null,
        warning: null,
      };
    },
  };
  return { engine, done };
}

async function start(engine: Partial<Engine>, releases: Release[] = [], limits = {}): Promise<void> {
  api = await startApi(fakeEngine(engine, releases), { limits: { idempotencyWaitMs: 5_000, ...limits } });
}
const create = (headers: Record<string, string> = KEY, json: object = BODY) =>
  api.call('POST', '/api/v1/releases', { json, headers });

describe('a request with an Idempotency-Key', () => {
  test('repeated gets the first answer again, marked, and nothing is done twice', async () => {
    const { engine, done } = counting();
    await start(engine);
    const first = await create();
    const second = await create();
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ]);
    expect(done.created).toBe(1);
  });

  test('whose fields stand in another order is the same request', async () => {
    const { engine, done } = counting();
    await start(engine);
    await create();
    expect((await create(KEY, Object.fromEntries(Object.entries(BODY).reverse()))).status).toBe(201);
    expect(done.created).toBe(1);
  });

  test('with another body is refused', async () => {
    const { engine, done } = counting();
    await start(engine);
    await create();
    const { status, body } = await create(KEY, { ...BODY, baseBranch: 'develop' });
    expect([status, Object.keys(body.fields)]).toEqual([422, ['Idempotency-Key']]);
    expect(done.created).toBe(1);
  });

  test('is the token’s own: another token’s same key is another request', async () => {
    const { engine, done } = counting();
    await start(engine);
    await create();
    await api.call('POST', '/api/v1/releases', { json: BODY, headers: KEY, token: SECRETS.write });
    expect(done.created).toBe(2);
  });

  test('without one, or with another, is done each time', async () => {
    const { engine, done } = counting();
    await start(engine);
    await create({});
    await create({});
    await create({ 'Idempotency-Key': 'a' });
    await create({ 'Idempotency-Key': 'ab' });
    expect(done.created).toBe(4);
  });

  test.each(['', 'with space', 'x'.repeat(256)])('"%s" is no key: 400', async (key) => {
    await start(counting().engine);
    expect((await create({ 'Idempotency-Key': key })).status).toBe(400);
  });

  test('sent five times at once is done once, and all get its answer', async () => {
    const { engine, done } = counting();
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let received = 0;
    const deliveries = fakeDeliveries(() => NOW.getTime());
    const watched = {
      ...deliveries,
      receive: async (...call: Parameters<typeof deliveries.receive>) => {
        received += 1;
        if (received === 5) letGo();
        return await deliveries.receive(...call);
      },
    };
    const createRelease: Engine['createRelease'] = async (input, context) => {
      await gate; // until the other four were seen too
      return await (engine.createRelease as Engine['createRelease'])(input, context);
    };
    await start({ createRelease, deliveries: watched });
    const answers = await Promise.all(Array.from({ length: 5 }, () => create()));
    expect(done.created).toBe(1);
    for (const answer of answers) expect([answer.status, answer.body]).toEqual([201, answers[0]?.body]);
  });

  test('that takes too long for a repeat: 409 with Retry-After', async () => {
    const deliveries = fakeDeliveries(() => NOW.getTime());
    await start({ ...counting().engine, deliveries }, [], { idempotencyWaitMs: 0 });
    await create();
    // As if the first were still at it: the same request under a key that is held.
    const held: typeof deliveries = {
      ...deliveries,
      receive: async (delivery, leaseMs) => {
        const { delivery: known } = await deliveries.receive(delivery, leaseMs);
        return { claimed: false, delivery: { ...known, status: 'RECEIVED', result: null } };
      },
    };
    await api.close();
    await start({ ...counting().engine, deliveries: held }, [], { idempotencyWaitMs: 0 });
    const { status, headers } = await create();
    expect([status, headers.get('retry-after')]).toEqual([409, '5']);
  });

  test('that was refused by a rule is refused again the same way', async () => {
    let asked = 0;
    await start({
      createRelease: async () => {
        asked += 1;
        throw new Refusal('CONFLICT', 'Taken by 7.0.0.');
      },
    });
    const [first, second] = [await create(), await create()];
    expect([first.status, second.status, second.body]).toEqual([409, 409, first.body]);
    expect(asked).toBe(1);
  });

  test('that failed on our side may be sent again', async () => {
    const { engine, done } = counting();
    let failures = 1;
    await start({
      createRelease: async (input, context) => {
        if (failures-- > 0) throw new Error('bug');
        return await (engine.createRelease as Engine['createRelease'])(input, context);
      },
      queries: { findReleases: async () => [] } as unknown as Engine['queries'],
    });
    expect([(await create()).status, (await create()).status]).toEqual([500, 201]);
    expect(done.created).toBe(1);
  });
});

test('a release that was created although the answer failed on our side is found by the repeat, not refused', async () => {
  const made = makeRelease({
    targets: [{ platform: 'IOS', version: '7.0.0', store: null }],
    kickOffDate: new Date(BODY.kickOffDate),
    createdBy: 'token:all',
    createdAt: NOW,
  });
  let stored: Release[] = [];
  await start({
    createRelease: async () => {
      if (stored.length > 0) throw new Refusal('CONFLICT', 'Taken.');
      stored = [made];
      throw new Error('the database went away');
    },
    queries: { findReleases: async () => stored } as unknown as Engine['queries'],
  });
  const [first, second] = [await create(), await create()];
  expect([first.status, second.status, second.body.release?.id]).toEqual([500, 201, 'rel_1']);
});

test('two attempts that one key was given to, at a stop, both answer what one of them made', async () => {
  const made = makeRelease({
    targets: [{ platform: 'IOS', version: '7.0.0', store: null }],
    kickOffDate: new Date(BODY.kickOffDate),
    createdBy: 'token:all',
    createdAt: NOW,
  });
  const real = fakeDeliveries(() => NOW.getTime());
  const claims: Delivery[] = [];
  const deliveries: Deliveries = {
    ...real,
    async receive(delivery, leaseMs) {
      const received = await real.receive(delivery, leaseMs);
      claims.push(received.delivery);
      return received;
    },
  };
  let attempts = 0;
  let other: Awaited<ReturnType<typeof create>> | null = null;
  let stored: Release[] = [];
  await start({
    deliveries,
    createRelease: async () => {
      attempts += 1;
      if (attempts === 1) {
        if (claims[0]) await real.handBack(claims[0]);
        other = await create();
        throw new Refusal('CONFLICT', 'Taken.');
      }
      stored = [made];
      return made;
    },
    queries: { findReleases: async () => stored } as unknown as Engine['queries'],
  });
  const first = await create();
  expect([first.status, first.body.release?.id, attempts]).toEqual([201, 'rel_1', 2]);
  expect(other).toMatchObject({ status: 201, body: { release: { id: 'rel_1' } } });
});

describe('after a crash between doing and answering', () => {
  /** Deliveries whose first claim was made by a process that died; its lease has run out. */
  async function abandoned(
    request: () => Promise<unknown>,
    engine: Partial<Engine>,
    releases: Release[] = [],
  ): Promise<void> {
    let nowMs = NOW.getTime();
    const deliveries = fakeDeliveries(() => nowMs);
    // The dying process: it claimed, and neither kept nor freed anything.
    const dying = { ...deliveries, finish: async () => false, forget: async () => undefined, renew: async () => false };
    await start({ ...engine, deliveries: dying }, releases);
    await request();
    await api.close();
    nowMs += 3_600_000;
    await start({ ...engine, deliveries }, releases);
  }

  test('a created release is found again, not made or refused', async () => {
    const made = makeRelease({
      targets: [{ platform: 'IOS', version: '7.0.0', store: null }],
      kickOffDate: new Date(BODY.kickOffDate),
      createdBy: 'token:all',
      createdAt: NOW,
    });
    let created = 0;
    const createRelease: Engine['createRelease'] = async () => {
      created += 1;
      if (created > 1) throw new Refusal('CONFLICT', 'Taken.');
      return made;
    };
    const queries = { findReleases: async () => [makeRelease({ id: 'other' }), made] } as unknown as Engine['queries'];
    await abandoned(create, { createRelease, queries });
    const { status, body } = await create();
    expect([status, body.release.id, created]).toEqual([201, 'rel_1', 1]);
  });

  test('a release that was not created yet is created', async () => {
    const { engine, done } = counting();
    const queries = { findReleases: async () => [] } as unknown as Engine['queries'];
    await abandoned(create, { ...engine, queries });
    done.created = 0;
    expect((await create()).status).toBe(201);
    expect(done.created).toBe(1);
  });

  test('an action that is in the audit trail is not done again', async () => {
    let paused = 0;
    const release = inStages(['IN_PROGRESS'], { status: 'PAUSED', pauseType: 'USER_REQUESTED' });
    const entry = {
      tenantId: 'T1',
      releaseId: 'rel_1',
      seq: 1,
      at: NOW,
      origin: 'API' as const,
      subject: null,
      reason: null,
      detail: {},
    };
    const history = async () => [{ ...entry, actor: 'token:all', action: 'RELEASE_PAUSED' }];
    const pauseRelease: Engine['pauseRelease'] = async () => {
      paused += 1;
      if (paused > 1) throw new Refusal('ACTION_NOT_AVAILABLE', 'Paused by User');
      return release;
    };
    const pause = () => api.call('POST', '/api/v1/releases/rel_1/actions/PAUSE', { headers: KEY });
    await abandoned(pause, { pauseRelease, queries: { history } as unknown as Engine['queries'] }, [release]);
    const { status, body } = await pause();
    expect([status, body.status.currentPhase, paused]).toEqual([200, 'PAUSED_BY_USER', 1]);
  });

  test('an upload is handed in under the same identity', async () => {
    const { engine, done } = counting();
    const upload = () => api.call('POST', BUILDS, { body: uploadForm('bytes'), headers: KEY });
    await abandoned(upload, engine);
    expect((await upload()).status).toBe(201);
    expect(done.uploads).toHaveLength(2);
    expect(done.uploads[0]).toMatch(/^idempotency:tok_all:[0-9a-f]{64}$/);
    expect(done.uploads[1]).toBe(done.uploads[0]);
  });

  test('another request under its key does not take its place', async () => {
    const { engine, done } = counting();
    const queries = { findReleases: async () => [] } as unknown as Engine['queries'];
    await abandoned(create, { ...engine, queries });
    done.created = 0;
    expect((await create(KEY, { ...BODY, baseBranch: 'x' })).status).toBe(422);
    expect(done.created).toBe(0);
  });
});

describe('an upload with an Idempotency-Key', () => {
  const upload = (content: string, fileName?: string) =>
    api.call('POST', BUILDS, { body: uploadForm(content, fileName), headers: KEY });

  test('repeated with the same bytes, under whatever boundary, is one upload', async () => {
    const { engine, done } = counting();
    await start(engine);
    const [first, second] = [await upload('bytes'), await upload('bytes')];
    expect([first.status, second.status, second.body]).toEqual([201, 201, first.body]);
    expect(done.uploads).toHaveLength(1);
  });

  test('repeated with other bytes or another name is refused', async () => {
    const { engine, done } = counting();
    await start(engine);
    await upload('bytes');
    expect((await upload('other')).status).toBe(422);
    expect((await upload('bytes', 'b.ipa')).status).toBe(422);
    expect(done.uploads).toHaveLength(1);
  });

  test('sent twice at once is one upload', async () => {
    const { engine, done } = counting();
    await start(engine);
    const answers = await Promise.all([upload('x'.repeat(3_000_000)), upload('x'.repeat(3_000_000))]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
    expect(done.uploads).toHaveLength(1);
  });

  test('that was malformed is not held against the key', async () => {
    const { engine, done } = counting();
    await start(engine);
    const faulty = uploadForm('bytes');
    faulty.set('note', 'after the file');
    expect((await api.call('POST', BUILDS, { body: faulty, headers: KEY })).status).toBe(400);
    expect((await upload('bytes')).status).toBe(201);
    expect(done.uploads).toHaveLength(1);
  });
});
