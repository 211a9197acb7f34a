import { NotConfiguredError } from '../../shared/errors.ts';
import { createGithubScm, GithubCredentials, type GithubOptions, GithubSettings } from './github.ts';
import type { Scm } from './port.ts';

/** What a person types for each provider, checked field by field (Spec 4.2). */
export const scmSchemas = {
  GITHUB: { settings: GithubSettings, credentials: GithubCredentials },
} as const;
export type ScmProvider = keyof typeof scmSchemas;

function isScmProvider(provider: string): provider is ScmProvider {
  return Object.hasOwn(scmSchemas, provider);
}

/** As stored: `credentials` decrypted, still unchecked. Throws `ZodError` for what its schema refuses. */
export interface ScmIntegration {
  provider: string;
  settings: unknown;
  credentials: unknown;
}

export type ScmOptions = Omit<GithubOptions, 'settings' | 'credentials'>;

export function createScm(integration: ScmIntegration, options: ScmOptions = {}): Scm {
  if (!isScmProvider(integration.provider)) {
    throw new NotConfiguredError(`Source control at ${integration.provider} is not supported`);
  }
  const schemas = scmSchemas[integration.provider];
  const settings = schemas.settings.parse(integration.settings);
  const credentials = schemas.credentials.parse(integration.credentials);
  return createGithubScm({ ...options, settings, credentials });
}
