import type { Release } from '../src/domain/release.ts';
import type { Engine } from '../src/engine/index.ts';
import { Refusal } from '../src/shared/errors.ts';
import { parseLocal } from '../src/shared/zoned-time.ts';
import type { ReasonPurpose } from '../views/ids.ts';
import { plainMessage } from '../views/refusals.ts';
import { askReason } from './ask.ts';
import { type CommandRequest, contextFor, type Reply, say, type Verb } from './request.ts';
import { resolveRelease } from './resolve-release.ts';

const USAGE =
  'Use: /release slot add 2026-12-01 14:00 [release], /release slot move 2 2026-12-01 16:00 [release] or ' +
  '/release slot remove 2 [release]. /release status counts the slots. Without a date or number I ask for them.';

const CHANGES = ['add', 'move', 'remove'] as const;
type SlotChange = (typeof CHANGES)[number];
const PURPOSES: Record<SlotChange, ReasonPurpose> = { add: 'slot-add', move: 'slot-move', remove: 'slot-remove' };

interface SlotWords {
  change: SlotChange;
  /** its place counted from 1 */
  slot: string | undefined;
  /** local date and time as typed */
  when: string | undefined;
  reference: string | undefined;
}

/** `slot add|move|remove`: done at once when all is said, else by a modal. Times are in the release's zone. */
export const slotRelease: Verb = async (engine, request) => {
  const words = readSlotWords(request.args);
  const resolved = await resolveRelease(engine, request, 'slot', words.reference);
  if ('reply' in resolved) return resolved.reply;
  const { release } = resolved;
  const needsSlot = words.change !== 'add' && words.slot === undefined;
  const needsDate = words.change !== 'remove' && words.when === undefined;
  if (needsSlot || needsDate) {
    const known = release.slots[Number(words.slot) - 1];
    const shown = { releaseId: release.id, ...(known ? { slotId: known.id } : {}) };
    return askReason(engine, request, PURPOSES[words.change], shown);
  }
  return changeSlot(engine, request, release, words);
};

export function readSlotWords(args: readonly string[]): SlotWords {
  const [first = '', ...rest] = args;
  const change = CHANGES.find((candidate) => candidate === first.toLowerCase());
  if (!change) throw new Refusal('INVALID_INPUT', USAGE);
  const slot = change !== 'add' && /^#?\d{1,3}$/.test(rest[0] ?? '') ? rest.shift()?.replace('#', '') : undefined;
  let when = change !== 'remove' && /^\d{4}-\d{2}-\d{2}/.test(rest[0] ?? '') ? rest.shift() : undefined;
  if (when !== undefined && /^\d{1,2}:\d{2}/.test(rest[0] ?? '')) when = `${when} ${rest.shift()?.padStart(5, '0')}`;
  const [reference, ...more] = rest;
  if (more.length > 0) throw new Refusal('INVALID_INPUT', USAGE);
  return { change, slot, when, reference };
}

async function changeSlot(engine: Engine, request: CommandRequest, release: Release, words: SlotWords): Promise<Reply> {
  const context = await contextFor(engine, request);
  const releaseId = release.id;
  const { change, slot = '', when = '' } = words;
  if (change === 'remove') {
    await engine.removeSlot({ releaseId, slot }, context);
    return say(plainMessage(`Slot ${slot} is removed.`));
  }
  const at = parseLocal(when, release.timeZone);
  if (at === null) throw new Refusal('INVALID_INPUT', `"${when}" is not a date and time. ${USAGE}`);
  if (change === 'add') await engine.addSlot({ releaseId, at }, context);
  else await engine.moveSlot({ releaseId, slot, at }, context);
  const seconds = Math.floor(at.getTime() / 1000);
  const shown = `<!date^${seconds}^{date_short_pretty} {time}|${at.toISOString()}>`;
  return say(plainMessage(change === 'add' ? `A slot is added: ${shown}.` : `Slot ${slot} is moved: ${shown}.`));
}
