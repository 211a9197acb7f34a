import { about, type ReleaseCheck } from '../finding.ts';

/** A document that was damaged is parked with its defect; the others go on. */
export const damagedRelease: ReleaseCheck = {
  id: 'damaged-release',
  expects: 'every release can be read and none is parked',
  byHand: 'repair its document by what the text names, or restore it from a backup, and run the doctor with --repair',
  ofRelease(release) {
    const repair = { kind: 'RECHECK_PARKED', releaseId: release.id } as const;
    if (release.defect) {
      const { code, detail } = release.defect;
      const text = `The release is parked as ${code}: ${detail}`;
      return [about(release, 'error', code, text, repair)];
    }
    if (release.fault === null) return [];
    return [about(release, 'error', 'unreadable', `${release.fault}; expected a document as the bot writes it.`)];
  },
};
