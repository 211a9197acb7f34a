import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { makeAab, makeApk, makeIpa } from './build-files/index.ts';
import type { Sandbox } from './index.ts';
import type { Fault } from './scm/index.ts';
import type { ExtraCommand } from './terminal/index.ts';

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
export const APPLICATION_ID = 'com.acme.app';

/** Sample builds of one version: real, small files that the bot can read. */
export async function sampleBuild(kind: string, version: string): Promise<Buffer> {
  const manifest = { applicationId: APPLICATION_ID, versionName: version, versionCode: 1 };
  if (kind === 'ipa') return makeIpa({ bundleId: APPLICATION_ID, version, build: '1' });
  return kind === 'aab' ? makeAab(manifest) : makeApk(manifest);
}

/** What GitHub answers while it is out of order: a refusal that no retry helps against, or a passing fault. */
const OUTAGES: Record<string, Fault> = {
  fails: { kind: 'status', status: 403, body: { message: 'Resource not accessible by personal access token' } },
  down: { kind: 'status', status: 503, body: { message: 'Service unavailable' } },
};

/** What a person in the sandbox can do besides Slack: move the clock, make a build file, push a commit, break GitHub. */
export function extraCommands(sandbox: Sandbox): Record<string, ExtraCommand> {
  return {
    github: {
      usage: 'github fails|down|works',
      help: 'breaks GitHub (refuses writing, or is away) and repairs it, to see what the bot makes of it',
      run(rest) {
        const word = rest.trim().toLowerCase();
        const outage = OUTAGES[word];
        if (!outage && word !== 'works') return 'Write github fails, github down or github works.';
        sandbox.github.faults.clear();
        if (!outage) return 'GitHub works again.';
        // Reading still works where only the permission to write is missing.
        sandbox.github.faults.always(word === 'fails' ? /^(POST|PATCH|PUT|DELETE) / : /^/, outage);
        return word === 'fails' ? 'GitHub refuses all writing.' : 'GitHub is away.';
      },
    },
    clock: {
      usage: 'clock [+2h]',
      help: 'shows the sandbox clock, or moves it ahead (s, m, h, d)',
      run(rest, { tz }) {
        const jump = /^\+?(\d+)\s*([smhd])$/.exec(rest.trim());
        if (rest.trim() !== '' && !jump) return 'Write for example: clock +2h';
        if (jump) sandbox.clock.skip(Number(jump[1]) * (UNITS[jump[2] ?? 's'] ?? 0));
        return `It is ${DateTime.fromJSDate(sandbox.clock.now(), { zone: tz }).toFormat('ccc yyyy-MM-dd HH:mm')} in ${tz}.`;
      },
    },
    sample: {
      usage: 'sample apk|aab|ipa <version>',
      help: 'makes a small build file of that version to upload',
      async run(rest) {
        const [kind = '', version = ''] = rest.trim().split(/\s+/);
        if (!['apk', 'aab', 'ipa'].includes(kind) || version === '') return 'Write for example: sample apk 1.0.0';
        const directory = await mkdtemp(join(sandbox.directory, 'sample-'));
        const path = join(directory, `app-${version}.${kind}`);
        await writeFile(path, await sampleBuild(kind, version));
        return `Made. Hand it in with: upload ${path}`;
      },
    },
    push: {
      usage: 'push <branch> <message>',
      help: 'a developer pushes a commit to the sandbox repository',
      run(rest) {
        const [branch = '', ...words] = rest.trim().split(/\s+/);
        if (branch === '' || words.length === 0)
          return `Branches: ${Object.keys(sandbox.github.branches()).join(', ')}`;
        if (!(branch in sandbox.github.branches())) return `There is no branch ${branch}.`;
        return `Pushed ${sandbox.github.commit(branch, words.join(' ')).slice(0, 7)} to ${branch}.`;
      },
    },
  };
}
