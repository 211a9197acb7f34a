import { z } from 'zod';
import { ProviderError } from '../../../shared/errors.ts';
import type { GithubClient } from './client.ts';

/** Pages of the repository for a person to open; null where its address could not be asked for. */
export interface WebLinks {
  branch(name: string): Promise<string | null>;
  tag(name: string): Promise<string | null>;
}

const Repository = z.object({ html_url: z.string() });

const encodePath = (name: string): string => name.split('/').map(encodeURIComponent).join('/');

/** Asks for the repository's page once: an API address does not always tell where the pages are. */
export function createWebLinks(client: GithubClient): WebLinks {
  let base: string | null = null;
  async function link(path: string): Promise<string | null> {
    try {
      base ??= (await client.call('links', 'GET /repos/{owner}/{repo}', Repository)).data.html_url;
      return `${base}/${path}`;
    } catch (error) {
      // a link is a courtesy: what was found or made stands without it
      if (error instanceof ProviderError) return null;
      throw error;
    }
  }
  return {
    branch: (name) => link(`tree/${encodePath(name)}`),
    tag: (name) => link(`releases/tag/${encodeURIComponent(name)}`),
  };
}
