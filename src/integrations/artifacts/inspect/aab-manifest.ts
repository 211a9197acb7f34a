import protobuf from 'protobufjs';
import { z } from 'zod';
import { type ManifestValues, plainValue } from './manifest-values.ts';

/**
 * The part of aapt2's `Resources.proto` that the first element needs. What is left out (children above all) is skipped
 * unread, so depth and size of the rest do not matter.
 */
const ROOT = protobuf.Root.fromJSON({
  nested: {
    XmlNode: { fields: { element: { id: 1, type: 'XmlElement' } } },
    XmlElement: {
      fields: { name: { id: 3, type: 'string' }, attribute: { id: 4, rule: 'repeated', type: 'XmlAttribute' } },
    },
    XmlAttribute: {
      fields: {
        name: { id: 2, type: 'string' },
        value: { id: 3, type: 'string' },
        compiledItem: { id: 6, type: 'Item' },
      },
    },
    Item: { fields: { str: { id: 2, type: 'Text' }, prim: { id: 7, type: 'Primitive' } } },
    Text: { fields: { value: { id: 1, type: 'string' } } },
    Primitive: {
      fields: { intDecimalValue: { id: 6, type: 'int32' }, intHexadecimalValue: { id: 7, type: 'uint32' } },
    },
  },
});
const XmlNode = ROOT.lookupType('XmlNode');

const Manifest = z.object({
  element: z.object({
    name: z.literal('manifest'),
    attribute: z
      .array(
        z.object({
          name: z.string().default(''),
          value: z.string().default(''),
          compiledItem: z
            .object({
              str: z.object({ value: z.string().default('') }).optional(),
              prim: z.object({ intDecimalValue: z.number(), intHexadecimalValue: z.number() }).partial().optional(),
            })
            .optional(),
        }),
      )
      .default([]),
  }),
});

/** `package`, `versionName` and `versionCode` of a bundle's base/manifest/AndroidManifest.xml. Throws on what is none. */
export function readAabManifest(manifest: Buffer): ManifestValues {
  const { element } = Manifest.parse(XmlNode.toObject(XmlNode.decode(manifest)));
  const value = (name: string): string | null => {
    const found = element.attribute.find((attribute) => attribute.name === name);
    const prim = found?.compiledItem?.prim;
    const compiled = found?.compiledItem?.str?.value ?? prim?.intDecimalValue ?? prim?.intHexadecimalValue;
    return plainValue(found?.value) ?? plainValue(compiled);
  };
  return { applicationId: value('package'), version: value('versionName'), buildNumber: value('versionCode') };
}
