import { Fault, messageOf, unsupported } from '../errors.ts';

/** What Perl's expressions have and JavaScript's have not, or read otherwise. */
const PERL_ONLY = /^\\[AZzGQEhHRKXNaegokL]/;
const GROUPS = /^\(\?(?::|=|!|<=|<!|<[A-Za-z])/;

/** Perl's white space and end of text, spelled in JavaScript's. */
const WHITE_SPACE = ' \\t\\n\\v\\f\\r';
const END_OF_TEXT = '(?=\\n?(?![\\s\\S]))';

/**
 * A JavaScript expression that matches what MongoDB's (Perl compatible) would.
 * Throws Fault 115 for syntax that would match something else here, 51091 for what is no expression at all.
 */
export function compileRegex(pattern: string, options: string): RegExp {
  for (const option of options) {
    if (option === 'x') throw unsupported('the regular expression option x');
    if (!'imsu'.includes(option)) throw new Fault(51108, `invalid flag in regex options: ${option}`);
  }
  const isMultiline = options.includes('m');
  const source = translate(pattern, isMultiline);
  const flags = [...new Set(options.replaceAll('u', ''))].join('');
  try {
    return new RegExp(source, `${flags}u`);
  } catch {
    return compileLoosely(source, flags);
  }
}

function compileLoosely(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new Fault(51091, `Regular expression is invalid: ${messageOf(error)}`);
  }
}

function translate(pattern: string, isMultiline: boolean): string {
  let result = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at, at + 6);
    const char = rest.charAt(0);
    refusePerl(rest, inClass);
    if (char === '\\') {
      result += translateEscape(rest.charAt(1), inClass);
      at += 1;
      continue;
    }
    if (inClass) inClass = char !== ']';
    else if (char === '[') {
      inClass = true;
      // A bracket right after the opening is the bracket itself.
      const head = /^\[\^?\]/.exec(rest)?.[0];
      if (head) {
        result += `${head.slice(0, -1)}\\]`;
        at += head.length - 1;
        continue;
      }
    } else if (char === '$' && !isMultiline) {
      result += END_OF_TEXT;
      continue;
    }
    result += char;
  }
  return result;
}

function refusePerl(rest: string, inClass: boolean): void {
  const refuse = (syntax: string): never => {
    throw unsupported(`the regular expression syntax ${syntax}`);
  };
  if (PERL_ONLY.test(rest)) refuse(rest.slice(0, 2));
  if (inClass && /^\[[:.=]/.test(rest)) refuse(rest.slice(0, 2));
  if (inClass) return;
  if (rest.startsWith('(?') && !GROUPS.test(rest)) refuse(rest.slice(0, 3));
  if (rest.startsWith('(*')) refuse('(*');
  if (/^[*+?}]\+/.test(rest)) refuse(rest.slice(0, 2));
}

function translateEscape(escaped: string, inClass: boolean): string {
  if (escaped === 's') return inClass ? WHITE_SPACE : `[${WHITE_SPACE}]`;
  if (escaped === 'S') {
    if (inClass) throw unsupported('the regular expression syntax \\S inside brackets');
    return `[^${WHITE_SPACE}]`;
  }
  return `\\${escaped}`;
}
