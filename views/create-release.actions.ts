import type { ModalView } from '@slack/types';
import { describeVersions } from '../src/domain/names.ts';
import type { Platform, ReleaseType } from '../src/domain/release.ts';
import type { ReleaseConfig } from '../src/domain/release-config.ts';
import { holdsRole, rolesFor } from '../src/domain/roles.ts';
import type { Engine, IntentContext } from '../src/engine/index.ts';
import { answer } from './answer.actions.ts';
import { peopleText } from './blocks/text.ts';
import {
  chosenConfig,
  createReleaseErrors,
  createReleaseModal,
  noConfigurationModal,
  parseCreateRelease,
} from './create-release.ts';
import { type Acknowledge, type Asker, type Click, contextOf, type FaceDeps, type Submission } from './deps.ts';
import { parseCreateMetadata } from './ids.ts';
import { FieldErrors, openModal, replaceView, submit } from './modal.actions.ts';
import { once } from './once.actions.ts';
import { plainMessage } from './refusals.ts';

/** The creation modal: from `/release new`, the global shortcut, the App Home (Spec 1.1, 6.1). */

const TITLE = 'New release';
const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/** What was typed after `new`. */
export interface CreatePrefill {
  /** name or id */
  config?: string | undefined;
  type?: ReleaseType | undefined;
  versions?: Partial<Record<Platform, string>> | undefined;
  /** in the order of the configuration's platforms */
  versionList?: readonly string[] | undefined;
}

export async function openCreateRelease(
  deps: FaceDeps,
  asker: Asker,
  triggerId: string,
  prefill: CreatePrefill,
): Promise<void> {
  await openModal(deps, asker, triggerId, TITLE, async () => {
    const context = await contextOf(deps.engine, asker);
    return buildCreateRelease(deps.engine, context, asker.channelId, prefill);
  });
}

/** The modal with the configuration that fits: the one named, that of this channel, or the first. */
export async function buildCreateRelease(
  engine: Engine,
  context: IntentContext,
  channelId: string | null,
  prefill: CreatePrefill,
): Promise<ModalView> {
  await engine.requireRole(context, rolesFor('CREATE'), 'create a release');
  const isAdmin = holdsRole(context.actor, ['ADMIN']);
  const configs = (await engine.queries.configs(context.tenantId)).filter((config) => config.isActive);
  const config = chooseConfig(configs, channelId, prefill.config);
  if (config === null) return noConfigurationModal(isAdmin);
  const now = engine.now();
  const kickOffDate = new Date(Math.ceil((now.getTime() + DAY_MS) / HOUR_MS) * HOUR_MS);
  const typed = typedVersions(config, prefill);
  const suggested = await engine.queries.suggestedVersions(context.tenantId, config.id);
  return createReleaseModal({
    configs,
    config,
    type: prefill.type ?? null,
    versions: suggested.map(({ platform, version }) => ({
      platform,
      version: typed[platform] ?? version,
    })),
    slots: engine.queries.suggestedSlots(config, kickOffDate),
    kickOffDate,
    viewerId: context.actor.id,
    isAdmin,
    channelId,
    now,
  });
}

/** Bare versions go to the platforms that were not named, in the configuration's order. */
function typedVersions(config: ReleaseConfig, prefill: CreatePrefill): Partial<Record<Platform, string>> {
  const versions = { ...prefill.versions };
  const unnamed = config.platforms.filter((platform) => versions[platform] === undefined);
  for (const [index, platform] of unnamed.entries()) {
    const version = prefill.versionList?.[index];
    if (version !== undefined) versions[platform] = version;
  }
  return versions;
}

function chooseConfig(
  configs: ReleaseConfig[],
  channelId: string | null,
  named: string | undefined,
): ReleaseConfig | null {
  const name = named?.toLowerCase();
  const byName = configs.find((config) => config.id === named || config.name.toLowerCase() === name);
  return byName ?? configs.find((config) => config.comms.releases === channelId) ?? configs[0] ?? null;
}

/** Another configuration was chosen: its platforms, versions and slots are shown. */
export async function changeConfig(deps: FaceDeps, click: Click): Promise<void> {
  const { view, asker } = click;
  if (view === null) return;
  const metadata = parseCreateMetadata(view.privateMetadata);
  await replaceView(deps, asker.tenantId, view, async () => {
    const context = await contextOf(deps.engine, asker);
    const config = chosenConfig(view.values) ?? click.value ?? undefined;
    return buildCreateRelease(deps.engine, context, metadata?.channelId ?? null, { config });
  });
}

export async function submitCreateRelease(
  deps: FaceDeps,
  submission: Submission,
  acknowledge: Acknowledge,
): Promise<void> {
  const metadata = parseCreateMetadata(submission.privateMetadata);
  const { tenantId, userId, triggerId, values } = submission;
  let created: string | null = null;
  const work = async () => {
    const configId = chosenConfig(values) ?? metadata?.configId ?? '';
    const config = await deps.engine.queries.config(tenantId, configId);
    const parsed = parseCreateRelease(values, config);
    if (!parsed.ok) throw new FieldErrors(parsed.errors);
    await once(deps, tenantId, triggerId, async () => {
      const release = await deps.engine.createRelease(parsed.input, await contextOf(deps.engine, submission));
      const where = release.channelId === metadata?.channelId ? 'here' : `in <#${release.channelId}>`;
      created = `${peopleText(config.name)} ${describeVersions(release.targets)} is created. Its thread is ${where}.`;
    });
    return null;
  };
  await submit(deps, submission, acknowledge, TITLE, work, (fields) => createReleaseErrors(fields, values));
  if (created === null || !metadata?.channelId) return;
  const asker = { tenantId, userId, channelId: metadata.channelId, threadTs: null, respond: null };
  await answer(deps, asker, plainMessage(created));
}
