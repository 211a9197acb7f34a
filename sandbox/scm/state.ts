import { deserialize, serialize } from 'node:v8';
import { type GitCommit, GitRepository, type GitTag } from './repository.ts';

export interface ReleaseRow {
  id: number;
  tag: string;
  targetCommitish: string;
  name: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  createdAt: string;
}

/** What came to be through the API, in order: a test sees here whether something was made twice. */
export interface Effect {
  kind: 'branch' | 'tag' | 'release';
  name: string;
  /** the commit; an annotated tag is followed to it */
  sha: string;
}

interface KeptState {
  commits: Map<string, GitCommit>;
  tags: Map<string, GitTag>;
  refs: Map<string, string>;
  releases: ReleaseRow[];
  effects: Effect[];
}

/** One repository as a GitHub account sees it. */
export class GithubState {
  readonly repository = new GitRepository();
  readonly releases: ReleaseRow[] = [];
  readonly effects: Effect[] = [];
  readonly owner: string;
  readonly repo: string;
  readonly defaultBranch: string;
  readonly now: () => string;
  canPush = true;

  constructor(options: { owner: string; repo: string; defaultBranch: string; now: () => string }) {
    this.owner = options.owner;
    this.repo = options.repo;
    this.defaultBranch = options.defaultBranch;
    this.now = options.now;
  }

  /** The repository as bytes, for `restore` of a later one. */
  keep(): Buffer {
    const { commits, tags, refs } = this.repository;
    return serialize({ commits, tags, refs, releases: this.releases, effects: this.effects } satisfies KeptState);
  }

  /** Takes bytes of `keep` only, into an empty repository. */
  restore(bytes: Buffer): void {
    const { commits, tags, refs, releases, effects } = deserialize(bytes) as KeptState;
    for (const [sha, commit] of commits) this.repository.commits.set(sha, commit);
    for (const [sha, tag] of tags) this.repository.tags.set(sha, tag);
    for (const [ref, sha] of refs) this.repository.refs.set(ref, sha);
    this.releases.push(...releases);
    this.effects.push(...effects);
  }

  putRef(ref: string, sha: string): void {
    this.repository.refs.set(ref, sha);
    const kind = ref.startsWith('refs/tags/') ? 'tag' : 'branch';
    const name = ref.replace(/^refs\/[^/]+\//, '');
    this.effects.push({ kind, name, sha: this.repository.tags.get(sha)?.object ?? sha });
  }

  putRelease(input: Omit<ReleaseRow, 'id' | 'createdAt'>): ReleaseRow {
    const release = { ...input, id: this.releases.length + 1, createdAt: this.now() };
    this.releases.push(release);
    this.effects.push({ kind: 'release', name: release.tag, sha: this.repository.resolve(release.tag)?.sha ?? '' });
    return release;
  }
}
