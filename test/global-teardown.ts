// biome-ignore lint/style/noDefaultExport: jest calls the default export
export default async function globalTeardown(): Promise<void> {
  await globalThis.slipwayTestServer?.close();
  globalThis.slipwayTestServer = undefined;
}
