import { all, boolean, type Check, choice, fault, isRecord, object, pattern, string } from './checks.ts';

const plainFields = (max: number, min: number) => object({ text: string(max, min) }, { emoji: boolean });
const mrkdwnFields = (max: number, min: number) => object({ text: string(max, min) }, { verbatim: boolean });

/** A `plain_text` object with a text of `min` to `max` characters. */
export function plainText(max: number, min = 1): Check {
  return (value, at, context) => {
    if (!isRecord(value)) return fault(context, at, 'must be an object');
    if (value['type'] !== 'plain_text') return fault(context, `${at}/type`, 'must be a valid enum value: plain_text');
    plainFields(max, min)(value, at, context);
  };
}

/** A `plain_text` or `mrkdwn` object. */
export function anyText(max: number, min = 1): Check {
  return (value, at, context) => {
    if (isRecord(value) && value['type'] === 'mrkdwn') return mrkdwnFields(max, min)(value, at, context);
    if (isRecord(value) && value['type'] !== 'plain_text') {
      return fault(context, `${at}/type`, 'must be a valid enum value: plain_text, mrkdwn');
    }
    plainText(max, min)(value, at, context);
  };
}

export const url = (max = 3000): Check => all(string(max), pattern(/^[a-z][a-z0-9+.-]*:\S+$/i, 'a valid URL'));

/** Title 100, text 300, buttons 30 characters. */
export const confirm: Check = object(
  { title: plainText(100), text: anyText(300), confirm: plainText(30), deny: plainText(30) },
  { style: choice('primary', 'danger') },
);

/** Option values: 75 is what the SDKs promise; newer documents say 150, so the stricter one counts here. */
export const option = (text: Check, extra: Record<string, Check> = {}): Check =>
  object({ text, value: string(75) }, { description: anyText(75), ...extra });

const slackFile: Check = (value, at, context) => {
  object({}, { id: string(255), url: url() })(value, at, context);
  if (!isRecord(value)) return;
  const id = value['id'];
  if (id === undefined && value['url'] === undefined) fault(context, at, 'must define either `id` or `url`');
  if (typeof id === 'string' && !context.hasFile(id)) fault(context, at, 'invalid slack file');
};

/** The image fields shared by the block and the element: exactly one of `image_url` and `slack_file`. */
export function image(optional: Record<string, Check>): Check {
  const fields = object({ alt_text: string(2000, 0) }, { image_url: url(), slack_file: slackFile, ...optional });
  return (value, at, context) => {
    fields(value, at, context);
    if (!isRecord(value)) return;
    const sources = [value['image_url'], value['slack_file']].filter((source) => source !== undefined);
    if (sources.length !== 1) fault(context, at, 'must define exactly one of `image_url` and `slack_file`');
  };
}
