import { userToWire } from '../wire.ts';
import { APP_ID, BOT_ID, BOT_USER } from '../world.ts';
import { ApiError, type Method, needed, page, text } from './method.ts';

const authTest: Method = {
  scope: null,
  run: (world) => ({
    url: 'https://sandbox.slack.com/',
    team: 'Sandbox',
    user: world.users.get(BOT_USER)?.name,
    team_id: world.options.teamId,
    user_id: BOT_USER,
    bot_id: BOT_ID,
    is_enterprise_install: false,
  }),
};

const botsInfo: Method = {
  scope: ['users:read'],
  formOnly: true,
  run(world, args) {
    if ((text(args, 'bot') ?? BOT_ID) !== BOT_ID) throw new ApiError('bot_not_found');
    const name = world.users.get(BOT_USER)?.name;
    return { bot: { id: BOT_ID, deleted: false, name, app_id: APP_ID, user_id: BOT_USER, icons: {} } };
  },
};

const usersInfo: Method = {
  scope: ['users:read'],
  formOnly: true,
  required: ['user'],
  run(world, args) {
    const user = world.users.get(needed(args, 'user'));
    if (!user) throw new ApiError('user_not_found');
    return { user: userToWire(world, user) };
  },
};

const usersList: Method = {
  scope: ['users:read'],
  formOnly: true,
  run(world, args) {
    const { items, next } = page([...world.users.values()], args, 200, 1000);
    return { members: items.map((user) => userToWire(world, user)), response_metadata: { next_cursor: next } };
  },
};

const userGroupsList: Method = {
  scope: ['usergroups:read'],
  formOnly: true,
  run: (world) => ({
    usergroups: [...world.userGroups.values()].map((group) => ({
      id: group.id,
      team_id: world.options.teamId,
      is_usergroup: true,
      handle: group.handle,
      name: group.name,
      date_delete: 0,
      user_count: group.users.length,
      users: [...group.users],
    })),
  }),
};

const userGroupUsers: Method = {
  scope: ['usergroups:read'],
  formOnly: true,
  required: ['usergroup'],
  run(world, args) {
    const group = world.userGroups.get(needed(args, 'usergroup'));
    if (!group) throw new ApiError('no_such_subteam');
    return { users: [...group.users] };
  },
};

const teamInfo: Method = {
  scope: ['team:read'],
  formOnly: true,
  run: (world) => ({ team: { id: world.options.teamId, name: 'Sandbox', domain: 'sandbox' } }),
};

export const peopleMethods: Record<string, Method> = {
  'api.test': { scope: null, run: (_world, args) => ({ args }) },
  'auth.test': authTest,
  'bots.info': botsInfo,
  'users.info': usersInfo,
  'users.list': usersList,
  'usergroups.list': userGroupsList,
  'usergroups.users.list': userGroupUsers,
  'team.info': teamInfo,
};
