import type { Logger } from 'pino';
import type { Facts } from '../domain/decide.ts';
import type { AlertContent, MessageContent } from '../domain/message.ts';
import type { Release } from '../domain/release.ts';
import type { ReleaseConfig } from '../domain/release-config.ts';
import type { BuildFileInfo } from '../integrations/artifacts/build-file.ts';
import type { ArtifactStore } from '../integrations/artifacts/port.ts';
import type { Messenger, RenderedMessage } from '../integrations/messenger/port.ts';
import type { Scm } from '../integrations/scm/port.ts';
import type { PlannedWake, Repositories } from '../persistence/types/index.ts';
import type { Clock } from '../shared/clock.ts';
import type { Metrics } from '../shared/metrics.ts';

/** A message as Slack shall show it; `settled` = it will never change again. */
export interface Rendering extends RenderedMessage {
  settled: boolean;
}

export interface RenderContext {
  release: Release;
  config: ReleaseConfig | null;
  now: Date;
}

/** Everything the engine needs from outside, given by the composition root. */
export interface Deps {
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  repositories: Repositories;
  /** The SCM of this integration; `NotConfiguredError` when it is gone. */
  scmFor(tenantId: string, integrationId: string): Promise<Scm>;
  messengerFor(tenantId: string): Promise<Messenger>;
  artifacts: ArtifactStore;
  /** `Refusal` when the stored file is not the build it says it is (Spec 3.4). */
  inspectBuild(input: {
    path: string;
    fileName: string;
    sizeBytes: number;
    webArchiveEndings: readonly string[];
  }): Promise<BuildFileInfo>;
  renderMessage(content: MessageContent, context: RenderContext): Rendering;
  renderAlert(content: AlertContent): Rendering;
  /** Makes the release's one-time jobs exactly these (Spec 7.3); may be called again with the same. */
  planWakes(releaseId: string, wakes: PlannedWake[]): Promise<void>;
  /** The database failed, not the caller: the step is tried again later. */
  isDatabaseError(error: unknown): boolean;
  maxUploadBytes: number;
  /** how long an instance holds a release without renewing (Spec 7.3: 60 s) */
  leaseMs: number;
}

/** Null when the release's configuration is gone. */
export async function loadFacts(deps: Deps, release: Release): Promise<Facts | null> {
  const config = await deps.repositories.configs.find(release.tenantId, release.releaseConfigId);
  return config && { config };
}
