import type { Point } from './gate.ts';

/** Some points out of all: one at the end of every task, one for each kind of write, both sides of what GitHub is asked for. */
export function sampleOf(points: readonly Point[]): Point[] {
  const chosen = new Map<string, Point>();
  const sides = new Map<string, number>();
  for (const point of points) {
    const task = taskOf(point);
    if (task !== null && point.when === 'before' && !chosen.has(task)) chosen.set(task, point);
    const kind = kindOf(point);
    if (point.kind === 'github') {
      chosen.set(`${kind} ${point.when}`, chosen.get(`${kind} ${point.when}`) ?? point);
      continue;
    }
    // The kinds take turns: the first is lost before it was carried out, the second after.
    if (!sides.has(kind)) sides.set(kind, sides.size);
    const when = (sides.get(kind) ?? 0) % 2 === 0 ? 'before' : 'after';
    if (when === point.when && !chosen.has(kind)) chosen.set(kind, point);
  }
  return points.filter((point) => [...chosen.values()].includes(point));
}

/** `task FORK_BRANCH`, where its outcome is stored. */
export function taskOf({ identity }: Point): string | null {
  const found = /TASK_(?:COMPLETED|SKIPPED) \w+\.(?:s\d|c\d+)\.(\w+)/.exec(identity);
  return found ? `task ${found[1]}` : null;
}

/** `mongo insert uploads`, `slack chat.update`, `files rename`. */
export function kindOf({ kind, identity }: Point): string {
  return [kind, ...identity.split(' ').slice(0, kind === 'mongo' || kind === 'github' ? 2 : 1)].join(' ');
}
