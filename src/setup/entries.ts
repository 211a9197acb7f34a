import { z } from 'zod';
import { issueMistakes } from './issues.ts';
import type { Mistake, Path, YamlFile } from './yaml-lines.ts';

/** The list at the section; what is there but no list is a mistake, nothing is an empty one. */
export function entriesOf(file: YamlFile, section: string, value: unknown, mistakes: Mistake[]): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  mistakes.push({ line: file.lineOf([section]), message: `${section}: expected a list` });
  return [];
}

/**
 * The fields of an entry that are right, each by itself, so that one that is wrong hides no mistake of another; what is
 * wrong is listed. Whoever gets all of them wanted may take them for the whole.
 */
export function readFields<S extends z.ZodObject>(
  file: YamlFile,
  path: Path,
  schema: S,
  raw: unknown,
  mistakes: Mistake[],
): Partial<z.output<S>> {
  const whole = schema.safeParse(raw);
  if (whole.success) return whole.data;
  mistakes.push(...issueMistakes(file, path, whole.error));
  if (!isObject(raw)) return {};
  const right = Object.entries(schema.shape).flatMap(([key, field]) => {
    const parsed = z.safeParse(field, raw[key]);
    return parsed.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(right) as Partial<z.output<S>>;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
