import type { HomeView } from '@slack/types';
import { GATE_NAMES } from '../src/domain/changes/gates.ts';
import { awaitingGate } from '../src/domain/gate-rules.ts';
import type { Release } from '../src/domain/release.ts';
import { deriveStatus } from '../src/domain/status.ts';
import { ROLES } from '../src/domain/tenant.ts';
import { whyWaiting } from '../src/domain/why.ts';
import { actions, button, context, divider, header, LIMITS, section } from './blocks/elements.ts';
import { fitMessage, list, type Part } from './blocks/fit.ts';
import {
  approveButton,
  canArchive,
  createButton,
  moreMenu,
  phaseButtons,
  rejectButton,
} from './blocks/release-buttons.ts';
import { damagedPart, progressBar, releaseName, whyText } from './blocks/release-parts.ts';
import { code, dateToken, link, mention, peopleText } from './blocks/text.ts';
import { CALLBACKS, encodePageValue, PAGE_ACTIONS } from './ids.ts';
import { nextEvent } from './release-card.ts';
import { confirmations } from './submission-confirm.ts';
import type { HomeAdmin, HomeData, MayUse, UiAction } from './types.ts';

/** Live releases on one page; with four blocks each and the rest around them a page stays under Slack's 100 blocks. */
export const HOME_PAGE_SIZE = 10;
/** Undocumented limit of a view's JSON; a message's is about a quarter of it. */
const HOME_JSON_CHARS = 60_000;
const RECENT_SHOWN = 8;
const WAITING_SHOWN = 3;

/** The App Home of one reader (Spec 6.5). */
export function homeView(data: HomeData): HomeView {
  const releases = data.releases.slice(0, HOME_PAGE_SIZE);
  const parts: Part[] = [
    ...(data.admin && data.page === 0 ? missingSetup(data.admin) : []),
    ...ownApprovals(data),
    header(data.page > 0 ? `Live releases, page ${data.page + 1}` : 'Live releases'),
    ...(releases.length > 0 ? releases.flatMap((release) => releaseParts(release, data)) : [empty(data)]),
    damagedPart(data.damaged),
    newAndPages(data),
    ...(data.page === 0 ? recent(data) : []),
    ...(data.admin && data.page === 0 ? admin(data, data.admin) : []),
  ];
  return {
    type: 'home',
    callback_id: CALLBACKS.home,
    private_metadata: encodePageValue({ page: data.page, after: null, all: false }),
    blocks: fitMessage(parts, LIMITS.viewBlocks, HOME_JSON_CHARS),
  };
}

/** What this reader can approve and has not yet, before everything else. */
function ownApprovals(data: HomeData): Part[] {
  const asked = (data.approvals ?? data.releases).filter((release) => asksViewer(release, data));
  const rows = asked.slice(0, HOME_PAGE_SIZE).flatMap((release): Part[] => {
    const gate = awaitingGate(release);
    if (!gate) return [];
    const given = `${gate.approvals.length} of ${gate.policy.quorum} approvals`;
    const approve = approveButton(release, gate);
    return [
      section(`✋ *${releaseName(release)}*: the ${GATE_NAMES[gate.id]} waits for your approval (${given}).`),
      actions([...(approve ? [approve] : []), rejectButton(release, gate)]),
    ];
  });
  return rows.length > 0 ? [header('Your open approvals'), ...rows, divider()] : [];
}

/** Whether this reader's approval is wanted; the buttons then stand above and not a second time below. */
function asksViewer(release: Release, { viewer, mayUse }: HomeData): boolean {
  const gate = awaitingGate(release);
  if (!gate || release.status !== 'IN_PROGRESS' || !mayUse('APPROVE', release)) return false;
  return !gate.approvals.some((approval) => approval.by === viewer.id);
}

const AT_GATES: readonly UiAction[] = ['TRIGGER_STAGE_3', 'TRIGGER_STAGE_4', 'APPROVE', 'REJECT'];

function releaseParts(release: Release, data: HomeData): Part[] {
  const { now, mayUse } = data;
  const thread = data.threadLinks?.[release.id];
  const name = thread ? link(thread, releaseName(release)) : releaseName(release);
  const coming = nextEvent(release);
  const status = peopleText(deriveStatus(release, now).displayText);
  const waiting = whyWaiting(release, now).filter((item) => item.owner !== 'slipway');
  const lines = [`*${name}*`, status, progressBar(release), ...(coming ? [`Next: ${coming}`] : [])];
  const may: MayUse = (action, about) =>
    !(AT_GATES.includes(action) && asksViewer(release, data)) && mayUse(action, about);
  const buttons = phaseButtons(release, may).slice(0, 8);
  // A menu holds five entries; what it waits for stands above it anyway.
  const last = canArchive(release) && mayUse('ARCHIVE', release) ? 'archive' : 'why';
  return [
    section(lines.join('\n')),
    list(
      null,
      waiting.slice(0, WAITING_SHOWN).map((item) => `• ${whyText(item)}`),
      Math.max(0, waiting.length - WAITING_SHOWN),
    ),
    ...confirmations(release, now, mayUse),
    actions([...buttons, moreMenu(release, ['status', 'notes', 'builds', 'history', last])]),
    divider(),
  ];
}

function empty(data: HomeData): Part {
  if (data.page > 0) return section('There are no more releases.');
  if (data.configs.some((config) => config.isActive)) {
    const how = data.mayUse('CREATE_RELEASE', null)
      ? 'Start the first one below.'
      : 'A release pilot can start one with `/release new`.';
    return section(`No release is live. ${how}`);
  }
  if (data.admin) {
    return section(`No release is live, and there is no release configuration yet. ${APPLY}`);
  }
  return section('Slipway is not set up here yet: an administrator must add a release configuration first.');
}

const APPLY = 'Describe the integrations and configurations in a file and run `npm run apply -- &lt;file.yaml&gt;`.';

function newAndPages(data: HomeData): Part {
  const page = (number: number) => encodePageValue({ page: number, after: null, all: false });
  const mayCreate = data.configs.some((config) => config.isActive) && data.mayUse('CREATE_RELEASE', null);
  return actions([
    ...(mayCreate ? [createButton()] : []),
    ...(data.page > 0 ? [button(PAGE_ACTIONS.homePrevious, 'Previous page', page(data.page - 1))] : []),
    ...(data.hasMore ? [button(PAGE_ACTIONS.homeNext, 'Next page', page(data.page + 1))] : []),
  ]);
}

function recent(data: HomeData): Part[] {
  const lines = data.recent.slice(0, RECENT_SHOWN).map((release) => {
    const thread = data.threadLinks?.[release.id];
    const name = thread ? link(thread, releaseName(release)) : releaseName(release);
    const when = release.endedAt ? ` ${dateToken(release.endedAt)}` : '';
    return `• ${name} · ${peopleText(deriveStatus(release, data.now).displayText)}${when}`;
  });
  return lines.length > 0 ? [header('Recent releases'), list(null, lines)] : [];
}

function missingSetup(admin: HomeAdmin): Part[] {
  if (admin.missingSetup.length === 0) return [];
  return [
    header('Finish the set-up'),
    list(
      null,
      admin.missingSetup.map((step) => `• ${peopleText(step, 300)}`),
    ),
    divider(),
  ];
}

const MARKS: Record<string, string> = { VALID: '✅', INVALID: '❌' };

function admin(data: HomeData, found: HomeAdmin): Part[] {
  const integrations = found.integrations.map(({ name, kind, provider, verification, detail }) => {
    const about = detail ? ` — ${peopleText(detail, 160)}` : '';
    return `${MARKS[verification] ?? '⏳'} *${peopleText(name, 80)}* ${peopleText(provider, 40)} (${peopleText(kind.toLowerCase(), 40)})${about}`;
  });
  const configs = data.configs.map((config) => {
    const state = config.isActive ? '' : ' (inactive)';
    return `• *${peopleText(config.name, 80)}*${state} · ${config.platforms.join(', ')} · ${code(config.baseBranch, 60)} · <#${channel(config.comms.releases)}>`;
  });
  const roles = ROLES.map((role) => {
    const members = found.roles[role] ?? [];
    const names = members.slice(0, 10).map(memberName).join(', ');
    const more = members.length > 10 ? ` and ${members.length - 10} more` : '';
    return `• *${role}*: ${names || 'nobody'}${more}`;
  });
  return [
    header('Administration'),
    found.missingSetup.length === 0 ? context('The set-up is complete.') : null,
    list('Integrations', integrations.length > 0 ? integrations : [`None yet. ${APPLY}`]),
    list('Configurations', configs.length > 0 ? configs : [`None yet. ${APPLY}`]),
    list('Roles', roles),
  ];
}

function channel(id: string): string {
  return id.replace(/[^A-Z0-9]/g, '');
}

function memberName(id: string): string {
  return /^S[A-Z0-9]+$/.test(id) ? `<!subteam^${id}>` : mention(id);
}
