import {
  boolean,
  byType,
  type Check,
  choice,
  type Fields,
  fault,
  integer,
  isRecord,
  list,
  object,
  pattern,
  string,
} from './checks.ts';
import { anyText, confirm, image, option, plainText, url } from './objects.ts';

const actionId = string(255);
const placeholder = plainText(150);
const date = pattern(/^\d{4}-\d{2}-\d{2}$/, 'a date, YYYY-MM-DD');
const time = pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time, HH:mm');
const plainOption = option(plainText(75));
const anyOption = option(anyText(75));
const optionGroup = object({ label: plainText(75), options: list(plainOption, 1, 100) });
const dispatchConfig = object(
  {},
  { trigger_actions_on: list(choice('on_enter_pressed', 'on_character_entered'), 1, 2) },
);
const id = string(255);
const ids = list(id, 0, 100);
const maxItems = integer(1, 100);
const filter = object(
  {},
  {
    include: list(choice('im', 'mpim', 'private', 'public'), 1, 4),
    exclude_external_shared_channels: boolean,
    exclude_bot_users: boolean,
  },
);
const conversationFields: Fields = { default_to_current_conversation: boolean, filter };

const focus: Check = (value, at, context) => {
  boolean(value, at, context);
  if (value === true) context.focusCount += 1;
};

function optionsOf(element: Record<string, unknown>): unknown[] {
  const groups = Array.isArray(element['option_groups']) ? element['option_groups'] : [];
  const grouped = groups.flatMap((group) =>
    isRecord(group) && Array.isArray(group['options']) ? group['options'] : [],
  );
  return [...(Array.isArray(element['options']) ? element['options'] : []), ...grouped];
}

function sameOption(left: unknown, right: unknown): boolean {
  if (!isRecord(left) || !isRecord(right)) return false;
  const [leftText, rightText] = [left['text'], right['text']];
  const same = isRecord(leftText) && isRecord(rightText) && leftText['text'] === rightText['text'];
  return same && left['value'] === right['value'];
}

/** What is chosen at first must be one of the options, to the letter; option values must differ. */
function chosenAmongOptions(element: Record<string, unknown>, at: string): Check {
  return (_value, _at, context) => {
    const options = optionsOf(element);
    const initial = element['initial_option'] === undefined ? [] : [element['initial_option']];
    const many = Array.isArray(element['initial_options']) ? element['initial_options'] : [];
    for (const chosen of [...initial, ...many]) {
      if (!options.some((entry) => sameOption(entry, chosen))) {
        fault(context, at, 'initial option must exactly match one of the provided options');
      }
    }
    const values = options.map((entry) => (isRecord(entry) ? entry['value'] : undefined));
    if (new Set(values).size !== values.length) fault(context, at, 'option values must be unique');
  };
}

function withOptions(fields: Check): Check {
  return (value, at, context) => {
    fields(value, at, context);
    if (isRecord(value)) chosenAmongOptions(value, at)(value, at, context);
  };
}

function staticSelect(initial: Fields): Check {
  const fields = withOptions(
    object(
      {},
      {
        action_id: actionId,
        options: list(plainOption, 1, 100),
        option_groups: list(optionGroup, 1, 100),
        placeholder,
        confirm,
        focus_on_load: focus,
        ...initial,
      },
    ),
  );
  return (value, at, context) => {
    fields(value, at, context);
    if (isRecord(value) && (value['options'] === undefined) === (value['option_groups'] === undefined)) {
      fault(context, at, 'must define exactly one of `options` and `option_groups`');
    }
  };
}

function pick(fields: Fields): Check {
  return object({}, { action_id: actionId, placeholder, confirm, focus_on_load: focus, ...fields });
}

function typed(required: Fields, optional: Fields): Check {
  const fields = object(required, {
    action_id: actionId,
    placeholder,
    initial_value: string(3000, 0),
    dispatch_action_config: dispatchConfig,
    focus_on_load: focus,
    ...optional,
  });
  return fields;
}

const button = object(
  { text: plainText(75) },
  {
    action_id: actionId,
    url: url(),
    value: string(2000, 0),
    style: choice('primary', 'danger'),
    confirm,
    accessibility_label: string(75),
  },
);

const chooser = (initial: Fields): Check =>
  withOptions(
    object({ options: list(anyOption, 1, 10) }, { action_id: actionId, confirm, focus_on_load: focus, ...initial }),
  );

const SELECTS: Fields = {
  static_select: staticSelect({ initial_option: plainOption }),
  external_select: pick({ initial_option: plainOption, min_query_length: integer(0, 100) }),
  users_select: pick({ initial_user: id }),
  conversations_select: pick({ initial_conversation: id, response_url_enabled: boolean, ...conversationFields }),
  channels_select: pick({ initial_channel: id, response_url_enabled: boolean }),
  multi_static_select: staticSelect({ initial_options: list(plainOption, 1, 100), max_selected_items: maxItems }),
  multi_external_select: pick({
    initial_options: list(plainOption, 1, 100),
    min_query_length: integer(0, 100),
    max_selected_items: maxItems,
  }),
  multi_users_select: pick({ initial_users: ids, max_selected_items: maxItems }),
  multi_conversations_select: pick({ initial_conversations: ids, max_selected_items: maxItems, ...conversationFields }),
  multi_channels_select: pick({ initial_channels: ids, max_selected_items: maxItems }),
};

const CHOOSERS: Fields = {
  checkboxes: chooser({ initial_options: list(anyOption, 1, 10) }),
  radio_buttons: chooser({ initial_option: anyOption }),
  datepicker: pick({ initial_date: date }),
  timepicker: pick({ initial_time: time, timezone: string(100) }),
};

const datetimepicker: Check = object(
  {},
  { action_id: actionId, initial_date_time: integer(1_000_000_000, 9_999_999_999), confirm, focus_on_load: focus },
);

const overflow = withOptions(
  object({ options: list(option(plainText(75), { url: url() }), 1, 5) }, { action_id: actionId, confirm }),
);

const richTextInput = object(
  {},
  {
    action_id: actionId,
    placeholder,
    initial_value: () => {},
    dispatch_action_config: dispatchConfig,
    focus_on_load: focus,
  },
);

const TYPED: Fields = {
  plain_text_input: typed({}, { multiline: boolean, min_length: integer(0, 3000), max_length: integer(1, 3000) }),
  email_text_input: typed({}, {}),
  url_text_input: typed({}, {}),
  number_input: typed({ is_decimal_allowed: boolean }, { min_value: string(100), max_value: string(100) }),
  rich_text_input: richTextInput,
};

const fileInput: Check = (value, at, context) => {
  object({}, { action_id: actionId, filetypes: list(string(255), 0, 100), max_files: integer(1, 10) })(
    value,
    at,
    context,
  );
  if (context.surface !== 'modal') fault(context, at, 'file_input is only supported in modals');
};

export const imageElement: Check = image({});

export const accessory: Check = byType({ button, overflow, image: imageElement, ...SELECTS, ...CHOOSERS });
export const actionElement: Check = byType({ button, overflow, datetimepicker, ...SELECTS, ...CHOOSERS });
export const inputElement: Check = byType({ ...SELECTS, ...CHOOSERS, ...TYPED, datetimepicker, file_input: fileInput });
