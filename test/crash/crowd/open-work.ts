import type { Db, Document } from 'mongodb';

/** What is still to be done, as the database shows it. */
export interface OpenWork {
  isEmpty: boolean;
  /** leases that have not run out */
  held: { kind: 'releases' | 'outbox' | 'deliveries'; id: string; token: string }[];
  /** what is due or unsent and held by nobody */
  due: string[];
  /** changes when anything of it does */
  signature: string;
}

export async function openWork(db: Db, now: Date): Promise<OpenWork> {
  const [releases, outbox, deliveries, jobs] = await Promise.all([
    db
      .collection('releases')
      .find(
        {
          $or: [
            { lease: { $ne: null } },
            { nextWakeAt: { $ne: null, $lte: now } },
            { unflushed: true },
            { 'pendingMessages.0': { $exists: true } },
            { 'pendingAudit.0': { $exists: true } },
          ],
        },
        { projection: { lease: 1, version: 1, nextWakeAt: 1 } },
      )
      .toArray(),
    db
      .collection('outbox')
      .find(
        { $or: [{ work: { $ne: null } }, { lease: { $ne: null } }] },
        { projection: { lease: 1, attempts: 1, status: 1, lastError: 1 } },
      )
      .toArray(),
    db
      .collection('deliveries')
      .find(
        { status: 'RECEIVED', $or: [{ 'lease.until': { $gt: now } }, { key: /^slack-(file|inbox):/ }] },
        { projection: { lease: 1, key: 1, attempts: 1 } },
      )
      .toArray(),
    // One-time jobs only: the others come again and again.
    db
      .collection('jobs')
      .find({ 'data.releaseId': { $exists: true }, nextRunAt: { $lte: now } }, { projection: { name: 1 } })
      .toArray(),
  ]);
  const held: OpenWork['held'] = [];
  const due: string[] = [];
  const sort = (kind: OpenWork['held'][number]['kind'], documents: Document[]) => {
    for (const document of documents) {
      const lease = document['lease'] as { token: string; until: Date } | null;
      const id = String(document['key'] ?? document['_id']);
      if (lease && lease.until > now) held.push({ kind, id, token: lease.token });
      else due.push(`${kind} ${id} ${document['version'] ?? document['attempts']} ${document['lastError'] ?? ''}`);
    }
  };
  sort('releases', releases);
  sort('outbox', outbox);
  sort('deliveries', deliveries);
  for (const { _id, name } of jobs) due.push(`job ${_id} ${name}`);
  const isEmpty = held.length + due.length === 0;
  return { isEmpty, held, due, signature: JSON.stringify([held, due]) };
}
