declare module '@devicefarmer/adbkit-apkreader/lib/apkreader/parser/binaryxml.js' {
  interface Attribute {
    name: string | undefined;
    namespaceURI: string | null;
    value: string | null | undefined;
    typedValue: { type: string; value: unknown };
  }
  interface Element {
    nodeName: string | undefined;
    attributes: Attribute[];
  }
  /** Trusts its input; what it is given must have been checked. */
  class BinaryXmlParser {
    constructor(buffer: Buffer);
    parse(): Element | null;
  }
  export = BinaryXmlParser;
}
