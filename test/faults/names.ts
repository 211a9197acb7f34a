import { plain } from '../crash/sweep/identify.ts';
import type { Asked } from '../support/relay.ts';
import type { Provider } from './kinds.ts';

/** A call by what it does, in words that are the same in every run; ids, hashes and times are left out. */
export const NAME_OF: Record<Provider, (asked: Asked) => string> = {
  github({ method, path, body }) {
    const { ref, tag, tag_name: release } = JSON.parse(body.toString() || '{}') as Record<string, string>;
    const call = path.replace(/^.*?\/repos\/[^/]+\/[^/]+\/?/, '');
    return plain(`${method} ${call} ${ref ?? tag ?? release ?? ''}`.trim());
  },
  slack({ path, contentType, body }) {
    if (!path.startsWith('/api/')) return plain(`download ${path.split('/').at(-1)}`);
    const method = path.replace(/^\/api\//, '').replace(/\?.*/, '');
    const given: Record<string, unknown> = contentType.includes('json')
      ? (JSON.parse(body.toString()) as Record<string, unknown>)
      : Object.fromEntries(new URLSearchParams(body.toString()));
    const { metadata } = given;
    const sent = typeof metadata === 'string' ? metadata : JSON.stringify(metadata ?? null);
    const key = /"key":"([^"]*)"/.exec(sent)?.[1] ?? '';
    return plain(`${method} ${key}`.trim());
  },
  s3: ({ method, path }) => plain(`${method} ${path.replace(/\?.*partNumber=(\d+).*/, ' part $1').split('?')[0]}`),
};
