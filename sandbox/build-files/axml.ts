/** Writes Android's binary XML, as aapt2 lays it out (ResourceTypes.h): one manifest element with an application in it. */
export interface AndroidManifest {
  applicationId: string;
  versionName: string;
  versionCode: number;
}

const ANDROID_NS = 'http://schemas.android.com/apk/res/android';
/** resource ids of the framework's attributes, by which Android itself knows them */
const VERSION_CODE_ID = 0x0101021b;
const VERSION_NAME_ID = 0x0101021c;
const NONE = 0xffffffff;
const TYPE_STRING = 0x03;
const TYPE_INT_DEC = 0x10;
const UTF8_FLAG = 1 << 8;

const u16 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => void buffer.writeUInt16LE(value, index * 2));
  return buffer;
};
const u32 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => void buffer.writeUInt32LE(value >>> 0, index * 4));
  return buffer;
};

function chunk(type: number, headerRest: Buffer, body: Buffer): Buffer {
  const headerBytes = 8 + headerRest.length;
  return Buffer.concat([u16(type, headerBytes), u32(headerBytes + body.length), headerRest, body]);
}

function length8(length: number): Buffer {
  return length < 0x80 ? Buffer.of(length) : Buffer.of(0x80 | (length >> 8), length & 0xff);
}

function encodeString(text: string, isUtf8: boolean): Buffer {
  if (!isUtf8) return Buffer.concat([u16(text.length), Buffer.from(text, 'utf16le'), u16(0)]);
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([length8(text.length), length8(bytes.length), bytes, Buffer.of(0)]);
}

function stringPool(strings: readonly string[], isUtf8: boolean): Buffer {
  const encoded = strings.map((text) => encodeString(text, isUtf8));
  const offsets: number[] = [];
  let at = 0;
  for (const one of encoded) {
    offsets.push(at);
    at += one.length;
  }
  const data = Buffer.concat([...encoded, Buffer.alloc((4 - (at % 4)) % 4)]);
  const stringsStart = 28 + offsets.length * 4;
  const header = u32(strings.length, 0, isUtf8 ? UTF8_FLAG : 0, stringsStart, 0);
  return chunk(0x0001, header, Buffer.concat([u32(...offsets), data]));
}

interface Attribute {
  ns: number;
  name: number;
  raw: number;
  type: number;
  data: number;
}

function startElement(name: number, attributes: readonly Attribute[]): Buffer {
  const rows = attributes.map(({ ns, name: attribute, raw, type, data }) =>
    Buffer.concat([u32(ns, attribute, raw), u16(8), Buffer.of(0, type), u32(data)]),
  );
  const element = Buffer.concat([u32(NONE, name), u16(20, 20, attributes.length, 0, 0, 0), ...rows]);
  return chunk(0x0102, u32(1, NONE), element);
}

const endElement = (name: number): Buffer => chunk(0x0103, u32(1, NONE), u32(NONE, name));

export function encodeBinaryManifest(manifest: AndroidManifest, options: { utf8?: boolean } = {}): Buffer {
  const strings = ['versionCode', 'versionName', 'label', 'android', ANDROID_NS, 'package', 'manifest', 'application'];
  const indexOf = (text: string): number => {
    if (!strings.includes(text)) strings.push(text);
    return strings.indexOf(text);
  };
  const text = (value: string): Pick<Attribute, 'raw' | 'type' | 'data'> => {
    const index = indexOf(value);
    return { raw: index, type: TYPE_STRING, data: index };
  };
  const ns = indexOf(ANDROID_NS);
  const attributes: Attribute[] = [
    { ns, name: indexOf('versionCode'), raw: NONE, type: TYPE_INT_DEC, data: manifest.versionCode },
    { ns, name: indexOf('versionName'), ...text(manifest.versionName) },
    { ns: NONE, name: indexOf('package'), ...text(manifest.applicationId) },
  ];
  const label: Attribute = { ns, name: indexOf('label'), ...text('Sample') };
  const namespace = u32(indexOf('android'), ns);
  const body = Buffer.concat([
    stringPool(strings, options.utf8 ?? false),
    chunk(0x0180, Buffer.alloc(0), u32(VERSION_CODE_ID, VERSION_NAME_ID, 0x01010001)),
    chunk(0x0100, u32(1, NONE), namespace),
    startElement(indexOf('manifest'), attributes),
    startElement(indexOf('application'), [label]),
    endElement(indexOf('application')),
    endElement(indexOf('manifest')),
    chunk(0x0101, u32(1, NONE), namespace),
  ]);
  return chunk(0x0003, Buffer.alloc(0), body);
}
