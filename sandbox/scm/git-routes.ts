import { emptyRepository, json, notFound, problem } from './answers.ts';
import { isRefName } from './repository.ts';
import { badJson, body, commitJson, type Handler, page, refJson, text } from './shapes.ts';

const COMPARE_UNPAGED = 250;

export const getRef: Handler = (context, { ref = '' }) => {
  const { repository } = context.state;
  if (repository.commits.size === 0) return emptyRepository();
  const sha = repository.refs.get(`refs/${ref}`);
  return sha === undefined ? notFound() : json(200, refJson(context, `refs/${ref}`, sha));
};

export const createRef: Handler = (context) => {
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

export const deleteRef: Handler = ({ state }, { ref = '' }) => {
  if (!state.repository.refs.delete(`refs/${ref}`)) return problem(422, 'Reference does not exist');
  return { status: 204 };
};

export const getBranch: Handler = (context, { branch = '' }) => {
  const commit = context.state.repository.commits.get(context.state.repository.refs.get(`refs/heads/${branch}`) ?? '');
  if (!commit) return problem(404, 'Branch not found');
  const self = `${context.apiUrl}/branches/${encodeURIComponent(branch)}`;
  const html = `${context.webUrl}/tree/${branch}`;
  return json(200, { name: branch, commit: commitJson(context, commit), _links: { self, html }, protected: false });
};

export const createTag: Handler = (context) => {
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

export const getTag: Handler = (context, { sha = '' }) => {
  const tag = context.state.repository.tags.get(sha);
  if (!tag) return notFound();
  return json(200, {
    ...tag,
    object: { sha: tag.object, type: 'commit', url: `${context.apiUrl}/git/commits/${tag.object}` },
  });
};

export const getCommit: Handler = (context, { ref = '' }) => {
  const { repository } = context.state;
  if (repository.commits.size === 0) return emptyRepository();
  const commit = repository.resolve(ref);
  return commit ? json(200, commitJson(context, commit)) : problem(422, `No commit found for SHA: ${ref}`);
};

export const listCommits: Handler = (context) => {
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

export const compare: Handler = (context, { base: baseName = '', head: headName = '' }) => {
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
