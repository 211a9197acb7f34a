import { helpText } from '../views/lists.ts';
import { readerMay } from '../views/reader.actions.ts';
import { contextFor, say, type Verb } from './request.ts';

/** `help`, or nothing at all: what can be done here, now, by this person. */
export const helpRelease: Verb = async (engine, request) => {
  const [{ actor }, here, configs] = await Promise.all([
    contextFor(engine, request),
    engine.queries.liveInChannel(request.tenantId, request.channelId),
    engine.queries.configs(request.tenantId),
  ]);
  const hasConfig = configs.some((config) => config.isActive);
  return say(helpText({ viewer: actor, here, hasConfig, mayUse: readerMay(actor), now: engine.now() }));
};
