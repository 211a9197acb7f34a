import { alice, bob, context, engineWorld, HOUR_MS, START, type World } from '../support/engine-world.ts';

let world: World;
beforeAll(async () => {
  world = await engineWorld();
});
afterAll(() => world.close());

const at = (hours: number) => new Date(START.getTime() + hours * HOUR_MS);
const android = (version: string) => [{ platform: 'ANDROID' as const, version, store: null }];

test('a new release is PENDING everywhere, with its names, its thread and its trail', async () => {
  const release = await world.create({ targets: android('1.0.0') });
  expect(release).toMatchObject({
    status: 'PENDING',
    branch: 'release/1.0.0_android',
    cron: { status: 'PENDING', pauseType: 'NONE', stage1Status: 'PENDING', stage4Status: 'PENDING' },
    releasePilot: 'U01ALICE',
    createdBy: 'U01ALICE',
  });
  await world.tick();
  expect(world.messenger.sent[0]).toMatchObject({ key: `${release.id}:root`, channelId: 'C01REL', threadTs: null });
});

test.each([
  [
    'a version that is none',
    { targets: android('7.0') },
    { 'version.ANDROID': expect.stringContaining('not a version') },
  ],
  [
    'a platform the configuration has not',
    { targets: [{ platform: 'WEB' as const, version: '1.0.0', store: null }] },
    { 'version.WEB': expect.any(String) },
  ],
  ['no platform', { targets: [] }, { targets: expect.any(String) }],
  ['a kick-off in the past', { kickOffDate: at(-2) }, { kickOffDate: expect.stringContaining('past') }],
  [
    'slots out of order',
    { regressionSlots: [at(9), at(5)] },
    { regressionSlots: expect.stringContaining('ascending') },
  ],
  [
    'a slot before kick-off',
    { regressionSlots: [at(0.5)] },
    { regressionSlots: expect.stringContaining('after the kick-off') },
  ],
  ['a target date before kick-off', { targetReleaseDate: at(0.5) }, { targetReleaseDate: expect.any(String) }],
])('%s is refused with its field', async (_what, overrides, fields) => {
  const creation = world.create({ targets: android('2.0.0'), ...overrides });
  await expect(creation).rejects.toMatchObject({ code: 'INVALID_INPUT', fields });
});

test('every violation is reported at once', async () => {
  const creation = world.create({ targets: android('x'), regressionSlots: [at(9), at(5)], targetReleaseDate: at(0) });
  await expect(creation).rejects.toMatchObject({
    fields: {
      'version.ANDROID': expect.any(String),
      regressionSlots: expect.any(String),
      targetReleaseDate: expect.any(String),
    },
  });
});

test('a second live release of the same platform and version is refused by name', async () => {
  const first = await world.create({ targets: android('3.0.0') });
  await expect(world.create({ targets: android('3.0.0') })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(first.id),
  });
});

test('a version is not lower than the last released one', async () => {
  const { id } = await world.create({ targets: android('5.0.0') });
  const release = await world.release(id);
  const cron = {
    ...release.cron,
    stage1Status: 'COMPLETED',
    stage2Status: 'COMPLETED',
    stage3Status: 'COMPLETED',
    stage4Status: 'COMPLETED',
  } as const;
  await world.persistence.repositories.releases.save(
    { release: { ...release, status: 'SUBMITTED', cron: { ...cron, status: 'COMPLETED' } }, messages: [], audit: [] },
    world.now(),
  );
  await expect(world.create({ targets: android('4.9.0') })).rejects.toMatchObject({
    fields: { 'version.ANDROID': expect.stringContaining('lower than 5.0.0') },
  });
  await expect(world.create({ targets: android('5.0.1') })).resolves.toMatchObject({ status: 'PENDING' });
});

test('a freeze window refuses a kick-off inside it unless an admin gives a reason', async () => {
  await world.saveConfig({ freezeWindows: [{ startsAt: at(100), endsAt: at(200), reason: 'holidays' }] });
  const inside = { targets: android('6.0.0'), kickOffDate: at(150), regressionSlots: [at(160)] };
  await expect(world.create(inside)).rejects.toMatchObject({
    fields: { kickOffDate: expect.stringContaining('holidays') },
  });
  const pilot = context('U05PILOT', ['RELEASE_PILOT']);
  const input = {
    config: 'Mobile',
    type: 'HOTFIX',
    baseBranch: null,
    targetReleaseDate: null,
    hasManualBuildUpload: true,
    releasePilot: null,
    freezeOverrideReason: 'security',
    ...inside,
  } as const;
  await expect(world.engine.createRelease(input, pilot)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const release = await world.engine.createRelease(input, alice);
  expect(release.freezeOverride).toMatchObject({ by: 'U01ALICE', reason: 'security' });
  await world.saveConfig({ freezeWindows: [] });
});

test('who has no role is told which one is missing and who has it', async () => {
  const input = {
    config: 'Mobile',
    type: 'PLANNED',
    targets: android('7.7.7'),
    baseBranch: null,
    kickOffDate: at(1),
    targetReleaseDate: null,
    regressionSlots: null,
    hasManualBuildUpload: true,
    releasePilot: null,
    freezeOverrideReason: null,
  } as const;
  const nobody = context('U99', ['VIEWER']);
  await expect(world.engine.createRelease(input, nobody)).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining('RELEASE_PILOT'),
  });
});

test('an unknown configuration is refused naming those there are, another tenant has none', async () => {
  await expect(world.create({ config: 'Nope' })).rejects.toMatchObject({ message: expect.stringContaining('Mobile') });
  const { id } = await world.create({ targets: android('8.0.0') });
  const stranger = { ...bob, tenantId: 'T02OTHER' };
  await expect(
    world.engine.startRelease({ releaseId: id, freezeOverrideReason: null }, stranger),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
