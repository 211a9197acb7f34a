import type { z } from 'zod';
import { Refusal } from '../shared/errors.ts';

/** What the schema makes of the input. Throws `Refusal` INVALID_INPUT with a sentence for every faulty field. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const fields: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    for (const [field, sentence] of faultsOf(issue, input)) fields[field] ??= sentence;
  }
  const list = Object.entries(fields).map(([field, sentence]) => `${field}: ${sentence}`);
  throw new Refusal('INVALID_INPUT', `The request is not right. ${list.join('; ')}.`, fields);
}

function faultsOf(issue: z.core.$ZodIssue, input: unknown): [string, string][] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => [path ? `${path}.${key}` : key, 'is not known here']);
  }
  return [[path || 'body', sentenceOf(issue, input)]];
}

/** The schemas' own sentences where they have one; zod's are not for a person. */
function sentenceOf(issue: z.core.$ZodIssue, input: unknown): string {
  const ofZod = issue.message.startsWith('Invalid ') || issue.message.startsWith('Too ');
  if (issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined) return 'is missing';
  if (!ofZod) return issue.message;
  if (issue.code === 'invalid_type') return `expected ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small') return `expected at least ${issue.minimum}`;
  if (issue.code === 'too_big') {
    return issue.origin === 'string'
      ? `is longer than ${issue.maximum} characters`
      : `expected at most ${issue.maximum}`;
  }
  return issue.message;
}

const TYPES: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  string: 'a text',
};

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    // what a client sends is looked up by its own keys alone
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? Reflect.get(value, part) : undefined;
  }
  return value;
}
