/** What a manifest says of the build; null for what it does not say in a readable way. */
export interface ManifestValues {
  applicationId: string | null;
  version: string | null;
  buildNumber: string | null;
}

export const NOTHING_KNOWN: ManifestValues = { applicationId: null, version: null, buildNumber: null };

const MAX_VALUE_LENGTH = 200;

/** A value fit to be stored and shown; null for a reference into resources that are not read, and for odd ones. */
export function plainValue(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return null;
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MAX_VALUE_LENGTH || /\p{Cc}/u.test(trimmed)) return null;
  return /^(?:@|\$\(|resourceId:)/.test(trimmed) ? null : trimmed;
}
