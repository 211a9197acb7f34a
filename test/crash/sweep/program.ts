import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BUNDLE = 'bot.cjs';

/** The bot in one file, which loads in half the time: a sweep starts it a thousand times. */
export interface Program {
  /** has `bin/start.js` and `src/main.js` */
  directory: string;
  /** Changes its code: a bug is planted. Throws where there is nothing to replace. */
  replace(text: string, by: string): Promise<void>;
  remove(): Promise<void>;
}

/** Everything but the start is loaded at once; the stand-ins of the sandbox stay outside. */
const ENTRY = `
import '${ROOT}/src/main.ts';
export const start = () => import('${ROOT}/bin/start.ts');
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
  const outside = ['--external:mongodb-client-encryption', '--external:../sandbox/*'];
  await promisify(execFile)(bundler(), [entry, ...flags, ...outside, '--log-level=error', `--outfile=${bundle}`]);
  await rm(entry);
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  await writeFile(join(directory, 'src', 'main.js'), `import '../${BUNDLE}';`);
  await writeFile(join(directory, 'bin', 'start.js'), `import bot from '../${BUNDLE}';\nawait bot.start();`);
  return {
    directory,
    async replace(text, by) {
      const whole = await readFile(bundle, 'utf8');
      if (!whole.includes(text)) throw new Error(`the bot has no ${text}`);
      await writeFile(bundle, whole.replaceAll(text, by));
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The one that tsx brings along. */
function bundler(): string {
  const tsx = createRequire(join(ROOT, 'package.json')).resolve('tsx/package.json');
  return join(dirname(createRequire(tsx).resolve('esbuild/package.json')), 'bin', 'esbuild');
}
