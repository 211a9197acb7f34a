import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { loadEnvFile, parseConfig } from '../src/config.ts';
import { ENV_HELP, ENV_NAMES, EnvSchema } from '../src/config-variables.ts';
import { ConfigError } from '../src/shared/errors.ts';

const KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
const SOCKET = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' };
const HTTP = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'abc' };
const OAUTH = {
  SLACK_CLIENT_ID: '1.2',
  SLACK_CLIENT_SECRET: 'cs',
  SLACK_SIGNING_SECRET: 'ss',
  SLACK_STATE_SECRET: 'st',
};

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('parseConfig', () => {
  test('an empty environment is the sandbox with every default', () => {
    expect(parseConfig({})).toEqual({
      slack: { mode: 'sandbox', apiUrl: null },
      mongodbUri: null,
      port: 3000,
      host: null,
      publicUrl: null,
      credentialKeys: null,
      artifacts: { kind: 'directory', dir: './data/artifacts' },
      allowedPrivateHosts: [],
      logLevel: 'info',
      nodeEnv: 'development',
      isProduction: false,
      dataDir: './data',
      tickMs: 60_000,
      leaseMs: 60_000,
      maxUploadBytes: 4 * 1024 ** 3,
      maxUploadsAtOnce: 16,
      apiRequestsPerMinute: 600,
      trustedProxies: 0,
      warnings: [],
    });
  });

  test.each([
    ['bot and app token', SOCKET, 'socket'],
    ['bot token and signing secret', HTTP, 'http'],
    ['bot token, app token and signing secret', { ...SOCKET, ...HTTP }, 'socket'],
    ['the four of OAuth', OAUTH, 'oauth'],
    ['nothing', {}, 'sandbox'],
    ['only empty variables', { SLACK_BOT_TOKEN: '', SLACK_APP_TOKEN: ' ' }, 'sandbox'],
  ])('%s: the mode is told by the credentials', (_, env, mode) => {
    expect(parseConfig(env).slack.mode).toBe(mode);
  });

  test.each<[string, Record<string, string>, string[]]>([
    ['bot token alone', { SLACK_BOT_TOKEN: 'xoxb-1' }, ['SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET']],
    ['app token alone', { SLACK_APP_TOKEN: 'xapp-1' }, ['SLACK_BOT_TOKEN']],
    ['signing secret alone', { SLACK_SIGNING_SECRET: 'x' }, ['SLACK_BOT_TOKEN']],
    ['OAuth without its secrets', { SLACK_CLIENT_ID: '1' }, ['SLACK_CLIENT_SECRET', 'SLACK_STATE_SECRET']],
    ['both ways at once', { ...SOCKET, ...OAUTH }, ['SLACK_BOT_TOKEN', 'SLACK_CLIENT_ID']],
  ])('%s: an incomplete combination is a fault that names what is missing', (_, env, names) => {
    const text = faultsOf(env).join('\n');
    for (const name of names) expect(text).toContain(name);
  });

  test('every fault is told at once, each with name, expectation and example', () => {
    const faults = faultsOf({
      SLACK_BOT_TOKEN: 'xapp-swapped',
      SLACK_APP_TOKEN: 'xoxb-swapped',
      MONGODB_URI: 'localhost:27017',
      PORT: '70000',
      PUBLIC_URL: 'slipway.example.com',
      CREDENTIAL_KEYS: 'k1:short,nocolon',
      ALLOWED_PRIVATE_HOSTS: '10.0.0.0/99',
      LOG_LEVEL: 'loud',
      SLIPWAY_TICK_SECONDS: '0',
      ARTIFACTS_S3_REGION: 'eu-north-1',
    });
    expect(faults).toHaveLength(10);
    expect(faults).toContain(
      'PORT: expected a port number from 0 (any free one) to 65535, not "70000", e.g. PORT=3000',
    );
    for (const fault of faults) {
      const [name = ''] = /^[A-Z0-9_]+/.exec(fault) ?? [];
      expect(ENV_NAMES).toContain(name);
      expect(fault).toContain('expected ');
      expect(fault).toContain(`e.g. ${name}=`);
    }
  });

  test('a secret is never repeated in a fault', () => {
    const secret = 'Zq7-very-private';
    const names = ENV_NAMES.filter((name) => ENV_HELP[name].secret);
    expect(names).toContain('CREDENTIAL_KEYS');
    const env = Object.fromEntries(names.map((name) => [name, `${secret} ${secret}`]));
    expect(faultsOf(env).length).toBeGreaterThan(4);
    expect(faultsOf(env).join('\n')).not.toContain(secret);
  });

  test('production refuses to run on the embedded database, also as a sandbox', () => {
    expect(faultsOf({ NODE_ENV: 'production' }).join()).toContain('MONGODB_URI is missing');
    expect(parseConfig({ NODE_ENV: 'production', MONGODB_URI: 'mongodb://a:1,b:2/x?replicaSet=r' }).mongodbUri).toBe(
      'mongodb://a:1,b:2/x?replicaSet=r',
    );
  });

  test('production starts no sandbox, but the commands beside the bot need no Slack', () => {
    const env = { NODE_ENV: 'production', MONGODB_URI: 'mongodb://db/x' };
    expect(() => parseConfig(env, { toStart: true })).toThrow(/SLACK_BOT_TOKEN is missing .*no sandbox.*xoxb-/);
    expect(() => parseConfig({ NODE_ENV: 'production' }, { toStart: true })).toThrow(
      /MONGODB_URI[\s\S]*SLACK_BOT_TOKEN/,
    );
    expect(parseConfig(env).slack.mode).toBe('sandbox');
  });

  test('production with Slack needs the credential keys; elsewhere a key file will do', () => {
    const production = { NODE_ENV: 'production', MONGODB_URI: 'mongodb://db/x', ...HTTP };
    expect(faultsOf(production).join()).toContain('CREDENTIAL_KEYS is missing');
    const nothing = () => parseConfig({ NODE_ENV: 'production' }, { toStart: true });
    expect(nothing).toThrow(/MONGODB_URI is missing[\s\S]*SLACK_BOT_TOKEN is missing[\s\S]*CREDENTIAL_KEYS is missing/);
    expect(parseConfig({ ...production, CREDENTIAL_KEYS: KEY }).credentialKeys).toEqual([
      { id: 'k1', key: Buffer.alloc(32, 7) },
    ]);
    expect(parseConfig(HTTP).credentialKeys).toBeNull();
  });

  test.each([
    ['bucket at AWS', { ARTIFACTS_S3_BUCKET: 'b-1', ARTIFACTS_S3_REGION: 'eu-north-1' }, 'eu-north-1', null, ''],
    ['the region of the SDK', { ARTIFACTS_S3_BUCKET: 'b-1', AWS_REGION: 'us-west-2' }, 'us-west-2', null, ''],
    [
      'a server that speaks S3',
      { ARTIFACTS_S3_BUCKET: 'b-1', ARTIFACTS_S3_ENDPOINT: 'http://minio:9000', ARTIFACTS_S3_PREFIX: 'a/b/' },
      'us-east-1',
      'http://minio:9000',
      'a/b',
    ],
  ])('%s: S3 artifacts', (_, env, region, endpoint, prefix) => {
    expect(parseConfig(env).artifacts).toEqual({ kind: 's3', bucket: 'b-1', region, endpoint, prefix });
  });

  test('a bucket without a region is a fault, and so are S3 settings without a bucket', () => {
    expect(faultsOf({ ARTIFACTS_S3_BUCKET: 'b-1' }).join()).toContain('ARTIFACTS_S3_REGION is missing');
    expect(faultsOf({ ARTIFACTS_S3_PREFIX: 'a' }).join()).toContain('ARTIFACTS_S3_BUCKET is missing');
  });

  test.each(['jenkins.internal', '*.corp.test', '10.0.0.0/8', '127.0.0.1', 'fd00::/8', '[::1]', 'localhost'])(
    'ALLOWED_PRIVATE_HOSTS takes %s',
    (host) =>
      expect(parseConfig({ ALLOWED_PRIVATE_HOSTS: `a.test, ${host}` }).allowedPrivateHosts).toEqual(['a.test', host]),
  );
  test.each(['10.0.0.0/33', 'http://a', 'a b', '10.0.0.0/8/8', '', '-a'])(
    'ALLOWED_PRIVATE_HOSTS refuses "%s"',
    (host) => {
      expect(faultsOf({ ALLOWED_PRIVATE_HOSTS: `a.test,${host}` })).toHaveLength(1);
    },
  );

  test('unknown variables with the bot’s prefixes are warned about, others are not', () => {
    const { warnings } = parseConfig({
      SLACK_BOT_TOKN: 'x',
      SLIPWAY_TICK_SECOND: '1',
      HOME: '/root',
      SLACK_ZZZZZZZZZZ: '',
    });
    expect(warnings).toEqual([
      'SLACK_BOT_TOKN is not a variable of Slipway; did you mean SLACK_BOT_TOKEN?',
      'SLACK_ZZZZZZZZZZ is not a variable of Slipway',
      'SLIPWAY_TICK_SECOND is not a variable of Slipway; did you mean SLIPWAY_TICK_SECONDS?',
    ]);
  });

  test('what is set but not used is warned about', () => {
    expect(parseConfig({ SLACK_API_URL: 'http://127.0.0.1:1/api' }).warnings).toHaveLength(1);
    expect(parseConfig({ MONGODB_URI: 'mongodb://a/x' }).warnings).toEqual([expect.stringContaining('MONGODB_URI')]);
    expect(parseConfig({ MONGODB_URI: 'mongodb://a/x', ...HTTP }).warnings).toEqual([]);
    expect(
      parseConfig({ ARTIFACTS_S3_BUCKET: 'b-1', ARTIFACTS_S3_REGION: 'x', ARTIFACTS_DIR: './a' }).warnings,
    ).toHaveLength(1);
  });

  test('addresses are normalised: the API base ends with a slash, the public one does not', () => {
    const config = parseConfig({ ...HTTP, SLACK_API_URL: 'http://127.0.0.1:9/api', PUBLIC_URL: 'https://a.test/x/' });
    expect(config.slack.apiUrl).toBe('http://127.0.0.1:9/api/');
    expect(config.publicUrl).toBe('https://a.test/x');
  });
});

describe('.env.example', () => {
  const text = readFileSync('.env.example', 'utf8');
  const examples = parseEnv(text.replace(/^# (?=[A-Z0-9_]+=)/gm, ''));

  test('lists exactly the variables of the schema', () => {
    expect(Object.keys(examples).sort()).toEqual([...ENV_NAMES].sort());
  });
  test.each(ENV_NAMES)('its %s passes the schema, and so does the example in its fault', (name) => {
    expect(EnvSchema.shape[name].safeParse(examples[name]).success).toBe(true);
    expect(EnvSchema.shape[name].safeParse(ENV_HELP[name].example).success).toBe(true);
  });
  test('shows every default', () => {
    // Of these two an example says more: it stands in words, or is empty.
    const { NODE_ENV, ALLOWED_PRIVATE_HOSTS, ...defaults } = EnvSchema.parse({});
    expect(EnvSchema.parse(examples)).toMatchObject(defaults);
    expect(text).toContain(`Default: ${NODE_ENV}.\n# NODE_ENV=`);
    expect(ALLOWED_PRIVATE_HOSTS).toEqual([]);
  });
  test('as it is, it sets nothing', () => {
    expect(parseEnv(text)).toEqual({});
  });
});

describe('loadEnvFile', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'slipway-env-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  test('the real environment wins over the file', () => {
    const path = join(dir, '.env');
    writeFileSync(path, 'PORT=1\nLOG_LEVEL="debug"\n');
    expect(loadEnvFile(path, { PORT: '2' })).toEqual({ PORT: '2', LOG_LEVEL: 'debug' });
  });
  test('no file is no mistake; an unreadable one is', () => {
    expect(loadEnvFile(join(dir, 'none'), { A: '1' })).toEqual({ A: '1' });
    expect(() => loadEnvFile(dir, {})).toThrow(ConfigError);
  });
});
