import { elementsOf, type Placed, type SlackEphemeral, type SlackMessage, type SlackView } from '../slack/index.ts';

/** Something on the screen that has buttons; the Home tab belongs to a person. */
export type Shown = SlackMessage | SlackEphemeral | SlackView;

/** A numbered button: where it is, and how to find it again after the message changed. */
export interface Numbered {
  shown: Shown;
  actionId: string;
  value: unknown;
  /** Which of several alike in the same message. */
  nth: number;
}

/** Numbers for buttons (`click 2`) and messages (`thread 3`). A button keeps its number for as long as it stands there. */
export interface Numbers {
  button(shown: Shown, placed: Placed): number;
  /** Throws a sentence when there is no such number. */
  findButton(number: number): Numbered;
  /** The element as it is now, or null when it is gone. */
  resolve(numbered: Numbered): Placed | null;
  message(message: SlackMessage): number;
  findMessage(number: number): SlackMessage;
}

function alike(shown: Shown, actionId: string, value: unknown): Placed[] {
  return elementsOf(shown.blocks).filter((placed) => placed.actionId === actionId && placed.element['value'] === value);
}

export function createNumbers(): Numbers {
  const buttons: Numbered[] = [];
  const messages: SlackMessage[] = [];
  return {
    button(shown, placed) {
      const value = placed.element['value'];
      const nth = alike(shown, placed.actionId, value).findIndex(
        (other) => other === placed || other.element === placed.element,
      );
      const known = buttons.findIndex(
        (entry) =>
          entry.shown === shown && entry.actionId === placed.actionId && entry.value === value && entry.nth === nth,
      );
      if (known >= 0) return known + 1;
      return buttons.push({ shown, actionId: placed.actionId, value, nth });
    },
    findButton(number) {
      const found = buttons[number - 1];
      if (!found) throw new Error(`There is no [${number}] on the screen.`);
      return found;
    },
    resolve({ shown, actionId, value, nth }) {
      if ('deleted' in shown && shown.deleted) return null;
      return alike(shown, actionId, value)[nth] ?? null;
    },
    message(message) {
      const known = messages.indexOf(message);
      return known >= 0 ? known + 1 : messages.push(message);
    },
    findMessage(number) {
      const found = messages[number - 1];
      if (!found)
        throw new Error(
          `There is no message (${number}) on the screen; type e.g. channel releases to see the last ones.`,
        );
      return found;
    },
  };
}
