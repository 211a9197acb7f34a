import type { ModalView } from '@slack/types';
import { LIMITS, plain } from './blocks/elements.ts';
import { CALLBACKS } from './ids.ts';
import type { Rendered } from './types.ts';

/** A modal that only shows something: an answer to a click where no message can be sent. */
export function infoModal(title: string, rendered: Rendered): ModalView {
  return {
    type: 'modal',
    callback_id: CALLBACKS.info,
    title: plain(title, LIMITS.viewTitle),
    close: plain('Close', LIMITS.viewTitle),
    blocks: rendered.blocks,
  };
}
