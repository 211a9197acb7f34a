import { about, type ReleaseCheck } from '../finding.ts';

/**
 * No message has a number beyond its release's count, and none shows a version that the release did not have yet. A number
 * may be missing: a message that is born twice is one.
 */
export const messageCounters: ReleaseCheck = {
  id: 'message-counters',
  expects: 'no message is ahead of the counters of its release',
  byHand:
    'raise the counter of the release to the highest number that is named: it was set back by hand or by a restore',
  ofRelease(release) {
    if (!release.stored) return [];
    const { messageSeq, version } = release.stored.release;
    const ahead = (subject: string, text: string) => about(release, 'error', subject, text);
    return release.rows.flatMap(({ key, seq, wantedVersion, shownVersion }) => {
      const seen = Math.max(wantedVersion, shownVersion);
      return [
        ...(seq > messageSeq
          ? [ahead(`${key}#${seq}`, `Message ${key} has number ${seq}, but the release counts only ${messageSeq}.`)]
          : []),
        ...(seen > version
          ? [ahead(`${key}@${seen}`, `Message ${key} knows version ${seen} of the release, which is at ${version}.`)]
          : []),
      ];
    });
  },
};
