import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const BUNDLE = 'bot.cjs';
const COMPILED = 'bot.v8';

/** The bot in one file, which loads in half the time: a sweep starts it a thousand times. */
export interface Program {
  /** has `bin/start.js` and `src/main.js` */
  directory: string;
  /** Changes its code: a bug is planted. Throws where there is nothing to replace. */
  replace(text: string, by: string): Promise<void>;
  remove(): Promise<void>;
}

/** Everything but the start is loaded at once. */
const ENTRY = `
import '${ROOT}/src/main.ts';
export const start = () => import('${ROOT}/bin/start.ts');
`;

/**
 * Loads the bundle with what V8 compiled of it the first time: half of the time that loading takes. Called with `--keep` it
 * stores that.
 */
const LOADER = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');
const filename = join(__dirname, '${BUNDLE}');
const compiled = join(__dirname, '${COMPILED}');
const cachedData = existsSync(compiled) ? readFileSync(compiled) : undefined;
const source = require('node:module').wrap(readFileSync(filename, 'utf8'));
const script = new Script(source, { filename, cachedData });
script.runInThisContext()(module.exports, require, module, filename, __dirname);
if (process.argv[2] === '--keep') writeFileSync(compiled, script.createCachedData());
`;

/** Bundles the bot as it is now, beside everything that is edited meanwhile. */
export async function compileProgram(): Promise<Program> {
  const directory = join(ROOT, 'node_modules', '.cache', `slipway-crash-${process.pid}`);
  for (const room of ['bin', 'src']) await mkdir(join(directory, room), { recursive: true });
  const bundle = join(directory, BUNDLE);
  const entry = join(ROOT, 'node_modules', '.cache', `slipway-crash-${process.pid}.ts`);
  await writeFile(entry, ENTRY);
  const flags = [
    '--bundle',
    '--platform=node',
    '--format=cjs',
    '--target=node20',
    '--keep-names',
    '--minify-whitespace',
  ];
  const outside = '--external:mongodb-client-encryption';
  await promisify(execFile)(bundler(), [entry, ...flags, outside, '--log-level=error', `--outfile=${bundle}`]);
  await rm(entry);
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  await writeFile(join(directory, 'loader.cjs'), LOADER);
  await writeFile(join(directory, 'src', 'main.js'), `import '../loader.cjs';`);
  await writeFile(join(directory, 'bin', 'start.js'), `import bot from '../loader.cjs';\nawait bot.start();`);
  await promisify(execFile)(process.execPath, [join(directory, 'loader.cjs'), '--keep']);
  return {
    directory,
    async replace(text, by) {
      const whole = await readFile(bundle, 'utf8');
      if (!whole.includes(text)) throw new Error(`the bot has no ${text}`);
      await writeFile(bundle, whole.replaceAll(text, by));
      await rm(join(directory, COMPILED), { force: true });
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The one that tsx brings along. */
function bundler(): string {
  const tsx = createRequire(join(ROOT, 'package.json')).resolve('tsx/package.json');
  return join(dirname(createRequire(tsx).resolve('esbuild/package.json')), 'bin', 'esbuild');
}
