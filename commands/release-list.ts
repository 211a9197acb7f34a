import { showList } from '../views/show.actions.ts';
import { say, type Verb } from './request.ts';

/** `list [all]`: live releases with phase and next event; `all` adds ended ones. */
export const listReleases: Verb = async (engine, { tenantId, args, flags }) => {
  const all = flags.has('all') || args[0]?.toLowerCase() === 'all';
  return say(await showList(engine, tenantId, { all, after: null, page: 0 }));
};
