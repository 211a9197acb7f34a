/** What a block may sit on. */
export type Surface = 'message' | 'modal' | 'home';

/** What one validation run gathers; `hasFile` answers whether an uploaded file id exists (for `slack_file`). */
export interface CheckContext {
  surface: Surface;
  errors: string[];
  blockIds: Set<string>;
  focusCount: number;
  tableCount: number;
  markdownLength: number;
  hasFile: (id: string) => boolean;
}

/** Looks at one value at a JSON pointer and records each fault in the words Slack uses. */
export type Check = (value: unknown, at: string, context: CheckContext) => void;
export type Fields = Record<string, Check>;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fault(context: CheckContext, at: string, message: string): void {
  context.errors.push(`${message} [json-pointer:${at}]`);
}

export function string(max: number, min = 1): Check {
  return (value, at, context) => {
    if (typeof value !== 'string') return fault(context, at, 'must be a string');
    if (value.length < min) fault(context, at, `must be more than ${min - 1} characters`);
    if (value.length > max) fault(context, at, `must be less than ${max + 1} characters`);
  };
}

export function pattern(expression: RegExp, expected: string): Check {
  return (value, at, context) => {
    if (typeof value !== 'string' || !expression.test(value)) fault(context, at, `must be ${expected}`);
  };
}

export function choice(...values: string[]): Check {
  return (value, at, context) => {
    if (typeof value !== 'string' || !values.includes(value)) {
      fault(context, at, `must be a valid enum value: ${values.join(', ')}`);
    }
  };
}

export const boolean: Check = (value, at, context) => {
  if (typeof value !== 'boolean') fault(context, at, 'must be a boolean');
};

export function integer(min: number, max: number): Check {
  return (value, at, context) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return fault(context, at, 'must be an integer');
    if (value < min || value > max) fault(context, at, `must be between ${min} and ${max}`);
  };
}

export function list(item: Check, min: number, max: number): Check {
  return (value, at, context) => {
    if (!Array.isArray(value)) return fault(context, at, 'must be an array');
    if (value.length < min) fault(context, at, `no less than ${min} items allowed`);
    if (value.length > max) fault(context, at, `no more than ${max} items allowed`);
    for (const [index, entry] of value.entries()) item(entry, `${at}/${index}`, context);
  };
}

/** An object with exactly these fields; any other is refused, as Slack does. `type` is always let through. */
export function object(required: Fields, optional: Fields = {}): Check {
  return (value, at, context) => {
    if (!isRecord(value)) return fault(context, at, 'must be an object');
    for (const [name, check] of Object.entries(required)) {
      if (value[name] === undefined || value[name] === null) fault(context, at, `missing required field: ${name}`);
      else check(value[name], `${at}/${name}`, context);
    }
    for (const [name, entry] of Object.entries(value)) {
      if (name === 'type' || name in required || entry === undefined) continue;
      const check = optional[name];
      if (check) check(entry, `${at}/${name}`, context);
      else fault(context, at, `invalid additional property: ${name}`);
    }
  };
}

/** Chooses the check by `type`; a type that is not in the table is refused by name. */
export function byType(table: Fields): Check {
  return (value, at, context) => {
    if (!isRecord(value)) return fault(context, at, 'must be an object');
    const type = value['type'];
    if (typeof type !== 'string') return fault(context, at, 'missing required field: type');
    const check = Object.hasOwn(table, type) ? table[type] : undefined;
    if (check) check(value, at, context);
    else fault(context, `${at}/type`, `unsupported type: ${type}`);
  };
}

export function all(...checks: Check[]): Check {
  return (value, at, context) => {
    for (const check of checks) check(value, at, context);
  };
}
