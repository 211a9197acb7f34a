import { deriveStatus } from '../../src/domain/status.ts';
import type { CreateReleaseInput, IntentContext } from '../../src/engine/index.ts';
import { CreatedReleaseAnswer } from '../../src/http/answers.ts';
import { Refusal } from '../../src/shared/errors.ts';
import { useApi } from './support/api.ts';
import { makeRelease, NOW } from './support/releases.ts';

const BODY = {
  releaseConfigId: 'Mobile',
  type: 'PLANNED',
  platformTargets: [
    { platform: 'ANDROID', version: '7.0.0' },
    { platform: 'IOS', version: '6.7.0', store: null },
  ],
  kickOffDate: '2026-12-01T10:00:00+05:30',
};

const api = useApi();

describe('POST /api/v1/releases', () => {
  test('creates: the engine gets the fields as its own, the answer is 201 with release and status', async () => {
    const calls: [CreateReleaseInput, IntentContext][] = [];
    const made = makeRelease();
    await api.start({
      createRelease: async (...call) => {
        calls.push(call);
        return made;
      },
    });
    const { status, headers, body } = await api.call('POST', '/api/v1/releases', {
      json: { ...BODY, regressionSlots: ['2026-12-02T08:30:00Z'], hasManualBuildUpload: true, tenantId: 'T1' },
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/api/v1/releases/rel_1');
    expect(() => CreatedReleaseAnswer.parse(body)).not.toThrow();
    expect(body.status).toEqual(deriveStatus(made, NOW));
    expect(calls).toEqual([
      [
        {
          config: 'Mobile',
          type: 'PLANNED',
          targets: [
            { platform: 'ANDROID', version: '7.0.0', store: null },
            { platform: 'IOS', version: '6.7.0', store: null },
          ],
          baseBranch: null,
          kickOffDate: new Date('2026-12-01T04:30:00Z'),
          targetReleaseDate: null,
          regressionSlots: [new Date('2026-12-02T08:30:00Z')],
          hasManualBuildUpload: true,
          releasePilot: null,
          freezeOverrideReason: null,
        },
        {
          tenantId: 'T1',
          actor: { kind: 'TOKEN', id: 'token:all', roles: ['VIEWER', 'RELEASE_PILOT', 'APPROVER', 'UPLOADER'] },
          origin: 'API',
        },
      ],
    ]);
  });

  test.each<[string, unknown, string[]]>([
    ['nothing', {}, ['releaseConfigId', 'platformTargets', 'kickOffDate']],
    ['a misspelt field', { ...BODY, kickoffDate: 'x' }, ['kickoffDate']],
    ['a date without its zone', { ...BODY, kickOffDate: '2026-12-01T10:00:00' }, ['kickOffDate']],
    ['no date', { ...BODY, regressionSlots: ['tomorrow'] }, ['regressionSlots.0']],
    [
      'an unknown platform',
      { ...BODY, platformTargets: [{ platform: 'TV', version: '1.0.0' }] },
      ['platformTargets.0.platform'],
    ],
    ['no platform', { ...BODY, platformTargets: [] }, ['platformTargets']],
    [
      'a version that is a number',
      { ...BODY, platformTargets: [{ platform: 'IOS', version: 7 }] },
      ['platformTargets.0.version'],
    ],
    ['several at once', { ...BODY, type: 'BIG', baseBranch: '' }, ['type', 'baseBranch']],
    ['an operator in place of a text', { ...BODY, releaseConfigId: { $ne: null } }, ['releaseConfigId']],
    ['a list', [], ['body']],
  ])('%s: 422 that names every faulty field, and the engine is not asked', async (_, json, fields) => {
    await api.start({});
    const { status, body } = await api.call('POST', '/api/v1/releases', { json });
    expect(status).toBe(422);
    expect(body.success).toBe(false);
    expect(Object.keys(body.fields).sort()).toEqual([...fields].sort());
  });

  test('the engine’s faults come back under the body’s names', async () => {
    await api.start({
      createRelease: async () => {
        throw new Refusal('INVALID_INPUT', 'Lower. None.', {
          'version.IOS': 'Lower.',
          config: 'None.',
          kickOffDate: 'Past.',
        });
      },
    });
    const { status, body } = await api.call('POST', '/api/v1/releases', { json: BODY });
    expect([status, body]).toEqual([
      422,
      {
        success: false,
        error: 'Lower. None.',
        fields: { 'platformTargets.1.version': 'Lower.', releaseConfigId: 'None.', kickOffDate: 'Past.' },
      },
    ]);
  });

  test('a tenant that is not the token’s is answered like one that does not exist', async () => {
    await api.start({});
    expect((await api.call('POST', '/api/v1/releases', { json: { ...BODY, tenantId: 'T2' } })).status).toBe(404);
  });

  test.each<[string, Parameters<(typeof api)['call']>[2], number]>([
    ['broken JSON', { body: '{"a":', headers: { 'content-type': 'application/json' } }, 400],
    ['another type', { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['too much', { json: { ...BODY, baseBranch: 'x'.repeat(70_000) } }, 413],
    ['an unknown character set', { body: '{}', headers: { 'content-type': 'application/json; charset=klingon' } }, 415],
  ])('a body that is %s: %#', async (_, options, expected) => {
    await api.start({});
    const { status, body } = await api.call('POST', '/api/v1/releases', options);
    expect(status).toBe(expected);
    expect(body).toEqual({ success: false, error: expect.any(String) });
  });
});
