import { json, notFound, validationFailed } from './answers.ts';
import { isRefName } from './repository.ts';
import { badJson, body, type Handler, page, releaseJson, text } from './shapes.ts';

export const createRelease: Handler = (context) => {
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

export const releaseByTag: Handler = (context, { tag = '' }) => {
  const release = context.state.releases.find((candidate) => candidate.tag === tag && !candidate.draft);
  return release ? json(200, releaseJson(context, release)) : notFound();
};

export const listReleases: Handler = (context) => {
  const { rows, headers } = page(context, [...context.state.releases].reverse());
  return json(
    200,
    rows.map((release) => releaseJson(context, release)),
    headers,
  );
};
