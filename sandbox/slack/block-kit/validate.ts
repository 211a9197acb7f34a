import { anyBlock } from './blocks.ts';
import { boolean, type CheckContext, choice, fault, isRecord, list, object, type Surface, string } from './checks.ts';
import { plainText } from './objects.ts';

const MESSAGE_BLOCKS_MAX = 50;
const VIEW_BLOCKS_MAX = 100;
/** Undocumented: around 13,200 characters of JSON a message is refused with `msg_blocks_too_long`. */
const MESSAGE_JSON_MAX = 13_200;
const VIEW_JSON_MAX = 250_000;

/** `error` is Slack's code; `messages` say what is wrong and where, as `text [json-pointer:/blocks/0]`. */
export interface BlockFault {
  error: 'invalid_blocks' | 'invalid_blocks_format' | 'msg_blocks_too_long' | 'invalid_arguments' | 'view_too_large';
  messages: string[];
}

type HasFile = (id: string) => boolean;

function newContext(surface: Surface, hasFile: HasFile): CheckContext {
  return { surface, errors: [], blockIds: new Set(), focusCount: 0, tableCount: 0, markdownLength: 0, hasFile };
}

/** Checks the blocks of a message; null when Slack would take them. */
export function checkMessageBlocks(blocks: unknown, hasFile: HasFile = () => false): BlockFault | null {
  if (!Array.isArray(blocks))
    return { error: 'invalid_blocks_format', messages: ['must be an array [json-pointer:/blocks]'] };
  const context = newContext('message', hasFile);
  list(anyBlock, 0, MESSAGE_BLOCKS_MAX)(blocks, '/blocks', context);
  if (context.errors.length > 0) return { error: 'invalid_blocks', messages: context.errors };
  const size = JSON.stringify(blocks).length;
  if (size <= MESSAGE_JSON_MAX) return null;
  return {
    error: 'msg_blocks_too_long',
    messages: [`blocks take ${size} characters, ${MESSAGE_JSON_MAX} are allowed`],
  };
}

const commonFields = {
  callback_id: string(255, 0),
  external_id: string(255, 0),
  private_metadata: string(3000, 0),
};
const blocks = list(anyBlock, 1, VIEW_BLOCKS_MAX);
const modal = object(
  { type: choice('modal'), title: plainText(24), blocks },
  {
    ...commonFields,
    submit: plainText(24),
    close: plainText(24),
    clear_on_close: boolean,
    notify_on_close: boolean,
    submit_disabled: boolean,
  },
);
const home = object({ type: choice('home'), blocks: list(anyBlock, 0, VIEW_BLOCKS_MAX) }, commonFields);

/** Checks a modal or Home view as views.open, push, update and publish do; null when Slack would take it. */
export function checkView(view: unknown, surface: 'modal' | 'home', hasFile: HasFile = () => false): BlockFault | null {
  const context = newContext(surface, hasFile);
  (surface === 'modal' ? modal : home)(view, '/view', context);
  if (isRecord(view) && Array.isArray(view['blocks'])) {
    const asks = view['blocks'].some((block) => isRecord(block) && block['type'] === 'input');
    if (surface === 'modal' && asks && view['submit'] === undefined) {
      fault(context, '/view/submit', 'missing required field: submit (the view has input blocks)');
    }
  }
  if (context.focusCount > 1) fault(context, '/view/blocks', 'only one element can have focus_on_load');
  if (context.errors.length > 0) return { error: 'invalid_arguments', messages: context.errors };
  const size = JSON.stringify(view).length;
  if (size <= VIEW_JSON_MAX) return null;
  return { error: 'view_too_large', messages: [`view takes ${size} characters`] };
}
