import { Refusal } from '../shared/errors.ts';

/** Pages of things sorted by birth, newest first, ties by id. The cursor names the last one seen. */

interface Position {
  createdAt: Date;
  id: string;
}

export function encodeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt.getTime()}:${id}`).toString('base64url');
}

/** Throws `Refusal` INVALID_INPUT for a text that `encodeCursor` did not make. */
function decodeCursor(cursor: string): Position {
  const match = /^(\d{1,15}):(.+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match?.[1] || !match[2]) {
    throw new Refusal('INVALID_INPUT', 'This page mark was not given by Slipway: start again from the first page.', {
      after: 'Must be the mark that the page before ended with.',
    });
  }
  return { createdAt: new Date(Number(match[1])), id: match[2] };
}

/** The filter of what comes after the cursor; the outer bound lets the index start there. */
export function afterCursor(cursor: string | undefined): object {
  if (cursor === undefined) return {};
  const { createdAt, id } = decodeCursor(cursor);
  return { createdAt: { $lte: createdAt }, $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: id } }] };
}
