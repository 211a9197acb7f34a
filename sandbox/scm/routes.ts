import { json, notFound, problem } from './answers.ts';
import {
  compare,
  createRef,
  createTag,
  deleteRef,
  getBranch,
  getCommit,
  getRef,
  getTag,
  listCommits,
} from './git-routes.ts';
import type { Reply } from './http/server.ts';
import { createRelease, listReleases, releaseByTag } from './release-routes.ts';
import type { Context, Handler } from './shapes.ts';

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

/**
 * The calls of GitHub's REST API that Slipway makes, with the documented status codes and bodies; everything else is 404.
 * Below `/repos/<owner>/<repo>`. The named groups are percent-decoded.
 */
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
