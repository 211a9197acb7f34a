import { problem } from './answers.ts';
import type { Reply, StandInRequest } from './http/server.ts';
import type { GitCommit } from './repository.ts';
import type { GithubState, ReleaseRow } from './state.ts';

/** What a call is answered from. */
export interface Context {
  state: GithubState;
  request: StandInRequest;
  /** the base of this API and of the pages a person opens */
  apiUrl: string;
  webUrl: string;
}

export type Handler = (context: Context, groups: Record<string, string>) => Reply;

const MAX_PER_PAGE = 100;

export function body(context: Context): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(context.request.body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const badJson = (): Reply => problem(400, 'Problems parsing JSON');

export function page<T>(
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

export function commitJson({ apiUrl, webUrl }: Context, commit: GitCommit): Record<string, unknown> {
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

export function refJson({ state, apiUrl }: Context, ref: string, sha: string): Record<string, unknown> {
  const type = state.repository.tags.has(sha) ? 'tag' : 'commit';
  return { ref, url: `${apiUrl}/git/${ref}`, object: { sha, type, url: `${apiUrl}/git/${type}s/${sha}` } };
}

export function releaseJson({ webUrl, apiUrl }: Context, release: ReleaseRow): Record<string, unknown> {
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
