import { buildUpload } from '../views/upload-modal.actions.ts';
import { contextFor, type Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `upload [release]`: the modal with the stages and platforms that are open now. */
export const uploadBuild: Verb = (engine, request) =>
  withRelease(engine, request, 'upload', async (release) => {
    const { channelId, threadTs } = request;
    const build = async () => {
      const context = await contextFor(engine, request);
      return buildUpload(engine, context, release.id, null, { channelId, threadTs });
    };
    return { kind: 'modal', title: 'Upload builds', build };
  });
