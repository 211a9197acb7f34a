import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';

const NAME = /^[A-Za-z0-9_.-]{1,100}$/;

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

/** Where the repository is. `apiUrl` is for GitHub Enterprise (`https://HOST/api/v3`). Spec 4.2. */
export const GithubSettings = z.strictObject({
  owner: z.string().regex(NAME, 'The owner is a user or organisation name, e.g. "acme".'),
  repo: z.string().regex(NAME, 'The repository is its name alone, e.g. "app" (without the owner).'),
  apiUrl: z
    .url({ protocol: /^https?$/, error: 'The API address is a URL, e.g. "https://api.github.com".' })
    .transform((url) => url.replace(/\/+$/, ''))
    .default('https://api.github.com'),
});
export type GithubSettings = z.infer<typeof GithubSettings>;

const id = (what: string) =>
  z.coerce
    .number({ error: `The ${what} id is a number.` })
    .int()
    .positive();

/** A personal access token (classic or fine-grained), or a GitHub App's key and installation. Spec 4.2. */
export const GithubCredentials = z.union([
  z.strictObject({ token: z.string().regex(/^[\x21-\x7e]+$/, 'The token is one word without spaces or line breaks.') }),
  z.strictObject({
    appId: id('app'),
    installationId: id('installation'),
    privateKey: z
      .string()
      .transform((pem) => pem.replaceAll('\\n', '\n'))
      .refine(
        isPrivateKey,
        'The private key is the whole PEM file GitHub gave for the app, first and last line included.',
      ),
  }),
]);
export type GithubCredentials = z.infer<typeof GithubCredentials>;
