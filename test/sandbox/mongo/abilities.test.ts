import { type EmbeddedMongo, startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { missingAbilities } from '../../support/abilities.ts';

let server: EmbeddedMongo;
beforeAll(async () => {
  server = await startEmbeddedMongo();
});
afterAll(() => server.close());

test('the embedded database has every ability, so that no test is skipped on it', async () => {
  expect(await missingAbilities(server.uri)).toEqual([]);
});
