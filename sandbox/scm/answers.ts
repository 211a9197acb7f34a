import type { Reply } from './http/server.ts';

/** GitHub's bodies and headers, as its documentation and recorded answers show them. */
const DOCS = 'https://docs.github.com/rest';

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-github-media-type': 'github.v3; format=json',
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

export function problem(
  status: number,
  message: string,
  errors?: unknown[],
  headers: Record<string, string> = {},
): Reply {
  const body = { message, ...(errors ? { errors } : {}), documentation_url: DOCS, status: String(status) };
  return json(status, body, headers);
}

export const notFound = (): Reply => problem(404, 'Not Found');
export const emptyRepository = (): Reply => problem(409, 'Git Repository is empty.');

export function validationFailed(resource: string, field: string, code: string): Reply {
  return problem(422, 'Validation Failed', [{ resource, field, code }]);
}

const FAULT_MESSAGES: Record<number, string> = {
  401: 'Bad credentials',
  403: 'Resource not accessible by personal access token',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Validation Failed',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  500: 'Server Error',
  502: 'Server Error',
  503: 'Service Unavailable',
};

export function faultAnswer(status: number): Reply {
  const headers: Record<string, string> = status === 403 ? { 'x-accepted-github-permissions': 'contents=write' } : {};
  return problem(status, FAULT_MESSAGES[status] ?? 'Error', undefined, headers);
}
