import type { KnownBlock, ModalView } from '@slack/types';
import { PLATFORM_NAMES } from '../src/domain/names.ts';
import { PLATFORMS, type Platform } from '../src/domain/release.ts';
import { stagedUpload } from '../src/domain/tasks.ts';
import { UPLOAD_STAGES, type UploadStage } from '../src/domain/upload.ts';
import { context, LIMITS, plain, section } from './blocks/elements.ts';
import { input, select } from './blocks/inputs.ts';
import { platformNames, releaseName, UPLOAD_STAGE_NAMES } from './blocks/release-parts.ts';
import { code, mention } from './blocks/text.ts';
import { BLOCKS, CALLBACKS, encodeUploadMetadata, INPUT_ACTIONS } from './ids.ts';
import type { Parsed, UploadModalData, ViewValues } from './types.ts';

const MAX_FILES = 10;
const BY_FILE_NAME = 'auto';
/** What Slack lets people choose; a web archive can have any ending, so nothing is ruled out there. */
const ENDINGS: Record<UploadStage, Record<'ANDROID' | 'IOS', string[]>> = {
  PRE_REGRESSION: { ANDROID: ['apk', 'aab'], IOS: ['ipa'] },
  REGRESSION: { ANDROID: ['apk', 'aab'], IOS: ['ipa'] },
  PRE_RELEASE: { ANDROID: ['aab'], IOS: ['ipa'] },
};

/** Stage and platforms that are open now, and the files (Spec 3, 6.1). */
export function uploadModal(data: UploadModalData): ModalView {
  const { release, windows } = data;
  const window = windows.find((known) => known.stage === data.stage) ?? windows[0];
  const blocks: KnownBlock[] = [section(`*${releaseName(release)}*`)];
  if (!window) blocks.push(section('No upload window is open for this release now.'));
  else blocks.push(...inputs(data, window.stage, window.platforms));
  return {
    type: 'modal',
    callback_id: CALLBACKS.upload,
    title: plain('Upload builds', LIMITS.viewTitle),
    ...(window ? { submit: plain('Upload', LIMITS.viewTitle) } : {}),
    close: plain('Cancel', LIMITS.viewTitle),
    private_metadata: encodeUploadMetadata({
      releaseId: release.id,
      channelId: data.channelId,
      threadTs: data.threadTs,
    }),
    blocks,
  };
}

function inputs(data: UploadModalData, stage: UploadStage, platforms: Platform[]): KnownBlock[] {
  const stages = data.windows.map((window) => ({
    value: window.stage,
    label: `Builds for ${UPLOAD_STAGE_NAMES[window.stage]}`,
  }));
  const choices = [
    { value: BY_FILE_NAME, label: 'By the file name' },
    ...platforms.map((platform) => ({ value: platform, label: PLATFORM_NAMES[platform] })),
  ];
  const filetypes = endings(stage, platforms);
  return [
    input(BLOCKS.uploadStage, 'For', select(INPUT_ACTIONS.uploadStage, stages, stage), { dispatch: true }),
    input(BLOCKS.uploadPlatform, 'Platform', select(INPUT_ACTIONS.value, choices, BY_FILE_NAME)),
    input(
      BLOCKS.uploadFiles,
      'Files',
      {
        type: 'file_input',
        action_id: INPUT_ACTIONS.value,
        max_files: MAX_FILES,
        ...(filetypes ? { filetypes } : {}),
      },
      { hint: `One file for each platform: ${platformNames(platforms)}.` },
    ),
    ...staged(data, stage, platforms),
  ];
}

function endings(stage: UploadStage, platforms: readonly Platform[]): string[] | null {
  if (platforms.includes('WEB')) return null;
  return platforms.flatMap((platform) => (platform === 'WEB' ? [] : ENDINGS[stage][platform]));
}

/** What a new file would replace. */
function staged(data: UploadModalData, stage: UploadStage, platforms: readonly Platform[]): KnownBlock[] {
  const lines = platforms.flatMap((platform) => {
    const upload = stagedUpload(data.release, stage, platform);
    if (!upload) return [];
    return [
      `${PLATFORM_NAMES[platform]} has ${code(upload.fileName, 80)} from ${mention(upload.uploadedBy)}; a new file replaces it.`,
    ];
  });
  return lines.length > 0 ? [context(...lines)] : [];
}

/** `stage` and `platform` are null where the file decides. */
export function parseUploadModal(
  values: ViewValues,
): Parsed<{ stage: UploadStage | null; platform: Platform | null; files: { id: string; name: string }[] }> {
  const files = values[BLOCKS.uploadFiles]?.[INPUT_ACTIONS.value]?.files ?? [];
  if (files.length === 0) return { ok: false, errors: { [BLOCKS.uploadFiles]: 'Choose at least one file.' } };
  const platform = values[BLOCKS.uploadPlatform]?.[INPUT_ACTIONS.value]?.selected_option?.value;
  const stage = values[BLOCKS.uploadStage]?.[INPUT_ACTIONS.uploadStage]?.selected_option?.value;
  const chosen = PLATFORMS.find((known) => known === platform) ?? null;
  if (chosen && files.length > 1) {
    const error = `One file is expected for ${PLATFORM_NAMES[chosen]}. Choose "By the file name" for several platforms.`;
    return { ok: false, errors: { [BLOCKS.uploadFiles]: error } };
  }
  return {
    ok: true,
    input: {
      stage: UPLOAD_STAGES.find((known) => known === stage) ?? null,
      platform: chosen,
      files: files.map(({ id, name }) => ({ id, name })),
    },
  };
}
