import { decodeRaw, encodeReply, type Reply } from '../bson/encode.ts';
import { keyOf } from '../bson/order.ts';
import { type Doc, isDoc } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import type { Store } from '../store/store.ts';

const SESSION_MS = 30 * 60_000;

/** Remembers the last retryable write of each session, so that sending it again does not do it again. */
export interface Sessions {
  once(command: Doc, perform: () => Reply): Reply;
  /** Forgets sessions not used for 30 minutes. */
  expire(now: number): void;
  end(session: Doc): void;
}

export function createSessions({ answered, journal }: Store): Sessions {
  function once(command: Doc, perform: () => Reply): Reply {
    const session = command.get('lsid');
    const number = command.get('txnNumber');
    if (number === undefined) return perform();
    if (!isDoc(session) || typeof number !== 'bigint') throw unsupported('a txnNumber without a session');
    const key = keyOf(session.get('id'));
    const last = answered.get(key);
    if (last?.txnNumber === number) {
      last.at = Date.now();
      return Object.fromEntries(decodeRaw(last.reply));
    }
    if (last && number < last.txnNumber) {
      throw new Fault(
        225,
        `Retryable write with txnNumber ${number} is older than ${last.txnNumber}, the last of its session`,
      );
    }
    const changesBefore = journal.changes();
    const reply = perform();
    const answer = { txnNumber: number, reply: encodeReply(reply, 0).toString('latin1'), at: Date.now() };
    answered.set(key, answer);
    // A repeat after a restart must find it too; one that changed nothing may be done again.
    if (journal.changes() !== changesBefore) journal.answer(key, answer);
    return reply;
  }

  function expire(now: number): void {
    for (const [key, { at }] of answered) if (now - at > SESSION_MS) answered.delete(key);
  }

  return { once, end: (session) => answered.delete(keyOf(session.get('id'))), expire };
}
