export type { Messenger, RenderedMessage } from './port.ts';
export { METHOD_SCOPES } from './scopes.ts';
export { createSlackMessenger } from './slack.ts';
export { createSlackClient, slackClientOptions } from './slack-client.ts';
export { mapSlackError, slackErrorWord } from './slack-errors.ts';
export { createSlackFiles, type SlackFileInfo, type SlackFiles } from './slack-file-info.ts';
export { slackFileOrigins } from './slack-file-request.ts';
export { openSlackFile } from './slack-files.ts';
