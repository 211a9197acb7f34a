/** What goes wrong between the bot and a provider, in the provider's own shapes. */

export const PROVIDERS = ['github', 'slack', 's3'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export type Fault = { name: string } & (
  | { kind: 'delay'; ms: number }
  /** the connection is cut before the request was taken, or after, so that only its answer is lost */
  | { kind: 'reset'; when: 'before' | 'after' }
  /** this instead of the right answer; `carriedOut`: the provider did what it was asked all the same */
  | { kind: 'answer'; answer: Answer; carriedOut: boolean }
  /** carried out; half of the announced bytes arrive */
  | { kind: 'half-body' }
  /** from here on every call is refused, for so many minutes of the moved time */
  | { kind: 'token'; answer: Answer; minutes: number }
);

const HTML = { 'content-type': 'text/html' };
const BAD_GATEWAY: Answer = { status: 502, headers: HTML, body: '<html><h1>502 Bad Gateway</h1></html>' };
const WRONG_JSON: Answer = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"half": [1, 2' };
const PAGE: Answer = { status: 200, headers: HTML, body: '<html>Please sign in</html>' };

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});
const xml = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
const instead = (name: string, answer: Answer, carriedOut = false): Fault => ({
  name,
  kind: 'answer',
  answer,
  carriedOut,
});

const CONNECTION: Fault[] = [
  { name: 'slow', kind: 'delay', ms: 30 },
  { name: 'reset before', kind: 'reset', when: 'before' },
  { name: 'reset after', kind: 'reset', when: 'after' },
  { name: 'half a body', kind: 'half-body' },
  instead('502', BAD_GATEWAY),
  instead('502 though done', BAD_GATEWAY, true),
];

const DOCS = 'https://docs.github.com/rest';
const LIMITS = `${DOCS}/using-the-rest-api/rate-limits-for-the-rest-api`;
const PRIMARY = { message: 'API rate limit exceeded for user ID 1.', documentation_url: LIMITS };
const SECONDARY = {
  message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  documentation_url: `${LIMITS}#about-secondary-rate-limits`,
};
const BAD_CREDENTIALS = json(401, { message: 'Bad credentials', documentation_url: DOCS, status: '401' });

const GITHUB: Fault[] = [
  ...CONNECTION,
  instead('429', json(429, PRIMARY, { 'retry-after': '120' })),
  instead('429, a second', json(429, PRIMARY, { 'retry-after': '1' })),
  instead('secondary limit', json(403, SECONDARY, { 'retry-after': '60' })),
  instead('secondary limit without a time', json(403, SECONDARY)),
  instead('500', json(500, { message: 'Server Error' })),
  instead('500 though done', json(500, { message: 'Server Error' }), true),
  instead('wrong JSON', WRONG_JSON, true),
  instead('JSON of another shape', json(200, { unexpected: true }), true),
  { name: 'token expired', kind: 'token', answer: BAD_CREDENTIALS, minutes: 20 },
];

const refused = (error: string) => json(200, { ok: false, error });
const tooMany = (seconds: number) => json(429, { ok: false, error: 'ratelimited' }, { 'retry-after': `${seconds}` });
const SLACK: Fault[] = [
  ...CONNECTION,
  instead('429', tooMany(30)),
  instead('429, a second', tooMany(1)),
  instead('500', json(500, { ok: false, error: 'internal_error' })),
  instead('internal_error though done', refused('internal_error'), true),
  instead('wrong JSON', WRONG_JSON, true),
  instead('JSON of another shape', json(200, { ok: true }), true),
  { name: 'token expired', kind: 'token', answer: refused('token_expired'), minutes: 20 },
  { name: 'auth invalid', kind: 'token', answer: refused('invalid_auth'), minutes: 5 },
];

const S3: Fault[] = [
  ...CONNECTION,
  instead('slow down', xml(503, 'SlowDown', 'Please reduce your request rate.')),
  instead('500', xml(500, 'InternalError', 'We encountered an internal error. Please try again.')),
  instead('500 though done', xml(500, 'InternalError', 'We encountered an internal error. Please try again.'), true),
  instead('200 with an error', xml(200, 'InternalError', 'We encountered an internal error. Please try again.')),
  instead('a page', PAGE, true),
  {
    name: 'token expired',
    kind: 'token',
    answer: xml(400, 'ExpiredToken', 'The provided token has expired.'),
    minutes: 20,
  },
];

export const FAULTS: Record<Provider, readonly Fault[]> = { github: GITHUB, slack: SLACK, s3: S3 };

/** Of what is said to people when a task failed, something of this must be in it: GitHub's words, or what became of it. */
export const GITHUB_WORDS =
  /Bad credentials|API rate limit exceeded|secondary rate limit|Server Error|answered with an error|no answer|the answer was cut short or is not JSON|the answer is not what was asked for|it was written but does not show/;
