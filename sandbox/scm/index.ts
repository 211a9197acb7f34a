import { faultAnswer, notFound, problem } from './answers.ts';
import { createGate, type GithubApp } from './auth.ts';
import type { Faults } from './http/faults.ts';
import { type RecordedRequest, type Reply, type StandInRequest, startStandIn } from './http/server.ts';
import { answerRepositoryCall } from './routes.ts';
import { type Effect, GithubState, type ReleaseRow } from './state.ts';

export type { Fault, Faults, Matcher } from './http/faults.ts';
export type { Effect } from './state.ts';

export interface GithubStandInOptions {
  /** default: any free port */
  port?: number;
  owner: string;
  repo: string;
  /** the one token that works */
  token: string;
  /** a GitHub App that is installed on the repository, besides the token */
  app?: GithubApp;
  /** how many commits `main` starts with; default 3, 0 is an empty repository */
  commits?: number;
  clock?: { now(): Date };
  /** what `keep` of an earlier one gave: the repository goes on from there */
  kept?: Buffer;
}

export interface GithubStandIn {
  /** what `settings.apiUrl` takes */
  apiUrl: string;
  /** the repository's page */
  url: string;
  /** every branch, tag and release made through the API, in order */
  effects: Effect[];
  requests: RecordedRequest[];
  faults: Faults;
  /** the tokens given out to the app */
  issuedTokens(): string[];
  /** a person pushes one commit; a branch that is not there is cut from `main`. Answers the new head. */
  commit(branch: string, message: string, author?: string): string;
  /** the account loses or regains the right to push */
  setPushAllowed(allowed: boolean): void;
  /** name -> sha of the commit */
  branches(): Record<string, string>;
  tags(): Record<string, string>;
  releases(): readonly Readonly<ReleaseRow>[];
  /** the repository as bytes, for the option `kept` of a later one */
  keep(): Buffer;
  close(): Promise<void>;
}

const API_PREFIX = '/api/v3';
const MAX_BODY_BYTES = 1024 * 1024;
const SAMPLE_WORK = [
  'Add dark mode',
  'Fix crash on cold start',
  'Speed up the feed',
  'Translate the settings',
  'Show offline hints',
];
const SAMPLE_AUTHORS = ['Alice Kaur', 'Bob Lund', 'Chen Wei'];

const plain = (status: number, body: string): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
});

/** What a person sees who follows a link out of a message: enough to know it leads to the right place. */
function webPage(state: GithubState, path: string): Reply {
  const found = /^\/(?<what>tree|commit|releases\/tag|compare)\/(?<name>.+)$/.exec(path);
  const name = decodeURIComponent(found?.groups?.['name'] ?? '');
  const repository = `${state.owner}/${state.repo} (sandbox)`;
  if (path === '') return plain(200, `${repository}\nbranches: ${state.repository.refs.size}\n`);
  if (found?.groups?.['what'] === 'compare') return plain(200, `${repository}\ncompare ${name}\n`);
  const commit = found ? state.repository.resolve(name) : null;
  return commit ? plain(200, `${repository}\n${name}\n${commit.sha}\n${commit.message}\n`) : plain(404, 'Not Found\n');
}

function namesBelow(state: GithubState, prefix: string): Record<string, string> {
  const rows = [...state.repository.refs]
    .filter(([ref]) => ref.startsWith(prefix))
    .map(([ref]) => [ref.slice(prefix.length), state.repository.resolve(ref)?.sha ?? '']);
  return Object.fromEntries(rows) as Record<string, string>;
}

/**
 * A GitHub with one repository, on loopback, for `npm start` without configuration and for tests. It keeps commits, refs,
 * annotated tags and releases in memory and answers with GitHub's documented status codes; unknown tokens are refused.
 */
export async function startGithub(options: GithubStandInOptions): Promise<GithubStandIn> {
  const now = (): Date => options.clock?.now() ?? new Date();
  const state = new GithubState({
    owner: options.owner,
    repo: options.repo,
    defaultBranch: 'main',
    now: () => now().toISOString(),
  });
  const gate = createGate({ token: options.token, ...(options.app ? { app: options.app } : {}), now });
  const repositoryPath = `${API_PREFIX}/repos/${options.owner}/${options.repo}`;
  const webPath = `/${options.owner}/${options.repo}`;

  function handle(request: StandInRequest): Reply {
    const below = (prefix: string): string | null =>
      request.path === prefix || request.path.startsWith(`${prefix}/`) ? request.path.slice(prefix.length) : null;
    const page = below(webPath);
    if (page !== null) return request.method === 'GET' ? webPage(state, page) : plain(405, 'Method Not Allowed\n');
    const installation = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(below(API_PREFIX) ?? '');
    if (installation && request.method === 'POST') return gate.installationToken(request, installation[1] ?? '');
    const refusal = gate.check(request);
    if (refusal) return refusal;
    const rest = below(repositoryPath);
    if (rest === null) return notFound();
    const wantsBody = request.method === 'POST' || request.method === 'PATCH' || request.method === 'PUT';
    if (wantsBody && request.body.length === 0) return problem(400, 'Problems parsing JSON');
    return answerRepositoryCall(
      { state, request, apiUrl: `${server.origin}${repositoryPath}`, webUrl: `${server.origin}${webPath}` },
      rest,
    );
  }

  const server = await startStandIn({
    ...(options.port === undefined ? {} : { port: options.port }),
    maxBodyBytes: MAX_BODY_BYTES,
    handle,
    faultBody: faultAnswer,
  });

  function commit(branch: string, message: string, author = 'Alice Kaur'): string {
    const { refs } = state.repository;
    const parent = refs.get(`refs/heads/${branch}`) ?? refs.get('refs/heads/main');
    const email = `${author.toLowerCase().replaceAll(/[^a-z]+/g, '.')}@example.test`;
    const made = state.repository.addCommit(
      message,
      { name: author, email, date: now().toISOString() },
      parent ? [parent] : [],
    );
    refs.set(`refs/heads/${branch}`, made.sha);
    return made.sha;
  }

  if (options.kept) state.restore(options.kept);
  for (let index = 0; !options.kept && index < (options.commits ?? 3); index += 1) {
    const work = SAMPLE_WORK[index % SAMPLE_WORK.length] ?? 'Work';
    commit('main', `${work} (#${index + 1})`, SAMPLE_AUTHORS[index % SAMPLE_AUTHORS.length]);
  }

  return {
    apiUrl: `${server.origin}${API_PREFIX}`,
    url: `${server.origin}${webPath}`,
    effects: state.effects,
    requests: server.requests,
    faults: server.faults,
    issuedTokens: () => gate.issued,
    commit,
    setPushAllowed: (allowed) => {
      state.canPush = allowed;
    },
    branches: () => namesBelow(state, 'refs/heads/'),
    tags: () => namesBelow(state, 'refs/tags/'),
    releases: () => state.releases,
    keep: () => state.keep(),
    close: server.close,
  };
}
