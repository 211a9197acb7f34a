import { z } from 'zod';
import type { Role } from '../domain/tenant.ts';
import type { IntegrationKind } from '../persistence/types/index.ts';
import { checkConfigurations } from './check-configurations.ts';
import { checkIntegrations } from './check-integrations.ts';
import { isObject } from './entries.ts';
import { issueMistakes } from './issues.ts';
import { SetupFileSchema } from './schema.ts';
import type { SecretSources } from './secrets.ts';
import type { WantedSetup } from './wanted.ts';
import type { Mistake, YamlFile } from './yaml-lines.ts';
import { readYaml } from './yaml-lines.ts';

export interface StoredNames {
  integrations: readonly { name: string; kind: IntegrationKind }[];
}

const SECTIONS = SetupFileSchema.shape;
const HeadSchema = z.looseObject({ tenant: SECTIONS.tenant, roles: SECTIONS.roles });

/**
 * Checks the whole file and lists every mistake at once, by line. `stored` tells what the tenant has already, because a
 * configuration may name an integration that is not in the file.
 */
export async function checkSetupFile(
  text: string,
  sources: SecretSources,
  stored: (tenantId: string) => Promise<StoredNames>,
): Promise<{ wanted: WantedSetup | null; mistakes: Mistake[] }> {
  const file = readYaml(text);
  const mistakes = [...file.mistakes];
  if (mistakes.length > 0) return { wanted: null, mistakes };
  if (!isObject(file.data)) {
    const message = 'expected tenant, roles, integrations and configurations, as on a page of YAML';
    return { wanted: null, mistakes: [{ line: 1, message }] };
  }
  mistakes.push(...unknownSections(file, file.data));
  const head = HeadSchema.safeParse(file.data);
  if (!head.success) mistakes.push(...issueMistakes(file, [], head.error));

  const integrations = await checkIntegrations(file, file.data['integrations'], sources, mistakes);
  const known = head.success ? (await stored(head.data.tenant.slackTeamId)).integrations : [];
  const named = [
    ...integrations.named,
    ...known.filter(({ name }) => !integrations.named.some((i) => i.name === name)),
  ];
  const configs = checkConfigurations(file, file.data['configurations'], named, mistakes);

  mistakes.sort((a, b) => a.line - b.line);
  if (mistakes.length > 0 || !head.success) return { wanted: null, mistakes };
  const { tenant, roles } = head.data;
  const given = Object.entries(roles).map(([role, members]) => [role, [...new Set(members)]]);
  return {
    wanted: {
      tenant: { id: tenant.slackTeamId, name: tenant.name },
      roles: Object.fromEntries(given) as Partial<Record<Role, string[]>>,
      integrations: integrations.wanted,
      configs,
    },
    mistakes,
  };
}

function unknownSections(file: YamlFile, data: Record<string, unknown>): Mistake[] {
  const unknown = Object.keys(data).filter((key) => !Object.hasOwn(SECTIONS, key));
  return unknown.map((key) => {
    const artifacts = 'builds are kept where the environment says: set ARTIFACTS_S3_BUCKET or ARTIFACTS_DIR, not this';
    const message = key === 'artifacts' ? artifacts : `is not known here; known: ${Object.keys(SECTIONS).join(', ')}`;
    return { line: file.lineOfKey([], key), message: `${key}: ${message}` };
  });
}
