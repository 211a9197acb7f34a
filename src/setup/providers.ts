import type { z } from 'zod';
import { scmSchemas } from '../integrations/scm/index.ts';
import type { IntegrationKind } from '../persistence/types/index.ts';

/** What a set-up file may connect now, and what Spec 4.2 names for later. */
export interface ProviderSchemas {
  settings: z.ZodType;
  credentials: z.ZodType;
  /** credentials that are no secrets and may stand in the file as they are */
  literalCredentials: readonly string[];
}

const AVAILABLE: Partial<Record<IntegrationKind, Record<string, ProviderSchemas>>> = {
  SCM: { GITHUB: { ...scmSchemas.GITHUB, literalCredentials: ['appId', 'installationId'] } },
};

const LATER: Record<IntegrationKind, readonly string[]> = {
  SCM: ['GITLAB', 'BITBUCKET'],
  PIPELINE: ['GITHUB_ACTIONS', 'JENKINS', 'GITLAB_CI'],
  TARGET: ['APP_STORE', 'PLAY_STORE', 'WEB'],
  TICKETS: ['JIRA', 'LINEAR', 'GITHUB_ISSUES'],
  TEST_MANAGEMENT: ['CHECKMATE', 'TESTRAIL'],
  COMMUNICATION: ['TELEGRAM', 'WEBHOOK'],
};

/** The provider's schemas, or the sentence that says why there are none. */
export function findProvider(kind: IntegrationKind, provider: string): ProviderSchemas | string {
  const available = AVAILABLE[kind] ?? {};
  const schemas = Object.hasOwn(available, provider) ? available[provider] : undefined;
  if (schemas) return schemas;
  if (LATER[kind].includes(provider)) return `${provider} is not available yet`;
  if (kind === 'COMMUNICATION' && provider === 'SLACK') return 'SLACK is built in: it needs no entry';
  const known = [...Object.keys(available), ...LATER[kind]];
  return `"${provider}" is no provider of kind ${kind}: expected one of ${known.join(', ')}`;
}
