import type { World } from '../world.ts';

const MENTION = /<([@#][UWCG][A-Z0-9]+)(\|[^>]*)?>/g;

/** Escapes what a person typed as Slack does: `&`, `<`, `>`; mentions that were chosen stay. */
function escaped(text: string): string {
  const kept: string[] = [];
  const marked = text.replace(MENTION, (mention) => {
    kept.push(mention);
    return `\u0000${kept.length - 1}\u0000`;
  });
  const safe = marked.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the marks set just above
  return safe.replace(/\u0000(\d+)\u0000/g, (_mark, index: string) => kept[Number(index)] ?? '');
}

/** `@bob` and `#releases` become mentions; with names in them for slash commands. */
function mention(world: World, text: string, withNames: boolean): string {
  return text
    .replace(/(^|\s)@([a-z0-9._-]+)/g, (whole, before: string, name: string) => {
      const user = [...world.users.values()].find((candidate) => candidate.name === name);
      const group = [...world.userGroups.values()].find((candidate) => candidate.handle === name);
      if (user) return `${before}<@${user.id}${withNames ? `|${name}` : ''}>`;
      if (group) return `${before}<!subteam^${group.id}|@${name}>`;
      return ['channel', 'here', 'everyone'].includes(name) && !withNames ? `${before}<!${name}>` : whole;
    })
    .replace(/(^|\s)#([a-z0-9._-]+)/g, (whole, before: string, name: string) => {
      const channel = [...world.channels.values()].find((candidate) => candidate.name === name);
      return channel ? `${before}<#${channel.id}|${name}>` : whole;
    });
}

/** A message as Slack stores what a person typed. */
export const typedMessage = (world: World, text: string): string => mention(world, escaped(text), false);
/** The text of a slash command with `should_escape`. */
export const typedCommand = (world: World, text: string): string => mention(world, escaped(text), true);
