import { isRecord } from '../driver/state.ts';
import { newFile, shareFiles } from '../files.ts';
import type { Json, SlackFile } from '../types.ts';
import { fileToWire } from '../wire.ts';
import { BOT_USER, findMessage, type World } from '../world.ts';
import { ApiError, badArguments, type Method, memberChannel, needed, structured, text } from './method.ts';

/** The app sees files of channels it is in, its own, and those put into its modals. */
export function visibleFile(world: World, id: string): SlackFile | null {
  const file = world.files.get(id);
  if (!file) return null;
  const shared = file.shares.some((share) => world.channels.get(share.channel)?.members.has(BOT_USER));
  return shared || file.shares.length === 0 || file.user === BOT_USER ? file : null;
}

const info: Method = {
  scope: ['files:read'],
  formOnly: true,
  required: ['file'],
  run(world, args) {
    const file = visibleFile(world, needed(args, 'file'));
    if (!file) throw new ApiError('file_not_found');
    if (file.deleted) throw new ApiError('file_deleted');
    return { file: fileToWire(world, file), comments: [], response_metadata: { next_cursor: '' } };
  },
};

const getUploadUrl: Method = {
  scope: ['files:write'],
  formOnly: true,
  required: ['filename', 'length'],
  run(world, args) {
    const length = Number(needed(args, 'length'));
    if (length === 0) throw new ApiError('missing_argument');
    if (!Number.isInteger(length) || length < 0) throw badArguments('must be an integer [json-pointer:/length]');
    const file = newFile(world, needed(args, 'filename'), length, BOT_USER, null);
    world.pendingUploads.set(file.id, file);
    return { upload_url: `${world.baseUrl}/upload/v1/${file.id}`, file_id: file.id };
  },
};

function completedFiles(world: World, args: Json): SlackFile[] {
  const list = structured(args, 'files', 'invalid_arguments');
  if (!Array.isArray(list) || list.length === 0) throw badArguments('missing required field: files');
  return list.map((entry) => {
    const id = isRecord(entry) ? entry['id'] : undefined;
    const file = typeof id === 'string' ? world.pendingUploads.get(id) : undefined;
    if (!file?.content) throw new ApiError('file_not_found');
    if (isRecord(entry) && typeof entry['title'] === 'string') file.title = entry['title'];
    return file;
  });
}

const completeUpload: Method = {
  scope: ['files:write'],
  required: ['files'],
  run(world, args) {
    const files = completedFiles(world, args);
    const channelId = text(args, 'channel_id');
    if (channelId !== null && !/^[CGD]/.test(channelId))
      throw badArguments('must match a more complex regex [json-pointer:/channel_id]');
    const channel = channelId === null ? null : memberChannel(world, channelId);
    const threadTs = text(args, 'thread_ts');
    if (threadTs !== null && !(channel && findMessage(world, channel.id, threadTs)))
      throw new ApiError('thread_not_found');
    for (const file of files) {
      world.pendingUploads.delete(file.id);
      world.files.set(file.id, file);
    }
    if (channel) {
      const draft = { channel: channel.id, user: BOT_USER, text: text(args, 'initial_comment') ?? '', threadTs, files };
      shareFiles(world, draft);
    }
    return { files: files.map((file) => fileToWire(world, file)) };
  },
};

const remove: Method = {
  scope: ['files:write'],
  required: ['file'],
  run(world, args) {
    const file = visibleFile(world, needed(args, 'file'));
    if (!file) throw new ApiError('file_not_found');
    if (file.user !== BOT_USER) throw new ApiError('cant_delete_file');
    file.deleted = true;
    return {};
  },
};

export const fileMethods: Record<string, Method> = {
  'files.info': info,
  'files.getUploadURLExternal': getUploadUrl,
  'files.completeUploadExternal': completeUpload,
  'files.delete': remove,
};
