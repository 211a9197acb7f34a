import { randomToken, type World } from '../world.ts';
import { chatMethods } from './chat.ts';
import { conversationMethods } from './conversations.ts';
import { fileMethods } from './files.ts';
import type { Method } from './method.ts';
import { peopleMethods } from './people.ts';
import { viewMethods } from './views.ts';

const openConnection: Method = {
  scope: null,
  token: 'app',
  run(world: World) {
    const ticket = randomToken(16);
    world.tickets.add(ticket);
    return { url: `${world.baseUrl.replace(/^http/, 'ws')}/link/?ticket=${ticket}&app_id=A0SLIPWAY` };
  },
};

/** Every Web API method this Slack knows; others answer `unknown_method`. */
export const METHODS: Record<string, Method> = {
  ...peopleMethods,
  ...chatMethods,
  ...conversationMethods,
  ...viewMethods,
  ...fileMethods,
  'apps.connections.open': openConnection,
};

/** All bot scopes that some method or event here asks for. */
export const ALL_SCOPES: readonly string[] = [
  ...new Set([
    ...Object.values(METHODS).flatMap((method) => method.scope ?? []),
    'commands',
    'app_mentions:read',
    'chat:write.public',
    'users:read.email',
    'metadata.message:read',
    'links:read',
  ]),
];
