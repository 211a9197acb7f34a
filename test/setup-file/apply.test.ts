import type { Deps } from '../../src/engine/deps.ts';
import { createTokens } from '../../src/engine/tokens.ts';
import { connectPersistence, type Persistence } from '../../src/persistence/index.ts';
import { applySetup } from '../../src/setup/apply.ts';
import { issueToken } from '../../src/setup/issue-token.ts';
import { exitCodeOf, printSetup } from '../../src/setup/print.ts';
import { createSealer } from '../../src/shared/crypto.ts';
import { makeRelease } from '../http/support/releases.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { EXAMPLE, NOW, OPTIONS, SEALER, setupDeps } from './support.ts';

let database: TestDatabase;
let persistence: Persistence;
beforeEach(async () => {
  database = await testDatabase();
  persistence = await connectPersistence({ uri: database.uri });
  await persistence.ensureIndexes();
});
afterEach(async () => {
  await persistence.close();
  await database.close();
});

const apply = (text: string, options = {}, deps = {}) =>
  applySetup(text, setupDeps(persistence.repositories, deps), { ...OPTIONS, ...options });
async function stored() {
  const { tenants, integrations, configs } = persistence.repositories;
  return {
    tenants: await tenants.list(),
    integrations: await integrations.list('T01TEST'),
    configs: await configs.list('T01TEST'),
  };
}
const kinds = (changes: { how: string; what: string; name: string }[]) =>
  changes.map(({ how, what, name }) => `${how} ${what} ${name}`);

test('the example makes tenant, roles, a verified integration with sealed credentials, and a configuration', async () => {
  const result = await apply(EXAMPLE);
  expect(result.mistakes).toEqual([]);
  expect(result.verifications).toEqual([{ name: 'github', status: 'VALID', detail: 'acme/app, push allowed' }]);
  const { tenants, integrations, configs } = await stored();
  expect(tenants).toEqual([
    {
      id: 'T01TEST',
      name: 'Acme',
      roles: {
        ADMIN: ['U01ALICE'],
        RELEASE_PILOT: ['U01ALICE'],
        APPROVER: ['U02BOB'],
        UPLOADER: ['U01ALICE', 'U02BOB'],
      },
      createdAt: NOW,
    },
  ]);
  const [github] = integrations;
  expect(github).toMatchObject({
    kind: 'SCM',
    provider: 'GITHUB',
    settings: { owner: 'acme', repo: 'app', apiUrl: 'https://api.github.com' },
    verification: { status: 'VALID', checkedAt: NOW, detail: 'acme/app, push allowed' },
    createdBy: 'apply',
  });
  expect(JSON.stringify(github)).not.toContain('ghp_good');
  const scope = { tenantId: 'T01TEST', integrationId: github?.id ?? '' };
  expect(SEALER.open(github?.sealedCredentials ?? '', scope)).toBe('{"token":"ghp_good"}');
  expect(configs).toHaveLength(1);
  expect(configs[0]).toMatchObject({
    name: 'Mobile',
    scmIntegrationId: github?.id,
    timeZone: 'Asia/Kolkata',
    isActive: true,
  });
});

test('applied twice it changes nothing, not even when something was written', async () => {
  await apply(EXAMPLE);
  const before = await stored();
  const again = await apply(EXAMPLE, {}, { now: () => new Date('2027-01-01T00:00:00Z') });
  expect(again).toEqual({ mistakes: [], changes: [], verifications: [] });
  expect(printSetup('a.yaml', again, OPTIONS)).toEqual(['nothing to change']);
  expect(await stored()).toEqual(before);
});

test('a dry run tells the same changes and makes none', async () => {
  const dry = await apply(EXAMPLE, { dryRun: true });
  expect(await stored()).toEqual({ tenants: [], integrations: [], configs: [] });
  expect(kinds((await apply(EXAMPLE)).changes)).toEqual(kinds(dry.changes));
});

test('a mistake anywhere and nothing is written', async () => {
  const result = await apply(EXAMPLE.replace('platforms: [ANDROID, IOS]', 'platforms: [TV]'));
  expect(result.mistakes).toHaveLength(1);
  expect(await stored()).toEqual({ tenants: [], integrations: [], configs: [] });
  expect(exitCodeOf(result)).toBe(1);
});

test('a changed credential is sealed anew, the integration keeps its id and is verified again', async () => {
  await apply(EXAMPLE);
  const [before] = (await stored()).integrations;
  const result = await apply(EXAMPLE, {}, { env: { GITHUB_TOKEN: 'ghp_bad' } });
  expect(result.changes.map(({ details }) => details)).toEqual([['credentials: changed']]);
  expect(result.verifications).toEqual([
    { name: 'github', status: 'INVALID', detail: 'GITHUB verify: Bad credentials (401)' },
  ]);
  expect(exitCodeOf(result)).toBe(1);
  const [after] = (await stored()).integrations;
  expect(after?.id).toBe(before?.id);
  expect(after?.verification.status).toBe('INVALID');
});

test('--no-verify leaves PENDING; the next run without it verifies what is not VALID, and changes nothing else', async () => {
  const verify = jest.fn(async () => ({ detail: 'fine' }));
  await apply(EXAMPLE, { noVerify: true }, { verify });
  expect(verify).not.toHaveBeenCalled();
  expect((await stored()).integrations[0]?.verification).toEqual({ status: 'PENDING', checkedAt: null, detail: null });
  const next = await apply(EXAMPLE, {}, { verify });
  expect([next.changes, next.verifications]).toEqual([[], [{ name: 'github', status: 'VALID', detail: 'fine' }]]);
});

test('other keys at hand: the credentials are written anew with them', async () => {
  await apply(EXAMPLE);
  const sealer = createSealer([{ id: 'k9', key: Buffer.alloc(32, 9) }]);
  expect(kinds((await apply(EXAMPLE, {}, { sealer })).changes)).toEqual(['update integration github']);
  expect((await apply(EXAMPLE, {}, { sealer })).changes).toEqual([]);
});

describe('what the file does not name', () => {
  const OTHER = EXAMPLE.replaceAll('name: Mobile', 'name: Tablet').replace(
    'UPLOADER: [U01ALICE, U02BOB]',
    'VIEWER: [U09ZED]',
  );
  test('stays, unless pruned', async () => {
    await apply(EXAMPLE);
    expect(kinds((await apply(OTHER)).changes)).toEqual(['update role VIEWER', 'create configuration Tablet']);
    expect((await stored()).configs.map(({ name }) => name)).toEqual(['Mobile', 'Tablet']);
    expect(kinds((await apply(OTHER, { prune: true })).changes)).toEqual([
      'update role UPLOADER',
      'delete configuration Mobile',
    ]);
    expect((await stored()).configs.map(({ name }) => name)).toEqual(['Tablet']);
    expect((await stored()).tenants[0]?.roles.UPLOADER).toEqual([]);
  });

  test('is not pruned while a live release uses it, and then nothing at all is changed', async () => {
    await apply(EXAMPLE);
    const [config] = (await stored()).configs;
    const release = makeRelease({ tenantId: 'T01TEST', releaseConfigId: config?.id ?? '', version: 0 });
    await persistence.repositories.releases.create({ release, messages: [], audit: [] });
    const { mistakes } = await apply(OTHER, { prune: true });
    expect(mistakes).toEqual([
      {
        line: 1,
        message: 'configuration "Mobile" cannot be deleted: the live release ANDROID 7.0.0, IOS 6.7.0 uses it',
      },
    ]);
    expect((await stored()).configs.map(({ name }) => name)).toEqual(['Mobile']);
  });

  test('is not pruned while a configuration of the file names it, nor is the last ADMIN', async () => {
    await apply(EXAMPLE);
    const text = EXAMPLE.replace(/integrations:[\s\S]*configurations:/, 'configurations:').replace(
      '  ADMIN: [U01ALICE]\n',
      '',
    );
    const { mistakes } = await apply(text, { prune: true });
    expect(mistakes.map(({ message }) => message)).toEqual([
      'roles: nobody would be ADMIN any more',
      'integration "github" cannot be deleted: the configuration Mobile uses it',
    ]);
  });
});

test('tenants do not see each other: the same names are another’s own', async () => {
  await apply(EXAMPLE);
  const before = await stored();
  const result = await apply(EXAMPLE.replace('T01TEST', 'T02TEST'), { prune: true });
  expect(result.changes.filter(({ how }) => how === 'delete')).toEqual([]);
  expect(kinds(result.changes)).toContain('create integration github');
  expect({ ...(await stored()), tenants: [] }).toEqual({ ...before, tenants: [] });
});

test('what is printed shows the changes and no secret', async () => {
  const result = await apply(EXAMPLE);
  const lines = printSetup('acme.yaml', result, OPTIONS);
  expect(lines.slice(0, 2)).toEqual(['These changes were made:', '  + tenant Acme (T01TEST)']);
  expect(lines).toContain('  + configuration Mobile');
  expect(lines.at(-1)).toBe('  VALID github: acme/app, push allowed');
  expect(lines.join('\n')).not.toContain('ghp_');
  const mistakes = [{ line: 3, message: 'wrong' }];
  expect(printSetup('acme.yaml', { mistakes, changes: [], verifications: [] }, OPTIONS)).toEqual([
    '1 mistake in acme.yaml; nothing was changed:',
    '  line 3: wrong',
  ]);
});

describe('issueToken', () => {
  const issue = (values: object) =>
    issueToken(
      persistence.repositories,
      { tenantId: 'T01TEST', name: 'ci', scopes: ['releases:read'], ...values },
      NOW,
    );

  test('makes a token that the engine knows; only its hash is stored', async () => {
    await apply(EXAMPLE);
    const { secret, scopes } = await issue({ scopes: ['builds:write', 'releases:read', 'builds:write'] });
    expect(secret).toMatch(/^slw_[\w-]{43}$/);
    expect(scopes).toEqual(['releases:read', 'builds:write']);
    const deps = { repositories: persistence.repositories, clock: { now: () => NOW } } as unknown as Deps;
    expect(await createTokens(deps).authenticate(secret)).toMatchObject({ tenantId: 'T01TEST', name: 'ci', scopes });
    expect(JSON.stringify(await persistence.repositories.tokens.list('T01TEST'))).not.toContain(secret);
  });

  test.each([
    [{ tenantId: 'T09NONE' }, 'There is no tenant T09NONE. There is T01TEST (Acme).'],
    [{ name: 'a b' }, 'name: expected up to 64 letters'],
    [{ scopes: ['all'] }, 'scopes: all: expected releases:read, releases:write, builds:write'],
    [{ scopes: [] }, 'scopes: expected at least one'],
  ])('%j is refused with the reason', async (values, message) => {
    await apply(EXAMPLE);
    await expect(issue(values)).rejects.toThrow(message);
  });

  test('a taken name is refused', async () => {
    await apply(EXAMPLE);
    await issue({});
    await expect(issue({})).rejects.toThrow('named ci already');
  });
});
