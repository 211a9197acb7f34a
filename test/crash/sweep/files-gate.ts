import { type Relay, startRelay } from '../../support/relay.ts';
import type { Gate } from './gate.ts';

/** Asked by `watched-files.mjs` inside the bot; a question that is not answered holds the bot there. */
export function startFilesGate(gate: Gate, plain: (text: string) => string): Promise<Relay> {
  const open = new Map<string, () => boolean>();
  return startRelay((asked, response) => {
    const query = new URL(asked.path, 'http://gate').searchParams;
    const id = query.get('id') ?? String(open.size + 1);
    if (query.get('when') === 'after') {
      if (open.get(id)?.()) return;
    } else {
      const path = plain(query.get('path') ?? '').replace(/^\.unfinished\/.*/, '.unfinished');
      const entered = gate.enter({ kind: 'files', identity: `${query.get('what')} ${path}` });
      if (entered.before) return;
      open.set(id, entered.after);
    }
    response.writeHead(204, { 'x-id': id }).end();
  });
}
