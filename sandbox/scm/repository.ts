import { createHash } from 'node:crypto';

/** What a Git server keeps, in memory: commits, annotated tags, refs. No trees: nothing here asks for files. */
export interface GitCommit {
  sha: string;
  tree: string;
  message: string;
  author: { name: string; email: string; date: string };
  parents: string[];
  /** place in the order of arrival; breaks ties of equal dates */
  order: number;
}

export interface GitTag {
  sha: string;
  tag: string;
  message: string;
  tagger: { name: string; email: string; date: string };
  object: string;
}

export interface Comparison {
  ahead: GitCommit[];
  behindBy: number;
  mergeBase: GitCommit;
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');

function objectId(type: string, content: string): string {
  return sha1(`${type} ${Buffer.byteLength(content)}\0${content}`);
}

/** Git's own rules for a ref (git-check-ref-format), as far as a name that people type can break them. */
export function isRefName(ref: string): boolean {
  if (!/^refs\/[^/]+\/.+/.test(ref) || ref.endsWith('/') || ref.endsWith('.') || ref.endsWith('.lock')) return false;
  if (/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\//u.test(ref)) return false;
  return ref.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

export class GitRepository {
  readonly commits = new Map<string, GitCommit>();
  readonly tags = new Map<string, GitTag>();
  /** full name -> sha of a commit or of a tag object */
  readonly refs = new Map<string, string>();

  addCommit(message: string, author: GitCommit['author'], parents: string[]): GitCommit {
    const tree = objectId('tree', `${message}\n${this.commits.size}`);
    const seconds = Math.floor(Date.parse(author.date) / 1000);
    const person = `${author.name} <${author.email}> ${seconds} +0000`;
    const lines = [
      `tree ${tree}`,
      ...parents.map((parent) => `parent ${parent}`),
      `author ${person}`,
      `committer ${person}`,
    ];
    const sha = objectId('commit', `${lines.join('\n')}\n\n${message}\n`);
    const commit = { sha, tree, message, author, parents, order: this.commits.size };
    this.commits.set(sha, commit);
    return commit;
  }

  addTag(tag: Omit<GitTag, 'sha'>): GitTag {
    const content = `object ${tag.object}\ntype commit\ntag ${tag.tag}\ntagger ${tag.tagger.name} ${tag.tagger.date}\n\n${tag.message}\n`;
    const made = { ...tag, sha: objectId('tag', content) };
    this.tags.set(made.sha, made);
    return made;
  }

  /** A branch, tag, full ref or (abbreviated) sha; annotated tags are followed to their commit. */
  resolve(name: string): GitCommit | null {
    const target =
      this.refs.get(name) ??
      this.refs.get(`refs/heads/${name}`) ??
      this.refs.get(`refs/tags/${name}`) ??
      this.expand(name);
    if (target === null) return null;
    return this.commits.get(this.tags.get(target)?.object ?? target) ?? null;
  }

  private expand(name: string): string | null {
    if (!/^[0-9a-f]{7,40}$/.test(name)) return null;
    const found = [...this.commits.keys()].filter((sha) => sha.startsWith(name));
    return found.length === 1 ? (found[0] ?? null) : null;
  }

  /** Everything reachable from a commit, itself included, newest first. */
  history(head: GitCommit): GitCommit[] {
    const seen = new Map<string, GitCommit>();
    const open = [head];
    for (let commit = open.pop(); commit; commit = open.pop()) {
      if (seen.has(commit.sha)) continue;
      seen.set(commit.sha, commit);
      for (const parent of commit.parents) {
        const found = this.commits.get(parent);
        if (found) open.push(found);
      }
    }
    return [...seen.values()].sort((a, b) => b.order - a.order);
  }

  /** Three dots: what `head` has and `base` has not, oldest first. Null when they share no history. */
  compare(base: GitCommit, head: GitCommit): Comparison | null {
    const ofBase = new Set(this.history(base).map(({ sha }) => sha));
    const ofHead = this.history(head);
    const mergeBase = ofHead.find(({ sha }) => ofBase.has(sha));
    if (!mergeBase) return null;
    const shared = new Set(ofHead.map(({ sha }) => sha));
    return {
      ahead: ofHead.filter(({ sha }) => !ofBase.has(sha)).reverse(),
      behindBy: [...ofBase].filter((sha) => !shared.has(sha)).length,
      mergeBase,
    };
  }
}
