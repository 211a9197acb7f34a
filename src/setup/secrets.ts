import type { Mistake, Path, YamlFile } from './yaml-lines.ts';

/** Where `${env:NAME}` and `${file:PATH}` are looked up; a file is read whole, as text. */
export interface SecretSources {
  env: Readonly<Record<string, string | undefined>>;
  /** Relative paths are relative to the set-up file. Rejects when it cannot be read. */
  readFile(path: string): Promise<string>;
}

const REFERENCE = /^\$\{(env|file):([^}]+)\}$/;

/**
 * Credentials with their references looked up. A secret that stands in the file itself is a mistake, and its value is
 * never repeated (Spec 4.7). Null when there was any mistake.
 */
export async function resolveCredentials(
  credentials: Readonly<Record<string, unknown>>,
  context: { file: YamlFile; path: Path; sources: SecretSources; literal: readonly string[]; mistakes: Mistake[] },
): Promise<Record<string, unknown> | null> {
  const resolved: Record<string, unknown> = {};
  let isWhole = true;
  for (const [field, value] of Object.entries(credentials)) {
    const looked = await resolveOne(field, value, context.sources, context.literal.includes(field));
    if ('mistake' in looked) {
      const line = context.file.lineOf([...context.path, field]);
      context.mistakes.push({ line, message: `${[...context.path, field].join('.')}: ${looked.mistake}` });
      isWhole = false;
    } else resolved[field] = looked.value;
  }
  return isWhole ? resolved : null;
}

async function resolveOne(
  field: string,
  value: unknown,
  sources: SecretSources,
  mayBeLiteral: boolean,
): Promise<{ value: unknown } | { mistake: string }> {
  const [, source, name = ''] = typeof value === 'string' ? (REFERENCE.exec(value.trim()) ?? []) : [];
  if (source === 'env') {
    const found = sources.env[name];
    return found ? { value: found } : { mistake: `the environment variable ${name} is not set` };
  }
  if (source === 'file') {
    try {
      const found = (await sources.readFile(name)).replace(/\r?\n$/, '');
      return found === '' ? { mistake: `the file ${name} is empty` } : { value: found };
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
      return { mistake: `the file ${name} cannot be read${code}` };
    }
  }
  if (mayBeLiteral && (typeof value === 'string' || typeof value === 'number')) return { value };
  const how = `write "\${env:NAME}" or "\${file:PATH}" as the whole value`;
  return { mistake: `credentials are never written in the file: ${how} of ${field}` };
}
