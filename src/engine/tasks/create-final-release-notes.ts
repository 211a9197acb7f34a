import { describeVersions, releaseTag } from '../../domain/names.ts';
import { collectNotes, notesMarkdown } from '../notes.ts';
import type { TaskHandler } from './handler.ts';

/** CREATE_FINAL_RELEASE_NOTES (stage 3): notes since the previous release tag, and a release at the provider. Spec 1.5. */
export const createFinalReleaseNotes: TaskHandler<'CREATE_FINAL_RELEASE_NOTES'> = {
  type: 'CREATE_FINAL_RELEASE_NOTES',
  async run({ release, scm, repositories }) {
    const tag = releaseTag(release.targets);
    const since = await repositories.releases.findLastReleaseTag(release.tenantId, release.releaseConfigId, release.id);
    const provider = await scm();
    const notes = await collectNotes(provider, since, tag);
    const name = `${release.configName} ${describeVersions(release.targets)}`;
    const { url } = await provider.ensureRelease({ tag, name, body: notesMarkdown(release, notes) });
    return { kind: 'done', output: { ...notes, releaseUrl: url }, messages: [] };
  },
};
