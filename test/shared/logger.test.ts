import { Readable } from 'node:stream';
import { TransientError } from '../../src/shared/errors.ts';
import { createLogger, scrub } from '../../src/shared/logger.ts';
import { slackLogger } from '../../src/slack-logger.ts';

function capture(level = 'debug') {
  const lines: string[] = [];
  const logger = createLogger({ level, destination: { write: (line: string) => void lines.push(line) } });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('createLogger', () => {
  test('one JSON line an event: level in words, time in ISO, constant message, object beside it', () => {
    const { logger, lines, last } = capture();
    logger.info({ releaseId: 'rel_1', count: 2 }, 'release advanced');
    expect(lines).toHaveLength(1);
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      releaseId: 'rel_1',
      count: 2,
      msg: 'release advanced',
    });
  });

  test.each([
    'authorization',
    'Authorization',
    'token',
    'botToken',
    'access_token',
    'apiToken',
    'password',
    'credentials',
    'sealedCredentials',
    'clientSecret',
    'signing_secret',
    'privateKey',
    'cookie',
    'x-slack-signature',
    'response_url',
    'email',
    'real_name',
  ])('the value of "%s" is never logged, at any depth', (key) => {
    const { logger, lines } = capture();
    logger.info({ [key]: 'Hush-Hush', a: { b: [{ [key]: { inner: 'Hush-Hush' } }] } }, 'event');
    expect(lines.join()).not.toContain('Hush-Hush');
    expect(lines.join()).toContain('[redacted]');
  });

  test('file contents are never logged: buffers, streams, bodies', () => {
    const { logger, lines } = capture();
    const bytes = Buffer.from('FILE-CONTENT');
    logger.info({ file: bytes, list: [bytes], stream: Readable.from(['FILE-CONTENT']), body: 'FILE-CONTENT' }, 'event');
    expect(lines.join()).not.toContain('FILE-CONTENT');
    expect(lines.join()).not.toContain(bytes.toJSON().data.slice(0, 5).join(','));
    expect(lines.join()).toContain('[12 bytes]');
  });

  test.each([
    ['a Slack bot token', 'xoxb-123-456-AbCdEf'],
    ['a Slack app token', 'xapp-1-A02-999-deadbeef'],
    ['a GitHub token', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'],
    ['an API token of ours', 'slw_QWxhZGRpbjpvcGVuIHNlc2FtZQ'],
    ['a bearer header', 'Bearer abcdef1234567890'],
    ['a JSON web token', 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----'],
    ['a password in an address', 'mongodb://bot:hunter2pass@db.example.com/x'],
    ['a password that was not encoded', 'mongodb://bot:Zq@hunter2pass@mongo/x'],
    ['a token for a user name', 'https://hunter2pass@git/acme/app'],
    ['a signed link', 'https://s3.test/b?X-Amz-Signature=0123456789abcdef0123'],
    ['an address to answer to', 'https://hooks.slack.com/actions/T01/123/hunter2pass'],
    ['one of GovSlack', 'https://hooks.slack-gov.com/commands/T01/123/hunter2pass'],
    ['the ticket of a socket', 'wss://wss-primary.slack.com/link/?ticket=hunter2pass&app_id=A1'],
    ['a secret in a query', 'https://slack.com/api/oauth.v2.access?client_id=1.2&client_secret=hunter2pass'],
    ['a form', 'grant_type=refresh_token&refresh_token=hunter2pass'],
    ['a signature of Slack', 'x-slack-signature: v0=0123456789abcdef0123456789abcdef'],
    ['an e-mail address', 'alice.smith@acme.example'],
  ])('%s is taken out wherever it stands', (_, secret) => {
    const { logger, lines } = capture();
    const needle =
      (/(AbCdEf|deadbeef|abcdefghijkl|QWxhZGRpb|abcdef1234567890|c2lnbmF0dXJl|MIIEow|hunter2pass|0123456789abcdef|alice)/.exec(
        secret,
      ) ?? [''])[0];
    expect(needle).not.toBe('');
    logger.warn({ detail: `failed with ${secret} today`, list: [secret] }, 'event');
    logger.warn(`message ${secret}`);
    logger.error({ err: new Error(`inner ${secret}`, { cause: new Error(secret) }) }, 'event');
    logger.error(new Error(`bare ${secret}`));
    logger.child({ from: secret }).info('event');
    expect(lines).toHaveLength(5);
    expect(lines.join()).not.toContain(needle);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  test('what Slack’s own libraries log is censored by name too, whatever they hand over', () => {
    const { logger, lines } = capture();
    slackLogger(logger).warn('no answer to', { channel: 'C01', headers: { authorization: 'hunter2pass' } }, ['x']);
    slackLogger(logger).error(new Error('broken'), { token: 'hunter2pass' });
    expect(lines.join()).not.toContain('hunter2pass');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        msg: 'no answer to',
        details: [{ channel: 'C01', headers: { authorization: '[redacted]' } }, ['x']],
      }),
      expect.objectContaining({
        err: expect.objectContaining({ message: 'broken' }),
        details: [{ token: '[redacted]' }],
      }),
    ]);
  });

  test('a child logger’s bindings are censored by name too', () => {
    const { logger, lines } = capture();
    logger.child({ token: 'plain-looking', tenantId: 'T1' }).info('event');
    expect(lines.join()).not.toContain('plain-looking');
    expect(lines.join()).toContain('"tenantId":"T1"');
  });

  test('an error keeps its type, message, fault and stack', () => {
    const { logger, last } = capture();
    const fault = { provider: 'GITHUB', operation: 'ensureTag', status: 502, detail: 'bad gateway' };
    logger.warn({ err: new TransientError(fault) }, 'provider fault');
    expect(last()['err']).toMatchObject({
      type: 'TransientError',
      message: 'GITHUB ensureTag: bad gateway (502)',
      fault,
      stack: expect.stringContaining('logger.test'),
    });
  });

  test('circles, depths and long texts end', () => {
    const { logger, lines } = capture();
    const circle: Record<string, unknown> = { name: 'c' };
    circle['self'] = circle;
    logger.info({ circle, long: 'x'.repeat(100_000), many: Array.from({ length: 5000 }, () => 1) }, 'event');
    expect(lines.join().length).toBeLessThan(10_000);
    expect(lines.join()).toContain('[seen before]');
  });

  test('the level holds', () => {
    const { logger, lines } = capture('warn');
    logger.info('quiet');
    expect(lines).toEqual([]);
  });
});

test('scrub leaves what is harmless alone', () => {
  const text = 'release/7.0.0_android on https://github.com/acme/app by U01ALICE at 2026-12-01T14:00:00Z';
  expect(scrub(text)).toBe(text);
});
