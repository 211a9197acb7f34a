import { inspect } from 'node:util';
import type { Effect, Fault, Faults, Matcher } from '../../../sandbox/scm/index.ts';
import type { Scm } from '../../../src/integrations/scm/port.ts';
import {
  AuthError,
  ConflictError,
  PermanentError,
  type ProviderError,
  TransientError,
} from '../../../src/shared/errors.ts';

/** A provider of the `Scm` port with a strict server behind it. */
export interface ScmHarness {
  scm: Scm;
  /** a person pushes; the new head */
  commit(branch: string, message: string): string;
  /** what was made through the API, in order */
  effects: Effect[];
  faults: Faults;
  /** what the provider waited, in ms, in order */
  waits: number[];
  /** how many requests were made so far */
  requestCount(): number;
  /** no error may show any of these */
  secrets: string[];
  close(): Promise<void>;
}

/** The requests of a provider, to aim faults at. */
export interface ScmRoutes {
  createBranch: RegExp;
  createTag: RegExp;
  createRelease: RegExp;
  readBranch: RegExp;
}

async function failureOf(asked: Promise<unknown>): Promise<ProviderError> {
  return asked.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: ProviderError) => error,
  );
}

/** What every provider promises the engine (Spec 4.5): looks before it acts, reads back, few kinds of errors, no secret. */
export function describeScm(
  name: string,
  start: (options?: { commits?: number; timeoutMs?: number }) => Promise<ScmHarness>,
  routes: ScmRoutes,
): void {
  describe(`${name} as Scm`, () => {
    let at: ScmHarness;
    let scm: Scm;
    beforeEach(async () => {
      at = await start();
      scm = at.scm;
    });
    afterEach(() => at.close());

    const head = async (branch = 'main'): Promise<string> => (await scm.findBranch(branch))?.sha ?? '';

    describe('branches', () => {
      test('a branch is cut from the head of its base', async () => {
        const sha = at.commit('main', 'Last before the cut');
        const made = await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
        expect(made).toMatchObject({ sha, created: true });
        expect(await scm.findBranch('release/7.0.0')).toEqual({ sha, url: made.url });
      });

      test('asked for twice it is made once, and stays where people moved it to', async () => {
        await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
        const sha = at.commit('release/7.0.0', 'Fix on the branch');
        expect(await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' })).toMatchObject({ sha, created: false });
        expect(at.effects).toHaveLength(1);
      });

      test('two callers at once make one branch', async () => {
        const both = await Promise.all([1, 2].map(() => scm.ensureBranch({ name: 'release/7.0.0', from: 'main' })));
        expect(both[0]?.sha).toBe(both[1]?.sha);
        expect(at.effects).toHaveLength(1);
      });

      test('a base that is not there is named', async () => {
        const error = await failureOf(scm.ensureBranch({ name: 'release/7.0.0', from: 'develop' }));
        expect(error).toBeInstanceOf(PermanentError);
        expect(error.fault).toMatchObject({ operation: 'ensureBranch', status: 404 });
        expect(error.message).toContain('"develop"');
        expect(at.effects).toEqual([]);
      });

      test('a name that Git forbids is refused for good', async () => {
        expect(await failureOf(scm.ensureBranch({ name: 'release..7', from: 'main' }))).toBeInstanceOf(PermanentError);
      });

      test('a branch that is not there is null', async () => {
        expect(await scm.findBranch('nope')).toBeNull();
      });
    });

    describe('tags', () => {
      test('a tag is found by the commit it stands for, not by the object that holds its message', async () => {
        const sha = await head();
        expect(await scm.ensureTag({ name: 'v7.0.0', sha, message: 'Release 7.0.0' })).toMatchObject({
          sha,
          created: true,
        });
        expect(await scm.findTag('v7.0.0')).toMatchObject({ sha });
        expect(await scm.findTag('v7.0.1')).toBeNull();
      });

      test('asked for twice it is made once', async () => {
        const sha = await head();
        await scm.ensureTag({ name: 'v7.0.0', sha, message: 'Release 7.0.0' });
        expect(await scm.ensureTag({ name: 'v7.0.0', sha, message: 'Release 7.0.0' })).toMatchObject({
          sha,
          created: false,
        });
        expect(at.effects).toEqual([{ kind: 'tag', name: 'v7.0.0', sha }]);
      });

      test('a tag on another commit is a conflict and stays', async () => {
        const first = await head();
        await scm.ensureTag({ name: 'v7.0.0', sha: first, message: 'Release 7.0.0' });
        const second = at.commit('main', 'One more');
        const error = await failureOf(scm.ensureTag({ name: 'v7.0.0', sha: second, message: 'Release 7.0.0' }));
        expect(error).toBeInstanceOf(ConflictError);
        expect(error.message).toContain(first.slice(0, 12));
        expect(await scm.findTag('v7.0.0')).toMatchObject({ sha: first });
      });

      test('a commit that is not there cannot be tagged', async () => {
        const error = await failureOf(scm.ensureTag({ name: 'v1', sha: 'a'.repeat(40), message: 'x' }));
        expect(error).toBeInstanceOf(PermanentError);
        expect(at.effects).toEqual([]);
      });
    });

    describe('commits between', () => {
      test('oldest first, with the title, the author and the head that was compared', async () => {
        await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
        at.commit('main', 'Not on the branch');
        at.commit('release/7.0.0', 'First fix\n\nwith a longer story');
        const second = at.commit('release/7.0.0', 'Second fix');
        const found = await scm.compare({ base: 'main', head: 'release/7.0.0', limit: 50 });
        expect(found).toMatchObject({ total: 2, headSha: second });
        expect(found.commits.map(({ title }) => title)).toEqual(['First fix', 'Second fix']);
        expect(found.commits[1]).toMatchObject({ sha: second, author: 'Alice Kaur', at: expect.any(Date) });
      });

      test('nothing between, and the head all the same', async () => {
        await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
        const found = await scm.compare({ base: 'main', head: 'release/7.0.0', limit: 50 });
        expect(found).toEqual({ commits: [], total: 0, headSha: await head() });
      });

      test('over several pages, and of too many the newest', async () => {
        await scm.ensureBranch({ name: 'old', from: 'main' });
        const shas = Array.from({ length: 230 }, (_, index) => at.commit('main', `Work ${index}`));
        const all = await scm.compare({ base: 'old', head: 'main', limit: 1000 });
        expect(all.commits.map(({ sha }) => sha)).toEqual(shas);
        const some = await scm.compare({ base: 'old', head: 'main', limit: 150 });
        expect(some.commits.map(({ sha }) => sha)).toEqual(shas.slice(-150));
        expect(some).toMatchObject({ total: 230, headSha: shas.at(-1) });
      });

      test('a name that is no commit is said', async () => {
        const error = await failureOf(scm.compare({ base: 'main', head: 'nope', limit: 5 }));
        expect(error).toBeInstanceOf(PermanentError);
        expect(error.message).toContain('"nope"');
        expect(await failureOf(scm.compare({ base: 'nope', head: 'main', limit: 5 }))).toBeInstanceOf(PermanentError);
      });

      test('the newest of a branch, oldest first', async () => {
        const shas = Array.from({ length: 130 }, (_, index) => at.commit('main', `Work ${index}`));
        const found = await scm.listCommits({ ref: 'main', limit: 120 });
        expect(found.commits.map(({ sha }) => sha)).toEqual(shas.slice(-120));
        expect(found).toMatchObject({ total: 120, headSha: shas.at(-1) });
      });
    });

    describe('releases', () => {
      test('made once for a tag', async () => {
        await scm.ensureTag({ name: 'v7.0.0', sha: await head(), message: 'x' });
        const made = await scm.ensureRelease({ tag: 'v7.0.0', name: '7.0.0', body: 'Notes' });
        expect(made.created).toBe(true);
        expect(await scm.ensureRelease({ tag: 'v7.0.0', name: '7.0.0', body: 'Other' })).toEqual({
          ...made,
          created: false,
        });
        expect(at.effects.filter(({ kind }) => kind === 'release')).toHaveLength(1);
      });

      test('never makes the tag by itself', async () => {
        expect(await failureOf(scm.ensureRelease({ tag: 'v9', name: '9', body: '' }))).toBeInstanceOf(PermanentError);
        expect(at.effects).toEqual([]);
      });
    });

    test('verify says what it reached', async () => {
      expect((await scm.verify()).detail).toContain('acme/app');
    });

    describe('when the answer to a write is lost', () => {
      const broken: [string, Fault][] = [
        ['the connection is cut before it is carried out', { kind: 'reset', when: 'before' }],
        ['the connection is cut after it was carried out', { kind: 'reset', when: 'after' }],
        ['half of the answer arrives', { kind: 'half-body' }],
        ['the answer is a page of some proxy', { kind: 'wrong-body' }],
        ['the server fails', { kind: 'status', status: 502 }],
        ['something is locked for a moment', { kind: 'status', status: 409 }],
      ];

      test.each(broken)('%s: branch, tag and release are there once', async (_, fault) => {
        at.faults.next(routes.createBranch, fault);
        const { sha } = await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
        at.faults.next(routes.createTag, fault);
        await scm.ensureTag({ name: 'v7.0.0', sha, message: 'x' });
        at.faults.next(routes.createRelease, fault);
        await scm.ensureRelease({ tag: 'v7.0.0', name: '7.0.0', body: 'Notes' });
        expect(at.effects.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
          'branch release/7.0.0',
          'tag v7.0.0',
          'release v7.0.0',
        ]);
      });

      test('the process dies after the write: the next one finds it', async () => {
        at.faults.next(routes.createBranch, { kind: 'reset', when: 'after' });
        const lift = at.faults.always(
          (request) => at.effects.length > 0 && routes.readBranch.test(`${request.method} ${request.path}`),
          { kind: 'reset', when: 'before' },
        );
        const asked = { name: 'release/7.0.0', from: 'main' };
        expect(await failureOf(scm.ensureBranch(asked))).toBeInstanceOf(TransientError);
        lift();
        expect(await scm.ensureBranch(asked)).toMatchObject({ created: false });
        expect(at.effects).toHaveLength(1);
      });

      test('somebody else was faster: refused, read back, taken as it is', async () => {
        let theirs = '';
        const matcher: Matcher = (request) => {
          if (!routes.createBranch.test(`${request.method} ${request.path}`)) return false;
          theirs = at.commit('release/7.0.0', 'Cut by hand');
          return true;
        };
        at.faults.next(matcher, { kind: 'status', status: 422, body: { message: 'whatever it says' } });
        const made = await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
        expect(made).toMatchObject({ sha: theirs, created: false });
      });

      test('refused though it is not there: that is final', async () => {
        at.faults.next(routes.createBranch, {
          kind: 'status',
          status: 422,
          body: { message: 'Reference already exists' },
        });
        const error = await failureOf(scm.ensureBranch({ name: 'release/7.0.0', from: 'main' }));
        expect(error).toBeInstanceOf(PermanentError);
        expect(error.fault.status).toBe(422);
      });
    });

    describe('faults are told apart by their status', () => {
      const cases: [string, Fault, new (...args: never[]) => Error][] = [
        ['401', { kind: 'status', status: 401 }, AuthError],
        ['403', { kind: 'status', status: 403 }, AuthError],
        ['409', { kind: 'status', status: 409 }, ConflictError],
        ['422', { kind: 'status', status: 422 }, PermanentError],
        ['429', { kind: 'status', status: 429, headers: { 'retry-after': '60' } }, TransientError],
        ['500', { kind: 'status', status: 500 }, TransientError],
        ['503', { kind: 'status', status: 503 }, TransientError],
        ['a cut connection', { kind: 'reset', when: 'before' }, TransientError],
        ['half an answer', { kind: 'half-body' }, TransientError],
        ['an answer that is not JSON', { kind: 'wrong-body' }, TransientError],
      ];

      test.each(cases)('%s on a read', async (_, fault, kind) => {
        at.faults.always(routes.readBranch, fault);
        const error = await failureOf(scm.findBranch('main'));
        expect(error).toBeInstanceOf(kind);
        expect(error.fault).toMatchObject({ provider: name.toUpperCase(), operation: 'findBranch' });
        expect(error.fault.status).toBe(fault.kind === 'status' ? fault.status : null);
      });

      // a spoilt answer to a write that was carried out is no fault: see above
      test.each(cases.filter(([label]) => !label.includes('answer')))('%s on a write', async (_, fault, kind) => {
        at.faults.always(routes.createBranch, fault);
        expect(await failureOf(scm.ensureBranch({ name: 'release/7.0.0', from: 'main' }))).toBeInstanceOf(kind);
        expect(at.effects).toEqual([]);
      });

      test('no answer at all ends at the time-out', async () => {
        const slow = await start({ timeoutMs: 50 });
        slow.faults.always(routes.readBranch, { kind: 'hang', when: 'before' });
        const error = await failureOf(slow.scm.findBranch('main'));
        expect(error).toBeInstanceOf(TransientError);
        expect(error.message).toContain('no answer in time');
        await slow.close();
      });

      test('nobody listens any more', async () => {
        const gone = await start();
        await gone.close();
        expect(await failureOf(gone.scm.findBranch('main'))).toBeInstanceOf(TransientError);
      });
    });

    describe('trying again', () => {
      test('a passing fault of a read is not seen', async () => {
        at.faults.next(routes.readBranch, { kind: 'status', status: 502 });
        at.faults.next(routes.readBranch, { kind: 'reset', when: 'before' });
        expect(await scm.findBranch('main')).not.toBeNull();
        expect(at.waits).toHaveLength(2);
      });

      test('three times at most, and the next call has all its tries again', async () => {
        at.faults.always(routes.readBranch, { kind: 'status', status: 500 });
        for (const round of [1, 2]) {
          await failureOf(scm.findBranch('main'));
          expect(at.requestCount()).toBe(3 * round);
        }
      });

      test('a short Retry-After is waited out, for a write too', async () => {
        at.faults.next(routes.createBranch, { kind: 'status', status: 429, headers: { 'retry-after': '3' } });
        expect(await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' })).toMatchObject({ created: true });
        expect(at.waits).toEqual([3000]);
      });

      test('a long one is handed to the caller at once', async () => {
        at.faults.always(routes.readBranch, { kind: 'status', status: 429, headers: { 'retry-after': '90' } });
        const error = await failureOf(scm.findBranch('main'));
        expect((error as TransientError).retryAfterMs).toBe(90_000);
        expect(at.waits).toEqual([]);
        expect(at.requestCount()).toBe(1);
      });

      test('what is wrong for good is not tried again', async () => {
        at.faults.always(routes.readBranch, { kind: 'status', status: 401 });
        await failureOf(scm.findBranch('main'));
        expect(at.requestCount()).toBe(1);
      });
    });

    test.each([401, 403, 404, 422, 429, 500])('a %i that repeats the credential does not show it', async (status) => {
      const message = `bad ${at.secrets.join(' and ')} and ghp_${'a'.repeat(36)}`;
      at.faults.always(routes.createBranch, {
        kind: 'status',
        status,
        body: { message },
        headers: { 'retry-after': '600' },
      });
      const error = await failureOf(scm.ensureBranch({ name: 'release/7.0.0', from: 'main' }));
      const shown = `${error.stack} ${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)}`;
      for (const secret of [...at.secrets, 'ghp_aaaa']) expect(shown).not.toContain(secret);
      expect(shown).toContain('bad ••••');
    });
  });
}
