import { PLATFORMS, type Platform } from '../src/domain/release.ts';
import type { UploadStage } from '../src/domain/upload.ts';

/** What the text beside a file says (Spec 3.3). Null where it says nothing, or more than one thing. */
export interface Caption {
  stage: UploadStage | null;
  platform: Platform | null;
  /** single words, for finding a version or a release id */
  words: string[];
}

/** The longer names first: each match is taken out before the next is looked for. */
const STAGE_NAMES: [RegExp, UploadStage][] = [
  [/\bpre[\s_-]?release\b/gi, 'PRE_RELEASE'],
  [/\b(?:pre[\s_-]?regression|kick[\s_-]?off)\b/gi, 'PRE_REGRESSION'],
  [/\bregression\b/gi, 'REGRESSION'],
];

export function readCaption(text: string): Caption {
  // Links, mentions and code name things that are not meant here.
  let rest = text.replace(/<[^>]*>/g, ' ').replace(/`[^`]*`/g, ' ');
  const words = rest.split(/[\s,;()]+/).filter((word) => word !== '');
  const stages: UploadStage[] = [];
  for (const [name, stage] of STAGE_NAMES) {
    const without = rest.replace(name, ' ');
    if (without !== rest) stages.push(stage);
    rest = without;
  }
  const platforms = PLATFORMS.filter((platform) => new RegExp(`\\b${platform}\\b`, 'i').test(rest));
  return { stage: only(stages), platform: only(platforms), words };
}

function only<T>(items: readonly T[]): T | null {
  return items.length === 1 ? (items[0] ?? null) : null;
}
