import { PLATFORM_NAMES } from '../domain/names.ts';
import type { Release } from '../domain/release.ts';
import type { NoteEntry, NotesOutput } from '../domain/task.ts';
import type { Commit, Scm } from '../integrations/scm/port.ts';

/** Release notes from commits (Spec 1.4, 1.5). */

const NOTES_SHOWN = 100;
const FIRST_NOTES_SHOWN = 50;

/** Notes live in the release document, and a first line may be of any length. */
const TITLE_CHARS = 300;
const AUTHOR_CHARS = 100;

export function toNoteEntry(commit: Commit): NoteEntry {
  return {
    sha: commit.sha,
    title: shortened(commit.title, TITLE_CHARS),
    author: shortened(commit.author, AUTHOR_CHARS),
  };
}

/** `text` with at most `chars` characters, the last one an ellipsis where some were cut off. */
export function shortened(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
}

/** The commits in `until` that are not in `since`; without an earlier tag the newest ones that lead to `until`. */
export async function collectNotes(scm: Scm, since: string | null, until: string): Promise<NotesOutput> {
  const found = since
    ? await scm.compare({ base: since, head: until, limit: NOTES_SHOWN })
    : await scm.listCommits({ ref: until, limit: FIRST_NOTES_SHOWN });
  return {
    since,
    until,
    entries: found.commits.map(toNoteEntry),
    omitted: found.total - found.commits.length,
  };
}

/** The notes as Markdown for the SCM provider's release page. */
export function notesMarkdown(release: Release, notes: NotesOutput): string {
  const versions = release.targets.map((target) => `- ${PLATFORM_NAMES[target.platform]} ${target.version}`);
  const commits = notes.entries.map((entry) => `- ${entry.title} (${entry.sha.slice(0, 7)}, ${entry.author})`);
  if (notes.omitted > 0) commits.push(`- and ${notes.omitted} more`);
  const heading = notes.since ? `## Changes since ${notes.since}` : '## Changes';
  return [...versions, '', heading, '', ...(commits.length > 0 ? commits : ['No changes.'])].join('\n');
}
