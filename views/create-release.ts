import type { KnownBlock, ModalView } from '@slack/types';
import { PLATFORM_NAMES } from '../src/domain/names.ts';
import { PLATFORMS, RELEASE_TYPES } from '../src/domain/release.ts';
import { formatLocal } from '../src/shared/zoned-time.ts';
import { LIMITS, plain, section } from './blocks/elements.ts';
import { input, radio, select, textInput } from './blocks/inputs.ts';
import { TYPE_NAMES } from './blocks/release-parts.ts';
import { code, plainPeopleText } from './blocks/text.ts';
import { exampleSlots } from './create-release-form.ts';
import { BLOCKS, CALLBACKS, type CreateField, createBlockId, encodeCreateMetadata, INPUT_ACTIONS } from './ids.ts';
import type { CreateReleaseData } from './types.ts';

export { chosenConfig, createReleaseErrors, parseCreateRelease } from './create-release-form.ts';

/** The creation modal for one configuration; choosing another rebuilds it (Spec 1.1, 6.1). */
export function createReleaseModal(data: CreateReleaseData): ModalView {
  const { config, configs } = data;
  const id = (field: CreateField) => createBlockId(field, config.id);
  const choices = configs.map(({ id: value, name }) => ({ value, label: plainPeopleText(name, LIMITS.optionText) }));
  const blocks: KnownBlock[] = [
    input(BLOCKS.createConfig, 'Configuration', select(INPUT_ACTIONS.createConfig, choices, config.id), {
      dispatch: true,
    }),
    input(id('type'), 'Type', select(INPUT_ACTIONS.value, typeChoices(), data.type ?? 'PLANNED')),
    ...versionInputs(data, id),
    input(id('kick_off'), 'Kick-off', dateTime(data.kickOffDate), { hint: 'In your own time zone.' }),
    input(id('target_date'), 'Target release date', dateTime(null), { optional: true }),
    slotsInput(data, id('slots')),
    input(id('builds'), 'Builds', radio(BUILD_CHOICES, config.hasManualBuildUpload ? 'manual' : 'ci')),
    input(id('pilot'), 'Release pilot', {
      type: 'users_select',
      action_id: INPUT_ACTIONS.value,
      initial_user: data.viewerId,
    }),
    input(id('base_branch'), 'Base branch', textInput({ initial: config.baseBranch, max: 250 }), {
      hint: 'The release branch is cut from it.',
    }),
    ...(data.isAdmin ? [freezeInput(id('freeze_reason'))] : []),
  ];
  return {
    type: 'modal',
    callback_id: CALLBACKS.createRelease,
    title: plain('New release', LIMITS.viewTitle),
    submit: plain('Create', LIMITS.viewTitle),
    close: plain('Cancel', LIMITS.viewTitle),
    private_metadata: encodeCreateMetadata({ channelId: data.channelId, configId: config.id }),
    blocks,
  };
}

const BUILD_CHOICES = [
  { value: 'manual', label: 'Uploaded by people' },
  { value: 'ci', label: 'Made by CI/CD' },
] as const;

function typeChoices() {
  return RELEASE_TYPES.map((type) => ({ value: type, label: TYPE_NAMES[type] }));
}

function versionInputs(data: CreateReleaseData, id: (field: CreateField) => string): KnownBlock[] {
  const platforms = PLATFORMS.filter((platform) => data.config.platforms.includes(platform));
  const several = platforms.length > 1;
  return platforms.map((platform) => {
    const initial = data.versions.find((known) => known.platform === platform)?.version;
    return input(
      id(`version_${platform}`),
      `${PLATFORM_NAMES[platform]} version`,
      textInput({ initial, placeholder: '7.0.0', max: 60 }),
      { optional: several, hint: several ? 'Leave it empty to release without this platform.' : undefined },
    );
  });
}

function dateTime(at: Date | null) {
  return {
    type: 'datetimepicker' as const,
    action_id: INPUT_ACTIONS.value,
    ...(at ? { initial_date_time: Math.floor(at.getTime() / 1000) } : {}),
  };
}

const DAY_MS = 86_400_000;

/** As it may be typed: `+1d 14:00`. It stays true whatever kick-off is chosen. */
function afterKickOff(slot: Date, kickOff: Date, timeZone: string): string {
  const [day = '', time = ''] = formatLocal(slot, timeZone).split(' ');
  const first = formatLocal(kickOff, timeZone).slice(0, 10);
  return `+${Math.round((Date.parse(day) - Date.parse(first)) / DAY_MS)}d ${time}`;
}

/** Empty means the template, so that it follows the kick-off that is chosen. */
function slotsInput(data: CreateReleaseData, blockId: string): KnownBlock {
  const { slotTemplate, timeZone } = data.config;
  const hasTemplate = slotTemplate.length > 0;
  const template = data.slots.slice(0, 10).map((slot) => afterKickOff(slot, data.kickOffDate, timeZone));
  const from = hasTemplate
    ? `Leave it empty for the usual slots (${template.join(', ')}, counted from the kick-off). Or write `
    : 'Write ';
  return input(blockId, 'Regression slots', textInput({ multiline: true, placeholder: '+1d 14:00', max: 2_000 }), {
    optional: hasTemplate,
    hint: `${from}${exampleSlots(timeZone)}, one per line.`,
  });
}

function freezeInput(blockId: string): KnownBlock {
  return input(blockId, 'Reason to kick off inside a freeze', textInput({ max: 1_000 }), {
    optional: true,
    hint: 'Only needed when the kick-off lies inside a freeze window. It is kept in the history.',
  });
}

/** Nothing can be created: says what to do first. */
export function noConfigurationModal(isAdmin: boolean): ModalView {
  const how = isAdmin
    ? `Describe your integrations and configurations in a file and run ${code('npm run apply -- <file.yaml>')}.`
    : 'An administrator must add one first.';
  return {
    type: 'modal',
    callback_id: CALLBACKS.info,
    title: plain('New release', LIMITS.viewTitle),
    close: plain('Close', LIMITS.viewTitle),
    blocks: [section(`There is no release configuration yet. ${how}`)],
  };
}
