import { lackOf, MISSING_ABILITIES_VARIABLE, missingAbilities } from './support/abilities.ts';
import { TEST_URI_VARIABLE } from './support/database.ts';
import { nameOf, startTestServer, type TestServer } from './support/servers.ts';

declare global {
  /** handed from here to `global-teardown.ts`, which runs in the same process */
  var slipwayTestServer: TestServer | undefined;
}

// biome-ignore lint/style/noDefaultExport: jest calls the default export
export default async function globalSetup(): Promise<void> {
  const server = await startTestServer(process.env);
  globalThis.slipwayTestServer = server;
  process.env[TEST_URI_VARIABLE] = server.uri;
  console.log(
    `Tests run on ${server.description}, which calls itself ${await nameOf(server.uri)}: ${withoutPassword(server.uri)}`,
  );
  const missing = await missingAbilities(server.uri);
  process.env[MISSING_ABILITIES_VARIABLE] = missing.join(' ');
  for (const ability of missing) console.log(`Tests that need ${ability} are skipped: ${lackOf(ability)}.`);
}

function withoutPassword(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//***@');
}
