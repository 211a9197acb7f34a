/**
 * Which bot scope each Web API method needs that Slipway calls (vendor's method pages). `manifest.yml` asks for exactly
 * these and those of its events and features; a test finds every call in the source and compares. Spec 6.6.
 */
export const METHOD_SCOPES = {
  'auth.test': [],
  'chat.getPermalink': [],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'files.info': ['files:read'],
  'usergroups.users.list': ['usergroups:read'],
  'views.open': [],
  'views.publish': [],
  'views.update': [],
} as const satisfies Record<string, readonly string[]>;
