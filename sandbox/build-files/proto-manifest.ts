import protobuf from 'protobufjs';
import type { AndroidManifest } from './axml.ts';

/** Writes the manifest of an App Bundle: aapt2's `aapt.pb.XmlNode` (Resources.proto), field by field. */
const ANDROID_NS = 'http://schemas.android.com/apk/res/android';
const STRING = 2;

type Writer = protobuf.Writer;

const tag = (field: number): number => (field << 3) | STRING;

function message(write: (writer: Writer) => void): Uint8Array {
  const writer = protobuf.Writer.create();
  write(writer);
  return writer.finish();
}

function attribute(
  name: string,
  value: string,
  options: { ns?: string; decimal?: number; resourceId?: number } = {},
): Uint8Array {
  return message((writer) => {
    if (options.ns) writer.uint32(tag(1)).string(options.ns);
    writer.uint32(tag(2)).string(name).uint32(tag(3)).string(value);
    if (options.resourceId) writer.uint32(5 << 3).uint32(options.resourceId);
    const { decimal } = options;
    if (decimal === undefined) return;
    const primitive = message((inner) => inner.uint32(6 << 3).int32(decimal));
    writer.uint32(tag(6)).bytes(message((inner) => inner.uint32(tag(7)).bytes(primitive)));
  });
}

export function encodeProtoManifest(manifest: AndroidManifest): Buffer {
  const { applicationId, versionName, versionCode } = manifest;
  const application = message((writer) => {
    writer.uint32(tag(3)).string('application');
    writer.uint32(tag(4)).bytes(attribute('label', 'Sample', { ns: ANDROID_NS, resourceId: 0x01010001 }));
  });
  const element = message((writer) => {
    writer.uint32(tag(1)).bytes(message((ns) => ns.uint32(tag(1)).string('android').uint32(tag(2)).string(ANDROID_NS)));
    writer.uint32(tag(3)).string('manifest');
    const code = { ns: ANDROID_NS, decimal: versionCode, resourceId: 0x0101021b };
    writer.uint32(tag(4)).bytes(attribute('versionCode', String(versionCode), code));
    writer.uint32(tag(4)).bytes(attribute('versionName', versionName, { ns: ANDROID_NS, resourceId: 0x0101021c }));
    writer.uint32(tag(4)).bytes(attribute('package', applicationId));
    writer.uint32(tag(5)).bytes(message((child) => child.uint32(tag(1)).bytes(application)));
  });
  return Buffer.from(message((writer) => writer.uint32(tag(1)).bytes(element)));
}
