import type { z } from 'zod';
import { ROLES } from '../domain/tenant.ts';
import { LATER_CONFIG_KEYS } from './schema.ts';
import type { Mistake, Path, YamlFile } from './yaml-lines.ts';

type Issue = z.core.$ZodIssue;

/** What a schema found wrong with what stands at `base`, as mistakes with their lines. No value is repeated. */
export function issueMistakes(file: YamlFile, base: Path, error: z.ZodError): Mistake[] {
  return error.issues.flatMap((issue) => mistakesOf(file, base, issue));
}

function mistakesOf(file: YamlFile, base: Path, issue: Issue): Mistake[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  const at = (message: string): Mistake => ({
    line: file.lineOf(path),
    message: `${path.join('.') || 'file'}: ${message}`,
  });
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const isLater = LATER_CONFIG_KEYS.some((later) => later === key);
      const known =
        path.join('.') === 'roles' ? `is no role: expected one of ${ROLES.join(', ')}` : 'is not known here';
      const message = isLater ? 'is not available yet' : known;
      return { line: file.lineOfKey(path, key), message: `${[...path, key].join('.')}: ${message}` };
    });
  }
  if (issue.code === 'invalid_union') {
    // Whoever wrote it meant the alternative with the fewest faults.
    const [nearest] = [...issue.errors].sort((a, b) => a.length - b.length);
    return nearest ? nearest.flatMap((inner) => mistakesOf(file, path, inner)) : [at(issue.message)];
  }
  if (issue.code === 'invalid_key') {
    const { message = 'is not known here' } = issue.issues[0] ?? {};
    const key = String(path.at(-1));
    return [{ line: file.lineOfKey(path.slice(0, -1), key), message: `${path.join('.')}: ${message}` }];
  }
  if (issue.code === 'invalid_type' && issue.input === undefined && !hasValue(file, path)) return [at('is missing')];
  // what is there is of another kind altogether; zod's own sentence is not for a person
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return [at(`expected ${KINDS[issue.expected] ?? issue.expected}`)];
  return [at(issue.message)];
}

const KINDS: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  object: 'keys and values',
  string: 'a text',
};

function hasValue(file: YamlFile, path: Path): boolean {
  let value: unknown = file.data;
  for (const part of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
  return value !== undefined;
}
