import type { SetupOptions, SetupResult } from './apply.ts';

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

/** The result as lines for a person at a terminal. Pure. */
export function printSetup(fileName: string, result: SetupResult, { dryRun }: Pick<SetupOptions, 'dryRun'>): string[] {
  const { mistakes, changes, verifications } = result;
  if (mistakes.length > 0) {
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    return [
      `${count} in ${fileName}; nothing was changed:`,
      ...mistakes.map(({ line, message }) => `  line ${line}: ${message}`),
    ];
  }
  const lines = changes.flatMap(({ what, how, name, details }) => [
    `  ${SIGNS[how]} ${what} ${name}`,
    ...details.map((detail) => `      ${detail}`),
  ]);
  const head = dryRun ? 'These changes would be made:' : 'These changes were made:';
  const verified = verifications.map(({ name, status, detail }) => `  ${status} ${name}: ${detail}`);
  return [
    ...(lines.length > 0 ? [head, ...lines] : ['nothing to change']),
    ...(verified.length > 0 ? ['Verified:', ...verified] : []),
    ...(verifications.some(({ status }) => status === 'INVALID')
      ? ['No release can be made with what is INVALID: put it right (see the reason), and apply the file again.']
      : []),
  ];
}

/** 1 when there were mistakes or an integration was found INVALID. */
export function exitCodeOf({ mistakes, verifications }: SetupResult): 0 | 1 {
  return mistakes.length > 0 || verifications.some(({ status }) => status === 'INVALID') ? 1 : 0;
}
