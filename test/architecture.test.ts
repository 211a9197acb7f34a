import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative } from 'node:path';

/**
 * Who may import whom: `shared -> domain -> persistence | integrations -> engine -> commands | views | jobs | src/http
 * -> src/main.ts`, read from the import statements themselves. `docs/architecture.md` says why.
 */

interface Import {
  file: string;
  /** a path from the root of the repository, or a package */
  target: string;
  /** erased when the program runs */
  isType: boolean;
}

interface Rule {
  room: string;
  from: RegExp;
  /** what it may import, as the beginnings of paths; `$1` is the first group of `from`. `*` = everything but tests */
  may: readonly string[];
  /** what it may import as types alone */
  mayType?: readonly string[];
  why: string;
}

const PURE_SHARED = ['errors', 'ids', 'versions', 'zoned-time'].map((name) => `src/shared/${name}.ts`);
const CONTRACTS = ['src/persistence/types/', 'src/integrations/'];
const ENGINE = 'src/engine/index.ts';

/** The first that fits a file decides. */
const RULES: readonly Rule[] = [
  { room: 'shared', from: /^src\/shared\//, may: ['src/shared/'], why: 'shared is at the bottom' },
  {
    room: 'domain',
    from: /^src\/domain\//,
    may: ['src/domain/', ...PURE_SHARED],
    why: 'the domain is pure: no clock, no I/O, no vendor',
  },
  {
    room: 'integrations',
    from: /^src\/integrations\/([^/]+)\//,
    may: ['src/integrations/$1/', 'src/domain/', 'src/shared/'],
    why: 'a kind of integration knows neither another one, nor the database, nor the engine',
  },
  {
    room: 'persistence',
    from: /^src\/persistence\//,
    may: ['src/persistence/', 'src/domain/', 'src/shared/'],
    why: 'persistence stores what it is given',
  },
  {
    room: "the engine's face",
    from: /^src\/engine\/index\.ts$/,
    may: ['src/engine/', 'src/domain/', 'src/shared/', 'src/persistence/types/'],
    why: 'it hands the constants of the contract on to the faces',
  },
  {
    room: 'engine',
    from: /^src\/engine\//,
    may: ['src/engine/', 'src/domain/', 'src/shared/'],
    mayType: CONTRACTS,
    why: 'the engine gets the outside through Deps',
  },
  {
    room: 'HTTP',
    from: /^src\/http\//,
    may: ['src/http/', ENGINE, 'src/domain/', 'src/shared/'],
    why: 'a face records a fact and calls the engine',
  },
  {
    room: 'commands',
    from: /^commands\//,
    may: ['commands/', 'views/', ENGINE, 'src/domain/', 'src/shared/'],
    why: 'a face records a fact and calls the engine; it answers with views',
  },
  {
    room: 'handlers of views',
    from: /^views\/(.+\.actions|index|deps)\.ts$/,
    may: ['views/', ENGINE, 'src/domain/', 'src/shared/'],
    why: 'a face records a fact and calls the engine',
  },
  {
    room: 'builders of views',
    from: /^views\//,
    may: ['views/', 'src/domain/', ...PURE_SHARED],
    why: 'a builder is pure: what it shows is given to it',
  },
  { room: 'jobs', from: /^jobs\//, may: ['jobs/', ENGINE, 'src/domain/', 'src/shared/'], why: 'a job only wakes' },
  {
    room: 'set-up',
    from: /^src\/setup\//,
    may: ['src/setup/', 'src/persistence/', 'src/integrations/', 'src/domain/', 'src/shared/'],
    why: 'it fills the database and has no part in a release',
  },
  {
    room: 'the environment',
    from: /^src\/config(-variables)?\.ts$/,
    may: ['src/config', 'src/shared/'],
    why: 'it is read before anything else',
  },
  {
    room: 'acknowledgements',
    from: /^src\/slack-acks\.ts$/,
    may: ['src/shared/'],
    why: 'they are only measured',
  },
  { room: 'the logger of Slack', from: /^src\/slack-logger\.ts$/, may: ['src/shared/'], why: 'it only translates' },
  {
    room: 'the Slack app',
    from: /^src\/slack-app\.ts$/,
    may: ['src/slack-logger.ts', 'src/integrations/messenger/', ENGINE, 'src/domain/', 'src/shared/'],
    why: 'it makes the Bolt app with the one Slack client there is, and registers nothing',
  },
  {
    room: 'providers',
    from: /^src\/providers\.ts$/,
    may: ['src/integrations/', 'src/domain/', 'src/shared/'],
    mayType: ['src/persistence/types/', 'src/engine/'],
    why: 'it opens credentials and makes the provider of each integration',
  },
  { room: 'the composition root', from: /^src\/main\.ts$/, may: ['src/', 'commands/', 'views/', 'jobs/'], why: '' },
  {
    room: 'stand-ins',
    from: /^sandbox\/(mongo|slack|scm|s3|build-files)\//,
    may: ['sandbox/$1/', 'sandbox/scm/http/'],
    why: 'a stand-in is what lies outside: it shares no code with what is tested against it',
  },
  {
    room: 'the terminal',
    from: /^sandbox\/terminal\//,
    may: ['sandbox/terminal/', 'sandbox/slack/'],
    why: 'a person at the terminal sees what Slack shows, nothing else',
  },
  { room: 'sandbox', from: /^sandbox\//, may: ['sandbox/', 'src/'], why: 'it starts the bot among stand-ins' },
  { room: 'programs', from: /^bin\//, may: ['bin/', 'src/', 'sandbox/'], why: 'they choose between bot and sandbox' },
  { room: 'tests and benchmarks', from: /^(test|bench)\//, may: ['*', 'test/', 'bench/'], why: '' },
];

/** A vendor's library stays where its kind is handled. */
const LIBRARIES: readonly { library: RegExp; rooms: RegExp }[] = [
  { library: /^mongoose$/, rooms: /^src\/persistence\// },
  { library: /^mongodb$/, rooms: /^(src\/persistence|jobs)\// },
  { library: /^(agenda|@agendajs\/.*)$/, rooms: /^jobs\// },
  { library: /^@octokit\//, rooms: /^src\/integrations\/scm\// },
  { library: /^@aws-sdk\//, rooms: /^src\/integrations\/artifacts\// },
  { library: /^@slack\/web-api$/, rooms: /^(src\/integrations\/messenger\/|views\/deps\.ts|src\/slack-app\.ts)/ },
  { library: /^@slack\/bolt$/, rooms: /^(commands\/|views\/(.+\.actions|index)\.ts|src\/slack-(app|acks|logger)\.ts)/ },
  { library: /^express$/, rooms: /^src\/(http\/|main\.ts|slack-app\.ts)/ },
  { library: /^prom-client$/, rooms: /^src\/shared\/metrics\.ts$/ },
  { library: /^luxon$/, rooms: /^(src\/shared\/zoned-time\.ts|sandbox\/terminal\/)/ },
];

/** What opens a connection, and the only files that may. */
const OPENERS: readonly { call: RegExp; files: RegExp }[] = [
  { call: /\bcreateConnection\(|\bmongoose\.connect\(|\bnew MongoClient\(/, files: /^src\/persistence\/index\.ts$/ },
  { call: /\bnew Agenda\(/, files: /^jobs\/index\.ts$/ },
  { call: /\bnew App\(/, files: /^src\/slack-app\.ts$/ },
  { call: /\bconnectPersistence\(/, files: /^(src\/main\.ts|bin\/|sandbox\/set-up\.ts|src\/persistence\/)/ },
  { call: /\bprocess\.env\b/, files: /^(src\/config\.ts|bin\/)/ },
];

/** Where the time of the world is meant, and not the clock that is injected (Spec 7.3). */
const REAL_TIME = new Map([
  ['src/shared/clock.ts', 'it is where the time comes from'],
  ['src/main.ts', 'how long a download takes'],
  ['src/engine/lease.ts', 'its timer runs in real time'],
  ['src/http/limits.ts', "it reads the counter of a library, which counts in the world's time"],
  ['jobs/index.ts', "Agenda plans in the world's time"],
  ['jobs/set-back.ts', "Agenda plans in the world's time"],
  ['src/integrations/scm/github/client.ts', 'GitHub says until when it wants to be left alone'],
  ['src/integrations/scm/github/failure.ts', 'GitHub says until when it wants to be left alone'],
  ['src/integrations/scm/github/app-tokens.ts', 'GitHub says until when a token is good'],
  ['src/integrations/artifacts/s3.ts', "a signed link runs out in the store's time"],
  ['src/integrations/artifacts/local-files.ts', 'the age of a file'],
]);

const MAX_LINES = 300;
const MAX_TEST_LINES = 600;
/** Longer all the same, each with its reason. */
const LONG = new Map([['views/ids.ts', 'the list of every id that Slack sees: one place, by lines']]);

const ROOT = join(import.meta.dirname, '..');
const ROOMS = ['src', 'commands', 'views', 'jobs', 'sandbox', 'bin', 'bench', 'test'];
const PRODUCT = /^(src|commands|views|jobs)\//;

function typeScriptFiles(): string[] {
  return ROOMS.flatMap((room) => filesIn(join(ROOT, room))).sort();
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    const isOurs = entry.name.endsWith('.ts') && !entry.name.startsWith('.');
    return isOurs ? [relative(ROOT, path).replaceAll('\\', '/')] : [];
  });
}

function codeOf(file: string): string {
  return withoutComments(readFileSync(join(ROOT, file), 'utf8'));
}

/** Good enough to read import statements and calls: whole-line comments and docstrings are gone. */
function withoutComments(source: string): string {
  return source.replace(/\/\*\*?[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

const STATEMENT = /^(import|export)\s+(?:(type)\s+)?(?:[^;'"]*?\sfrom\s*)?['"]([^'"]+)['"];?$/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;

function importsOf(file: string, code: string): Import[] {
  const found = [...code.matchAll(STATEMENT)].map(([, , type, target = '']) => ({ target, isType: type === 'type' }));
  const dynamic = [...code.matchAll(DYNAMIC)].map(([, target = '']) => ({ target, isType: false }));
  return [...found, ...dynamic].map(({ target, isType }) => ({
    file,
    isType,
    target: target.startsWith('.') ? posix.join(dirname(file), target) : target,
  }));
}

function isPath(target: string): boolean {
  return ROOMS.some((room) => target.startsWith(`${room}/`));
}

/** What is wrong with an import; null = nothing. */
function fault(found: Import): string | null {
  const { file, target, isType } = found;
  const say = (why: string) => `${file} imports ${target}${isType ? ' (as a type)' : ''}: ${why}`;
  const rule = RULES.find(({ from }) => from.test(file));
  if (!rule) return say('its file is in no room; give it a rule in test/architecture.test.ts');
  if (!isPath(target)) return libraryFault(found, rule, say);
  const fill = (path: string) => path.replace('$1', rule.from.exec(file)?.[1] ?? '');
  const allowed = [...rule.may, ...(isType ? (rule.mayType ?? []) : [])].map(fill);
  if (allowed.includes('*') || allowed.some((path) => target.startsWith(path))) return null;
  const types = rule.mayType && !isType ? `; as types alone also ${rule.mayType.join(', ')}` : '';
  return say(`${rule.room} may import ${allowed.join(', ')}${types} (${rule.why})`);
}

function libraryFault({ file, target }: Import, rule: Rule, say: (why: string) => string): string | null {
  if (rule.room === 'domain') {
    return target === 'zod' ? null : say(`of all packages the domain may import zod alone (${rule.why})`);
  }
  if (rule.room === 'builders of views' && target.startsWith('node:')) return say(rule.why);
  if (!PRODUCT.test(file)) return null;
  const home = LIBRARIES.find(({ library }) => library.test(target));
  return home && !home.rooms.test(file) ? say(`this library is for ${home.rooms.source} alone`) : null;
}

/** Cycles of what is loaded when the program runs, each as the files it goes through. */
function cyclesOf(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { file, target, isType } of imports) {
    if (!isType && isPath(target)) next.set(file, [...(next.get(file) ?? []), target]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return cycles;
}

const FILES = typeScriptFiles();
// The samples in this file are no imports.
const READ = FILES.filter((file) => file !== 'test/architecture.test.ts');
const SOURCES = new Map(READ.map((file): [string, string] => [file, codeOf(file)]));
const IMPORTS = [...SOURCES].flatMap(([file, code]) => importsOf(file, code));

describe('the architecture', () => {
  test('every import follows the rules of its room', () => {
    expect(IMPORTS.map(fault).filter((text) => text !== null)).toEqual([]);
  });

  test('every relative import names a file that is there', () => {
    const known = new Set(FILES);
    const lost = IMPORTS.filter(({ target }) => isPath(target) && target.endsWith('.ts') && !known.has(target));
    expect(lost.map(({ file, target }) => `${file} imports ${target}, which does not exist`)).toEqual([]);
  });

  test('no import cycle', () => {
    expect(cyclesOf(IMPORTS)).toEqual([]);
  });

  test('connections are opened and the environment is read in their own files alone', () => {
    const faults = [...SOURCES]
      .filter(([file]) => !/^(test|bench)\//.test(file))
      .flatMap(([file, code]) =>
        OPENERS.filter(({ call, files }) => call.test(code) && !files.test(file)).map(
          ({ call, files }) => `${file} has ${call.source}, which is for ${files.source} alone`,
        ),
      );
    expect(faults).toEqual([]);
  });

  test('deciding is pure: nothing in the domain asks for time or chance, waits, or goes out', () => {
    const impure =
      /\bnew Date\(\)|\bDate\.now\b|\bMath\.random\b|\bperformance\b|\bset(Timeout|Interval|Immediate)\(|\bfetch\(|\bprocess\.|\bawait\b/;
    const domain = [...SOURCES].filter(([file]) => file.startsWith('src/domain/'));
    expect(domain.length).toBeGreaterThan(20);
    expect(domain.filter(([, code]) => impure.test(code)).map(([file]) => file)).toEqual([]);
  });

  test('the clock is injected: time is asked for nowhere else', () => {
    const asking = [...SOURCES].filter(
      ([file, code]) => PRODUCT.test(file) && /\bnew Date\(\)|\bDate\.now\b/.test(code),
    );
    expect(asking.map(([file]) => file).sort()).toEqual([...REAL_TIME.keys()].sort());
  });

  test('the product uses no transaction', () => {
    const using = [...SOURCES].filter(
      ([file, code]) =>
        PRODUCT.test(file) && /\b(startSession|withTransaction|startTransaction|transaction)\(/.test(code),
    );
    expect(using.map(([file]) => file)).toEqual([]);
  });

  test('no default exports, but where jest calls them', () => {
    const faults = [...SOURCES].filter(([, code]) => /^export default\b/m.test(code)).map(([file]) => file);
    expect(faults).toEqual(['test/global-setup.ts', 'test/global-teardown.ts']);
  });

  test('file names are kebab-case', () => {
    expect(FILES.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|actions|d))?\.ts$/.test(basename(file)))).toEqual(
      [],
    );
  });

  test(`no file is longer than ${MAX_LINES} lines, no test than ${MAX_TEST_LINES}`, () => {
    const long = FILES.filter((file) => !LONG.has(file)).flatMap((file) => {
      const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1;
      const limit = file.startsWith('test/') ? MAX_TEST_LINES : MAX_LINES;
      return lines > limit ? [`${file} has ${lines} lines, at most ${limit} are allowed: split it`] : [];
    });
    expect(long).toEqual([]);
  });
});

describe('this test finds what it is for', () => {
  test.each<[string, string, boolean]>([
    ['src/shared/clock.ts', 'src/domain/task.ts', false],
    ['src/domain/decide.ts', 'src/shared/logger.ts', false],
    ['src/domain/decide.ts', 'luxon', false],
    ['src/domain/decide.ts', 'node:fs', false],
    ['src/integrations/scm/index.ts', 'src/integrations/artifacts/port.ts', false],
    ['src/integrations/scm/index.ts', 'src/persistence/types/index.ts', true],
    ['src/persistence/releases.ts', 'src/engine/index.ts', true],
    ['src/engine/advance.ts', 'src/persistence/index.ts', false],
    ['src/engine/advance.ts', 'src/integrations/scm/github.ts', false],
    ['src/http/releases.ts', 'src/engine/advance.ts', true],
    ['src/http/releases.ts', 'src/persistence/releases.ts', false],
    ['commands/release-new.ts', 'src/persistence/types/index.ts', true],
    ['views/release-card.ts', 'src/engine/index.ts', true],
    ['views/release-card.ts', 'node:fs', false],
    ['views/release.actions.ts', 'src/engine/advance.ts', false],
    ['views/home.ts', 'commands/index.ts', false],
    ['jobs/tick.ts', 'src/domain-of-nothing.ts', false],
    ['src/main.ts', 'sandbox/mongo/index.ts', false],
    ['src/engine/advance.ts', 'test/support/database.ts', false],
    ['sandbox/mongo/index.ts', 'src/shared/ids.ts', false],
    ['sandbox/slack/index.ts', 'sandbox/mongo/index.ts', false],
    ['commands/release-new.ts', 'mongoose', false],
    ['jobs/tick.ts', '@slack/bolt', false],
    ['somewhere/else.ts', 'src/shared/ids.ts', false],
  ])('%s may not import %s', (file, target, isType) => {
    expect(fault({ file, target, isType })).toContain(`${file} imports ${target}`);
  });

  test.each<[string, string, boolean]>([
    ['src/engine/advance.ts', 'src/persistence/types/index.ts', true],
    ['src/domain/decide.ts', 'zod', false],
    ['commands/release-new.ts', 'views/create-release.ts', false],
    ['sandbox/s3/index.ts', 'sandbox/scm/http/server.ts', false],
    ['src/main.ts', 'jobs/index.ts', false],
  ])('%s may import %s', (file, target, isType) => {
    expect(fault({ file, target, isType })).toBeNull();
  });

  test('it reads every kind of import statement, and no comment', () => {
    const code = withoutComments(`
import { a } from './a.ts';
import type { B } from '../shared/b.ts';
import {
  c,
  type D,
} from './c.ts';
import './e.ts';
export type { F } from './f.ts';
export { g } from './g.ts';
const h = await import('./h.ts');
/** import { no } from './docs.ts'; */
// import { no } from './line.ts';
export const text = 'import { no } from nowhere';
`);
    const read = importsOf('src/domain/x.ts', code).map(({ target, isType }) => `${target}${isType ? ' type' : ''}`);
    expect(read).toEqual([
      'src/domain/a.ts',
      'src/shared/b.ts type',
      'src/domain/c.ts',
      'src/domain/e.ts',
      'src/domain/f.ts type',
      'src/domain/g.ts',
      'src/domain/h.ts',
    ]);
  });

  test('it sees a cycle, and none where only types go round', () => {
    const edge = (file: string, target: string, isType = false) => ({
      file: `src/${file}`,
      target: `src/${target}`,
      isType,
    });
    expect(cyclesOf([edge('a', 'b'), edge('b', 'c'), edge('c', 'a')])).toEqual(['src/a -> src/b -> src/c -> src/a']);
    expect(cyclesOf([edge('a', 'b'), edge('b', 'a', true)])).toEqual([]);
  });
});
