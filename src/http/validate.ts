import type { z } from 'zod';
import { Refusal } from '../shared/errors.ts';

/** What the schema makes of the input. Throws `Refusal` INVALID_INPUT with a sentence for every faulty field. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const fields: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    for (const [field, sentence] of faultsOf(issue)) fields[field] ??= sentence;
  }
  const list = Object.entries(fields).map(([field, sentence]) => `${field}: ${sentence}`);
  throw new Refusal('INVALID_INPUT', `The request is not right. ${list.join('; ')}.`, fields);
}

function faultsOf(issue: z.core.$ZodIssue): [string, string][] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => [path ? `${path}.${key}` : key, 'is not known here']);
  }
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
  return [[path || 'body', isMissing ? 'is missing' : issue.message]];
}
