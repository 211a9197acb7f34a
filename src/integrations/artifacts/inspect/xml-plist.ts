/** XML property lists (PropertyList-1.0.dtd): `<plist><dict><key>..</key><string>..</string>...</dict></plist>`. */
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const CDATA = '<![CDATA[';

function decode(text: string): string {
  return text.replaceAll(/&(#x?)?(\w{1,10});/g, (whole: string, number: string | undefined, name: string) => {
    if (number === undefined) return ENTITIES[name] ?? whole;
    const code = Number.parseInt(name, number === '#x' ? 16 : 10);
    return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Where `what` ends after `from`; every search goes forward only, so that a long file takes no longer than its length. */
function endOf(xml: string, what: string, from: number): number {
  const at = xml.indexOf(what, from);
  if (at < 0) throw new Error(`no property list: ${what} is missing`);
  return at + what.length;
}

/** The text up to the closing tag; anything in it but characters and CDATA is not a text. */
function textUpTo(xml: string, closing: string, from: number): { text: string; end: number } {
  const end = endOf(xml, closing, from);
  const raw = xml.slice(from, end - closing.length);
  if (raw.startsWith(CDATA) && raw.endsWith(']]>')) return { text: raw.slice(CDATA.length, -3), end };
  if (raw.includes('<')) throw new Error('no property list: a text with something in it');
  return { text: decode(raw), end };
}

/**
 * The texts among the values of the topmost dictionary, and nothing else. The library at hand builds a whole document and
 * prints what it does not like to the console, which is not for strangers' files to do.
 */
export function textsOfXmlPlist(xml: string): Map<string, string> {
  const found = new Map<string, string>();
  let depth = 0;
  let key: string | null = null;
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at)) {
    if (xml.startsWith('<!--', at)) {
      at = endOf(xml, '-->', at);
      continue;
    }
    const end = endOf(xml, '>', at);
    const tag = xml.slice(at + 1, end - 1).trim();
    at = end;
    const name = /^\/?[a-z]+/.exec(tag)?.[0] ?? '';
    // Apple's own doctype declares nothing; one that does wants something else
    if (tag.startsWith('!') && tag.includes('[')) throw new Error('no property list: it declares entities');
    if (tag.endsWith('/')) {
      if (name === 'string' && key !== null && depth === 1) found.set(key, '');
      key = null;
      continue;
    }
    if (name === 'key' || name === 'string') {
      const { text, end: after } = textUpTo(xml, `</${name}>`, at);
      at = after;
      if (name === 'string' && key !== null && depth === 1) found.set(key, text);
      key = name === 'key' && depth === 1 ? text : null;
      continue;
    }
    if (name === 'dict' || name === 'array') depth += 1;
    if (name === '/dict' || name === '/array') depth -= 1;
    if (name === 'array' && depth === 1) throw new Error('no property list: no dictionary at the top');
    key = null;
    if (name === '/plist') return found;
  }
  throw new Error('no property list: it does not end');
}
