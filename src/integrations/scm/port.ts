/**
 * Source control as the engine needs it (Spec 4.5). Every call has a time-out and a bounded retry on transient faults,
 * and raises `TransientError`, `PermanentError`, `AuthError` or `ConflictError`.
 */
export interface Commit {
  sha: string;
  /** first line */
  title: string;
  author: string;
  at: Date;
}

export interface Comparison {
  /** oldest first, at most `limit` */
  commits: Commit[];
  total: number;
  /** the head commit that was compared */
  headSha: string;
}

export interface Scm {
  /** The branch's head; null when there is no such branch. */
  findBranch(name: string): Promise<{ sha: string; url: string | null } | null>;
  /** Looks for the branch before it creates it from `from`'s head, and reads back what is there. Repeatable. */
  ensureBranch(input: { name: string; from: string }): Promise<{ sha: string; url: string | null; created: boolean }>;
  /** The commit a tag (annotated or not) points at; null when there is none. */
  findTag(name: string): Promise<{ sha: string; url: string | null } | null>;
  /**
   * Looks for the tag before it creates an annotated one on `sha`, and reads back. `ConflictError` when the tag exists
   * on another commit.
   */
  ensureTag(input: {
    name: string;
    sha: string;
    message: string;
  }): Promise<{ sha: string; url: string | null; created: boolean }>;
  /** Commits in `head` that are not in `base` (three-dot). */
  compare(input: { base: string; head: string; limit: number }): Promise<Comparison>;
  /** The newest commits reachable from `ref`, oldest first. `total` = number listed. */
  listCommits(input: { ref: string; limit: number }): Promise<Comparison>;
  /** Looks for the release of this tag before it creates one. */
  ensureRelease(input: { tag: string; name: string; body: string }): Promise<{ url: string; created: boolean }>;
  /** The cheapest calls that prove the credential and the permissions the bot needs; throws as above. */
  verify(): Promise<{ detail: string }>;
}
