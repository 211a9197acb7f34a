import type { Release } from '../../../src/domain/release.ts';
import type { NoteEntry } from '../../../src/domain/task.ts';
import { aConfig, at, newRelease } from '../../domain/support/build-release.ts';

/** Words that would act, overflow or turn the page if a builder let them. */
export const NASTY = [
  '<!channel> <@U0EVIL> <https://evil.test|free> & <b> *bold* `code` http://evil.test @here #general',
  '\u202Egnp.exe \u0627\u0644\u0625\u0635\u062f\u0627\u0631 \u05e9\u05dc\u05d5\u05dd <!here>',
  `${'&'.repeat(400)}${'<'.repeat(400)}${'\u{1F680}'.repeat(200)}`,
  'line one\nline two\r\n> quote\n```\nfence',
  '',
] as const;

export const LONG = `${NASTY[0]} ${NASTY[1]} ${NASTY[2]}`;

export function sixtyCommits(): NoteEntry[] {
  return Array.from({ length: 60 }, (_, index) => ({
    sha: `${index}`.padStart(40, 'c'),
    title: `${NASTY[index % NASTY.length]} ${LONG}`,
    author: LONG,
  }));
}

/** Three platforms, ten slots and a configuration named by an enemy. */
export function hostileRelease(): Release {
  const config = aConfig({ name: LONG, baseBranch: LONG, platforms: ['ANDROID', 'IOS', 'WEB'] });
  const slotDates = Array.from(
    { length: 10 },
    (_, index) => new Date(at('12-02 14:00').getTime() + index * 86_400_000),
  );
  const release = newRelease(
    {
      targets: (['ANDROID', 'IOS', 'WEB'] as const).map((platform) => ({
        platform,
        version: `7.0.0-${'x'.repeat(200)}`,
        store: null,
      })),
      baseBranch: LONG,
      releasePilot: `token:${LONG}`,
      slotDates,
    },
    config,
  );
  return { ...release, channelId: 'C0REL' };
}

/** The same release with every text that people or providers wrote replaced by something nasty. */
export function poisoned(release: Release, text: string = LONG): Release {
  const bad = hostileRelease();
  const task = (found: Release['tasks'][number]): Release['tasks'][number] => ({
    ...found,
    skip: found.skip ? { by: 'U0EVIL', reason: text } : null,
    error: found.error ? { ...found.error, message: text, source: text } : null,
    output: poisonedOutput(found.output, text),
  });
  return {
    ...release,
    configName: bad.configName,
    baseBranch: bad.baseBranch,
    branch: text,
    releasePilot: bad.releasePilot,
    pause: release.pause ? { ...release.pause, reason: text } : null,
    tasks: release.tasks.map(task),
    cycles: release.cycles.map((cycle) => ({ ...cycle, tasks: cycle.tasks.map(task) })),
    gates: release.gates.map((gate) => ({
      ...gate,
      checks: gate.checks.map((check) => ({ ...check, text })),
      cherryPicks: sixtyCommits(),
      approvals: gate.approvals.map((approval) => ({ ...approval, override: text })),
      voided: Array.from({ length: 20 }, () => ({
        approvals: [{ by: 'U0EVIL', at: at('12-04 10:00'), contentHash: 'x', override: text }],
        changes: [text, text],
        at: at('12-04 10:00'),
      })),
      rejections: Array.from({ length: 20 }, () => ({ by: `token:${text}`, at: at('12-04 10:00'), reason: text })),
    })),
    stagedUploads: release.stagedUploads.map((upload) => ({ ...upload, fileName: text })),
  };
}

function poisonedOutput(output: Release['tasks'][number]['output'], text: string): Release['tasks'][number]['output'] {
  if (!output) return null;
  if ('entries' in output) return { ...output, since: text, until: text, entries: sixtyCommits(), omitted: 400 };
  if ('builds' in output) {
    return { builds: output.builds.map((build) => ({ ...build, fileName: text, version: text })) };
  }
  if ('tag' in output) return { ...output, tag: text, url: `https://git.test/${text}` };
  return output;
}
