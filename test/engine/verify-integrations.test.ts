import { AuthError, TransientError } from '../../src/shared/errors.ts';
import { engineWorld, TENANT, type World } from '../support/engine-world.ts';

/** The daily question to each connected account, whether it still works (Spec 4.2, 7.3). */

let world: World;
beforeEach(async () => {
  world = await engineWorld();
  const { integrations } = world.persistence.repositories;
  await integrations.upsert({ ...(await github()), sealedCredentials: 'sealed' });
});
afterEach(() => world.close());

const DAY_MS = 24 * 3_600_000;
const fault = { provider: 'GITHUB', operation: 'verify', status: 401, detail: 'Bad credentials' };
const github = () => world.persistence.repositories.integrations.get(TENANT, 'int_github');
const told = () => world.messenger.sent.map(({ versions }) => versions.at(-1)?.text ?? '');
const answers = (answer: Error | null) => {
  world.scm.verify = async () => {
    if (answer) throw answer;
    return { detail: 'reads and writes' };
  };
};
async function nextDay() {
  world.setNow(new Date(world.now().getTime() + DAY_MS));
  const found = await world.engine.verifyIntegrations();
  await world.tick();
  return found;
}

test('one that works is VALID as of now', async () => {
  answers(null);
  expect(await nextDay()).toEqual({ valid: 1, invalid: 0 });
  const verification = { status: 'VALID', checkedAt: world.now(), detail: 'reads and writes' };
  expect((await github()).verification).toEqual(verification);
  expect(told()).toEqual([]);
});

test('one that does not any more is INVALID in its own words, and told to the admins once each time', async () => {
  answers(new AuthError(fault));
  expect(await nextDay()).toEqual({ valid: 0, invalid: 1 });
  await nextDay();
  const detail = 'GITHUB verify: Bad credentials (401)';
  expect((await github()).verification).toEqual({ status: 'INVALID', checkedAt: world.now(), detail });
  expect(told()).toEqual([
    expect.stringMatching(/^The integration github does not work any more[\s\S]*Bad credentials/),
  ]);
  expect(world.messenger.sent.map(({ channelId }) => channelId)).toEqual(['U01ALICE']);
  await world.engine.checkUp();
  await world.tick();
  expect(told()).toHaveLength(1);

  answers(null);
  await nextDay();
  expect((await github()).verification.status).toBe('VALID');
  answers(new AuthError(fault));
  await nextDay();
  expect(told()).toHaveLength(2);
});

test('one whose provider gives no answer stays what it was', async () => {
  const { verification } = await github();
  answers(new TransientError({ ...fault, status: 503 }));
  expect(await nextDay()).toEqual({ valid: 0, invalid: 0 });
  expect((await github()).verification).toEqual(verification);
  expect(told()).toEqual([]);
});

test('one that was repaired while it was asked is left to who repaired it', async () => {
  const { integrations } = world.persistence.repositories;
  world.scm.verify = async () => {
    await integrations.upsert({ ...(await github()), updatedAt: world.now() });
    throw new AuthError(fault);
  };
  expect(await nextDay()).toEqual({ valid: 0, invalid: 0 });
  expect((await github()).verification.status).toBe('VALID');
  expect(told()).toEqual([]);
});

test('a death between telling and storing tells it once', async () => {
  answers(new AuthError(fault));
  const { integrations } = world.deps.repositories;
  const dying = jest.spyOn(integrations, 'setVerification').mockRejectedValueOnce(new Error('the process is dead'));
  await expect(nextDay()).rejects.toThrow('dead');
  dying.mockRestore();
  await nextDay();
  expect((await github()).verification.status).toBe('INVALID');
  expect(told()).toHaveLength(1);
});
