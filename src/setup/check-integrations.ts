import type { IntegrationKind } from '../persistence/types/index.ts';
import { entriesOf, readFields } from './entries.ts';
import { issueMistakes } from './issues.ts';
import type { ProviderSchemas } from './providers.ts';
import { findProvider } from './providers.ts';
import type { IntegrationFileEntry } from './schema.ts';
import { IntegrationEntry } from './schema.ts';
import type { SecretSources } from './secrets.ts';
import { resolveCredentials } from './secrets.ts';
import type { WantedIntegration } from './wanted.ts';
import type { Mistake, Path, YamlFile } from './yaml-lines.ts';

/** The file's integrations: `wanted` are those without a mistake, `named` all that could be named by a configuration. */
export async function checkIntegrations(file: YamlFile, section: unknown, sources: SecretSources, mistakes: Mistake[]) {
  const wanted: WantedIntegration[] = [];
  const named: { name: string; kind: IntegrationKind }[] = [];
  for (const [index, raw] of entriesOf(file, 'integrations', section, mistakes).entries()) {
    const path: Path = ['integrations', index];
    const entry = readFields(file, path, IntegrationEntry, raw, mistakes);
    const { name, kind, provider } = entry;
    if (name !== undefined && kind !== undefined) {
      if (named.some((other) => other.name === name)) {
        mistakes.push({ line: file.lineOf([...path, 'name']), message: `two integrations are named "${name}"` });
      }
      named.push({ name, kind });
    }
    if (kind === undefined || provider === undefined) continue;
    const schemas = findProvider(kind, provider);
    if (typeof schemas === 'string') {
      mistakes.push({ line: file.lineOf([...path, 'provider']), message: `integration "${name}": ${schemas}` });
      continue;
    }
    const parts = await checkParts(file, path, entry, schemas, sources, mistakes);
    if (parts && name !== undefined) wanted.push({ name, kind, provider, ...parts });
  }
  return { wanted, named };
}

/** Settings and credentials by the provider's schemas; null when they are not right. */
async function checkParts(
  file: YamlFile,
  path: Path,
  entry: Partial<IntegrationFileEntry>,
  schemas: ProviderSchemas,
  sources: SecretSources,
  mistakes: Mistake[],
): Promise<Pick<WantedIntegration, 'settings' | 'credentials'> | null> {
  for (const key of ['scm', 'target'] as const) {
    if (entry[key] !== undefined) {
      mistakes.push({
        line: file.lineOf([...path, key]),
        message: `integration "${entry.name}": "${key}" is for pipelines`,
      });
    }
  }
  const settings = schemas.settings.safeParse(entry.settings ?? {});
  if (!settings.success) mistakes.push(...issueMistakes(file, [...path, 'settings'], settings.error));
  if (!entry.credentials) {
    mistakes.push({ line: file.lineOf(path), message: `integration "${entry.name}": credentials are missing` });
    return null;
  }
  const at = [...path, 'credentials'];
  const context = { file, path: at, sources, literal: schemas.literalCredentials, mistakes };
  const credentials = await resolveCredentials(entry.credentials, context);
  const checked = credentials && schemas.credentials.safeParse(credentials);
  if (checked && !checked.success) mistakes.push(...issueMistakes(file, at, checked.error));
  if (!settings.success || !checked?.success) return null;
  return { settings: settings.data as Record<string, unknown>, credentials };
}
