import { emptyRepository, json, notFound, problem, validationFailed } from './answers.ts';
import type { Reply, StandInRequest } from './http/server.ts';
import { type GitCommit, isRefName } from './repository.ts';
import type { GithubState, ReleaseRow } from './state.ts';

/** The calls of GitHub's REST API that Slipway makes, with the documented status codes and bodies. Everything else is 404. */
export interface Context {
  state: GithubState;
  request: StandInRequest;
  /** the base of this API and of the pages a person opens */
  apiUrl: string;
  webUrl: string;
}

type Handler = (context: Context, groups: Record<string, string>) => Reply;

const MAX_PER_PAGE = 100;
const COMPARE_UNPAGED = 250;

function body(context: Context): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(context.request.body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const badJson = (): Reply => problem(400, 'Problems parsing JSON');

function page<T>(
  { request, apiUrl }: Context,
  rows: T[],
  defaultSize = 30,
): { rows: T[]; headers: Record<string, string> } {
  const asked = Number(request.query.get('per_page') ?? defaultSize);
  const size =
    Number.isInteger(asked) && asked > 0 ? Math.min(asked, Math.max(MAX_PER_PAGE, defaultSize)) : defaultSize;
  const number = Math.max(1, Number(request.query.get('page') ?? 1) || 1);
  const last = Math.max(1, Math.ceil(rows.length / size));
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(request.query);
    query.set('page', String(to));
    return `<${apiUrl}${request.path}?${query}>; rel="${rel}"`;
  };
  const links = number < last ? [link(number + 1, 'next'), link(last, 'last')] : [];
  return {
    rows: rows.slice((number - 1) * size, number * size),
    headers: links.length > 0 ? { link: links.join(', ') } : {},
  };
}

function commitJson({ apiUrl, webUrl }: Context, commit: GitCommit): Record<string, unknown> {
  return {
    sha: commit.sha,
    html_url: `${webUrl}/commit/${commit.sha}`,
    url: `${apiUrl}/commits/${commit.sha}`,
    commit: {
      message: commit.message,
      author: commit.author,
      committer: commit.author,
      tree: { sha: commit.tree },
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({ sha })),
  };
}

function refJson({ state, apiUrl }: Context, ref: string, sha: string): Record<string, unknown> {
  const type = state.repository.tags.has(sha) ? 'tag' : 'commit';
  return { ref, url: `${apiUrl}/git/${ref}`, object: { sha, type, url: `${apiUrl}/git/${type}s/${sha}` } };
}

function releaseJson({ webUrl, apiUrl }: Context, release: ReleaseRow): Record<string, unknown> {
  return {
    id: release.id,
    url: `${apiUrl}/releases/${release.id}`,
    html_url: `${webUrl}/releases/tag/${encodeURIComponent(release.tag)}`,
    tag_name: release.tag,
    target_commitish: release.targetCommitish,
    name: release.name,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    created_at: release.createdAt,
    published_at: release.draft ? null : release.createdAt,
  };
}

const getRepository: Handler = ({ state, webUrl, apiUrl }) =>
  json(200, {
    id: 1,
    name: state.repo,
    full_name: `${state.owner}/${state.repo}`,
    private: true,
    archived: false,
    html_url: webUrl,
    url: apiUrl,
    default_branch: state.defaultBranch,
    permissions: { admin: false, maintain: false, push: state.canPush, triage: true, pull: true },
  });

const getRef: Handler = (context, { ref = '' }) => {
  const { repository } = context.state;
  if (repository.commits.size === 0) return emptyRepository();
  const sha = repository.refs.get(`refs/${ref}`);
  return sha === undefined ? notFound() : json(200, refJson(context, `refs/${ref}`, sha));
};

const createRef: Handler = (context) => {
  const { state } = context;
  const input = body(context);
  if (!input) return badJson();
  const [ref, sha] = [text(input['ref']), text(input['sha'])];
  if (!ref || !sha) return problem(422, 'Invalid request.\n\n"ref" and "sha" weren\'t supplied.');
  if (state.repository.commits.size === 0) return emptyRepository();
  if (!isRefName(ref)) return problem(422, `${ref} is not a valid ref name.`);
  if (!state.repository.commits.has(sha) && !state.repository.tags.has(sha))
    return problem(422, 'Object does not exist');
  if (state.repository.refs.has(ref)) return problem(422, 'Reference already exists');
  // Git keeps refs as paths: `release` and `release/7.0.0` cannot both be there
  const clash = [...state.repository.refs.keys()].some(
    (other) => other.startsWith(`${ref}/`) || ref.startsWith(`${other}/`),
  );
  if (clash) return problem(422, 'Reference update failed');
  state.putRef(ref, sha);
  return json(201, refJson(context, ref, sha));
};

const deleteRef: Handler = ({ state }, { ref = '' }) => {
  if (!state.repository.refs.delete(`refs/${ref}`)) return problem(422, 'Reference does not exist');
  return { status: 204 };
};

const getBranch: Handler = (context, { branch = '' }) => {
  const commit = context.state.repository.commits.get(context.state.repository.refs.get(`refs/heads/${branch}`) ?? '');
  if (!commit) return problem(404, 'Branch not found');
  const self = `${context.apiUrl}/branches/${encodeURIComponent(branch)}`;
  const html = `${context.webUrl}/tree/${branch}`;
  return json(200, { name: branch, commit: commitJson(context, commit), _links: { self, html }, protected: false });
};

const createTag: Handler = (context) => {
  const { state } = context;
  const input = body(context);
  if (!input) return badJson();
  const [tag, message, object] = [text(input['tag']), text(input['message']), text(input['object'])];
  if (!tag || !message || !object || input['type'] !== 'commit') {
    return problem(422, 'Invalid request.\n\n"tag", "message", "object", "type" weren\'t supplied.');
  }
  if (!state.repository.commits.has(object)) return problem(422, 'Object does not exist');
  const tagger = { name: 'Slipway', email: 'slipway@example.test', date: state.now() };
  const made = state.repository.addTag({ tag, message, tagger, object });
  return json(201, {
    ...made,
    object: { sha: object, type: 'commit', url: `${context.apiUrl}/git/commits/${object}` },
  });
};

const getTag: Handler = (context, { sha = '' }) => {
  const tag = context.state.repository.tags.get(sha);
  if (!tag) return notFound();
  return json(200, {
    ...tag,
    object: { sha: tag.object, type: 'commit', url: `${context.apiUrl}/git/commits/${tag.object}` },
  });
};

const getCommit: Handler = (context, { ref = '' }) => {
  const { repository } = context.state;
  if (repository.commits.size === 0) return emptyRepository();
  const commit = repository.resolve(ref);
  return commit ? json(200, commitJson(context, commit)) : problem(422, `No commit found for SHA: ${ref}`);
};

const listCommits: Handler = (context) => {
  const { repository, defaultBranch } = context.state;
  if (repository.commits.size === 0) return emptyRepository();
  const head = repository.resolve(context.request.query.get('sha') ?? defaultBranch);
  if (!head) return notFound();
  const { rows, headers } = page(context, repository.history(head));
  return json(
    200,
    rows.map((commit) => commitJson(context, commit)),
    headers,
  );
};

const compare: Handler = (context, { base: baseName = '', head: headName = '' }) => {
  const { repository } = context.state;
  const [base, head] = [repository.resolve(baseName), repository.resolve(headName)];
  if (!base || !head) return notFound();
  const found = repository.compare(base, head);
  if (!found) return problem(404, `No common ancestor between ${baseName} and ${headName}.`);
  const { ahead, behindBy, mergeBase } = found;
  const paged = context.request.query.has('per_page') || context.request.query.has('page');
  // without paging GitHub lists the first 250 and says so in total_commits only
  const { rows, headers } = paged ? page(context, ahead) : { rows: ahead.slice(0, COMPARE_UNPAGED), headers: {} };
  const status = ahead.length > 0 ? (behindBy > 0 ? 'diverged' : 'ahead') : behindBy > 0 ? 'behind' : 'identical';
  const answer = {
    html_url: `${context.webUrl}/compare/${baseName}...${headName}`,
    base_commit: commitJson(context, base),
    merge_base_commit: commitJson(context, mergeBase),
    status,
    ahead_by: ahead.length,
    behind_by: behindBy,
    total_commits: ahead.length,
    commits: rows.map((commit) => commitJson(context, commit)),
    files: [],
  };
  return json(200, answer, headers);
};

const createRelease: Handler = (context) => {
  const { state } = context;
  const input = body(context);
  if (!input) return badJson();
  const tag = text(input['tag_name']);
  if (!tag) return validationFailed('Release', 'tag_name', 'missing_field');
  const draft = input['draft'] === true;
  if (!draft && state.releases.some((release) => release.tag === tag && !release.draft)) {
    return validationFailed('Release', 'tag_name', 'already_exists');
  }
  const targetCommitish = text(input['target_commitish']) ?? state.defaultBranch;
  const target = state.repository.resolve(targetCommitish);
  if (!draft && !state.repository.refs.has(`refs/tags/${tag}`)) {
    if (!target) return validationFailed('Release', 'target_commitish', 'invalid');
    if (!isRefName(`refs/tags/${tag}`)) return validationFailed('Release', 'tag_name', 'invalid');
    state.putRef(`refs/tags/${tag}`, target.sha);
  }
  const release = state.putRelease({
    tag,
    targetCommitish,
    name: text(input['name']) ?? tag,
    body: text(input['body']) ?? '',
    draft,
    prerelease: input['prerelease'] === true,
  });
  return json(201, releaseJson(context, release));
};

const releaseByTag: Handler = (context, { tag = '' }) => {
  const release = context.state.releases.find((candidate) => candidate.tag === tag && !candidate.draft);
  return release ? json(200, releaseJson(context, release)) : notFound();
};

const listReleases: Handler = (context) => {
  const { rows, headers } = page(context, [...context.state.releases].reverse());
  return json(
    200,
    rows.map((release) => releaseJson(context, release)),
    headers,
  );
};

/** Below `/repos/<owner>/<repo>`. The named groups are percent-decoded. */
const ROUTES: readonly { method: string; path: RegExp; handler: Handler }[] = [
  { method: 'GET', path: /^$/, handler: getRepository },
  { method: 'GET', path: /^\/git\/ref\/(?<ref>.+)$/, handler: getRef },
  { method: 'POST', path: /^\/git\/refs$/, handler: createRef },
  { method: 'DELETE', path: /^\/git\/refs\/(?<ref>.+)$/, handler: deleteRef },
  { method: 'POST', path: /^\/git\/tags$/, handler: createTag },
  { method: 'GET', path: /^\/git\/tags\/(?<sha>[^/]+)$/, handler: getTag },
  { method: 'GET', path: /^\/branches\/(?<branch>.+)$/, handler: getBranch },
  { method: 'GET', path: /^\/commits\/(?<ref>.+)$/, handler: getCommit },
  { method: 'GET', path: /^\/commits$/, handler: listCommits },
  { method: 'GET', path: /^\/compare\/(?<base>.+)\.\.\.(?<head>.+)$/, handler: compare },
  { method: 'POST', path: /^\/releases$/, handler: createRelease },
  { method: 'GET', path: /^\/releases\/tags\/(?<tag>.+)$/, handler: releaseByTag },
  { method: 'GET', path: /^\/releases$/, handler: listReleases },
];

/** Answers a call below `/repos/<owner>/<repo>`; `rest` is what follows, still encoded. */
export function answerRepositoryCall(context: Context, rest: string): Reply {
  for (const route of ROUTES) {
    const found = route.method === context.request.method ? route.path.exec(rest) : null;
    if (!found) continue;
    if (route.method !== 'GET' && !context.state.canPush) {
      return problem(403, 'Resource not accessible by personal access token', undefined, {
        'x-accepted-github-permissions': 'contents=write',
      });
    }
    const groups = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return route.handler(context, Object.fromEntries(groups) as Record<string, string>);
  }
  return notFound();
}
