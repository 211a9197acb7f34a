import type { SlackMessage } from '../../sandbox/slack/index.ts';
import type { AuditEntry } from '../../src/domain/audit.ts';
import type { Release } from '../../src/domain/release.ts';
import type { Task } from '../../src/domain/task.ts';
import { actionsOn, keyed, occasionOf } from './messages.ts';
import { type Outside, TENANT_ID } from './outside.ts';

/** What a release has come to, in lines that are easy to compare. */

/** `IN_PROGRESS, RUNNING NONE, COMPLETED IN_PROGRESS PENDING PENDING, RC1 DONE`: the stored statuses (Spec 2.1). */
export function statusLine({ status, cron, cycles }: Release): string {
  const stages = [cron.stage1Status, cron.stage2Status, cron.stage3Status, cron.stage4Status].join(' ');
  const runs = cycles.map((cycle) => `RC${cycle.number} ${cycle.status}`);
  return [status, `${cron.status} ${cron.pauseType}`, stages, ...runs].join(', ');
}

export function taskLines(tasks: readonly Task[]): string[] {
  return tasks.map(({ type, status }) => `${type} ${status}`);
}

/** The release's messages in the order they were posted. */
export function messageLines(outside: Pick<Outside, 'slack'>, releaseId: string): string[] {
  return keyed(outside.slack, releaseId).map((message) => {
    const occasion = (occasionOf(message) ?? '').replace(/^upload:.*/, 'upload');
    return [occasion, ...(message.threadTs ? [] : ['(root)']), ...(message.broadcast ? ['(broadcast)'] : [])].join(' ');
  });
}

/** Messages of the bot that carry no key: nothing that happens to a release may be said that way. */
export function unkeyed(outside: Pick<Outside, 'slack'>): SlackMessage[] {
  return outside.slack.messages().filter((message) => message.fromBot && occasionOf(message) === null);
}

/** `gate:preRelease: gate.approve` for each message that can still be clicked. */
export function clickable(outside: Pick<Outside, 'slack'>, releaseId: string): string[] {
  return keyed(outside.slack, releaseId)
    .map((message) => `${occasionOf(message)}: ${actionsOn(message).join(' ')}`)
    .filter((line) => !line.endsWith(': '));
}

export function effectLines(outside: Pick<Outside, 'github'>): string[] {
  return outside.github.effects.map(({ kind, name }) => `${kind} ${name}`);
}

/** The whole trail, oldest first. */
export async function trailOf(outside: Outside, releaseId: string): Promise<AuditEntry[]> {
  const entries = await outside.persistence.repositories.audit.list(TENANT_ID, releaseId, { limit: 1000 });
  return entries.sort((a, b) => a.seq - b.seq);
}

/** `KICKOFF ANDROID app.apk s1.TRIGGER_PRE_REGRESSION_BUILDS` for each build, in the order of the flow. */
export async function buildLines(outside: Outside, release: Release): Promise<string[]> {
  const builds = await outside.persistence.repositories.builds.listByRelease(TENANT_ID, release.id);
  return builds
    .map(({ buildStage, platform, fileName, taskId }) =>
      [buildStage, platform, fileName, taskId.slice(release.id.length + 1)].join(' '),
    )
    .sort();
}
