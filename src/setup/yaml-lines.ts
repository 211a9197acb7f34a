import type { Document, Node } from 'yaml';
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

/** One thing that is wrong in the file; `line` counts from 1. */
export interface Mistake {
  line: number;
  message: string;
}
/** Where something stands: keys and indexes from the top. */
export type Path = readonly (string | number)[];

export interface YamlFile {
  /** plain data; undefined when the text is no YAML */
  data: unknown;
  mistakes: Mistake[];
  /** The line of what stands at the path, or of the nearest thing around it that is there. */
  lineOf(path: Path): number;
  /** The line of a key of the map at the path. */
  lineOfKey(path: Path, key: string): number;
}

const QUOTE_HINT = ` (write references in quotes: "\${env:NAME}")`;

/** Reads YAML 1.2 and remembers the lines. Never throws: what is no YAML is a list of mistakes. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const mistakes = syntaxMistakes(document, text, lineAt);
  let data: unknown;
  if (mistakes.length === 0) {
    try {
      data = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      mistakes.push({
        line: 1,
        message: `the file cannot be read: ${error instanceof Error ? error.message : 'no YAML'}`,
      });
    }
  }
  const nodeAt = (path: Path): Node | null => {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
    return isNode(node) ? node : null;
  };
  const lineOf = (path: Path): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = nodeAt(path.slice(0, length));
      if (node?.range) return lineAt(node.range[0]);
    }
    return 1;
  };
  return {
    data,
    mistakes,
    lineOf,
    lineOfKey(path, key) {
      const map = nodeAt(path);
      const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
      return isNode(pair?.key) && pair.key.range ? lineAt(pair.key.range[0]) : lineOf([...path, key]);
    },
  };
}

function syntaxMistakes(document: Document.Parsed, text: string, lineAt: (offset: number) => number): Mistake[] {
  const byLine = new Map<number, string>();
  for (const error of document.errors) {
    const line = lineAt(error.pos[0]);
    const hint = /\$\{/.test(text.split('\n')[line - 1] ?? '') ? QUOTE_HINT : '';
    // One fault makes the parser stumble on; the first of a line is the one to mend.
    if (!byLine.has(line)) byLine.set(line, `not YAML: ${error.message}${hint}`);
  }
  return [...byLine].map(([line, message]) => ({ line, message }));
}
