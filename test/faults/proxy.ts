import { setTimeout as pause } from 'node:timers/promises';
import { type Asked, forward, type Relay, send, startRelay } from '../support/relay.ts';
import type { Fault } from './kinds.ts';

/** Stands before a stand-in; `faultFor` says of each request what goes wrong with it, null = nothing. */
export function startFaultProxy(target: string, faultFor: (asked: Asked) => Fault | null): Promise<Relay> {
  return startRelay(async (asked, response) => {
    const fault = faultFor(asked);
    if (fault?.kind === 'reset' && fault.when === 'before') return void response.destroy();
    if (fault?.kind === 'token') return send(asked, response, fault.answer);
    if (fault?.kind === 'answer' && !fault.carriedOut) return send(asked, response, fault.answer);
    if (fault?.kind === 'delay') await pause(fault.ms);
    const right = await forward(asked, target);
    if (fault?.kind === 'reset') return void response.destroy();
    if (fault?.kind === 'answer') return send(asked, response, fault.answer);
    if (fault?.kind !== 'half-body') return send(asked, response, right);
    const { 'transfer-encoding': _, ...headers } = right.headers;
    const body = Buffer.from(right.body);
    response.writeHead(right.status, { ...headers, 'content-length': String(body.length) });
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
  });
}
