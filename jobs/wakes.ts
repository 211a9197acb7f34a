import type { Agenda } from 'agenda';
import { type PlannedWake, WAKE_JOBS } from '../src/engine/index.ts';
import { inNewLogScope } from '../src/shared/log-scope.ts';
import type { JobDeps } from './deps.ts';

/** Each only wakes its release, so that a late or doubled one changes nothing (Spec 7.3). */
export function defineWakes(agenda: Agenda, { engine }: JobDeps): void {
  for (const name of WAKE_JOBS) {
    agenda.define<{ releaseId: string }>(name, async (job) => {
      await inNewLogScope({ job: name }, () => engine.advance(job.attrs.data.releaseId));
    });
  }
}

/** Makes the one-time jobs of a release exactly these. If it stops half-way, the tick does their work. */
export async function planWakes(
  agenda: Agenda,
  releaseId: string,
  wakes: readonly PlannedWake[],
  realTimeOf: (instant: Date) => Date,
): Promise<void> {
  await agenda.cancel({ data: { releaseId } });
  for (const { job, key, at } of wakes) {
    await agenda.schedule(realTimeOf(at), job, { releaseId, key });
  }
}
