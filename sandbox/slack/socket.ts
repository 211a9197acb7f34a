import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Parcel, SocketPort } from './delivery.ts';
import { isRecord } from './driver/state.ts';
import { APP_ID, tell, type World } from './world.ts';

const TYPES = { event: 'events_api', command: 'slash_commands', interaction: 'interactive' } as const;
const PING_MS = 5000;

/** Socket Mode: hands out envelopes, collects acknowledgements. */
export interface SocketMode {
  /** Asks every client to reconnect, as Slack does every few hours. */
  refresh(reason?: 'warning' | 'refresh_requested' | 'link_disabled'): void;
  /** Cuts all connections. */
  drop(): void;
  /** Closes politely: a client that is cut off in the middle of its own goodbye keeps a timer for half a minute. */
  close(): Promise<void>;
}

function portOf(socket: WebSocket): SocketPort & { onMessage(text: string): void } {
  const waiting = new Map<string, (ack: { payload: unknown } | null) => void>();
  socket.on('close', () => {
    for (const resolve of waiting.values()) resolve(null);
  });
  return {
    onMessage(text) {
      const message: unknown = JSON.parse(text);
      if (!isRecord(message) || typeof message['envelope_id'] !== 'string') return;
      waiting.get(message['envelope_id'])?.({ payload: message['payload'] });
    },
    send(parcel: Parcel, timeoutMs: number) {
      const envelopeId = randomUUID();
      const envelope = {
        envelope_id: envelopeId,
        type: TYPES[parcel.kind],
        payload: parcel.payload,
        accepts_response_payload: parcel.kind !== 'event',
        ...(parcel.kind === 'event'
          ? { retry_attempt: parcel.attempt ?? 0, retry_reason: parcel.retryReason ?? '' }
          : {}),
      };
      return new Promise((resolve) => {
        const done = (ack: { payload: unknown } | null) => {
          clearTimeout(timer);
          waiting.delete(envelopeId);
          resolve(ack);
        };
        const timer = setTimeout(() => done(null), timeoutMs);
        waiting.set(envelopeId, done);
        socket.send(JSON.stringify(envelope));
      });
    },
  };
}

const GOODBYE_MS = 1000;

function sayGoodbye(client: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.terminate(), GOODBYE_MS);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.close(1001);
  });
}

export function attachSocketMode(world: World, server: Server, isDown: () => boolean): SocketMode {
  const wss = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://local');
    const ticket = url.searchParams.get('ticket') ?? '';
    // Each address is good for one connection.
    if (isDown() || !url.pathname.startsWith('/link') || !world.tickets.delete(ticket)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      return;
    }
    wss.handleUpgrade(request, socket, head, (client) => wss.emit('connection', client, request));
  });
  wss.on('connection', (client) => {
    const port = portOf(client);
    const ping = setInterval(() => client.ping(), PING_MS);
    ping.unref();
    client.on('message', (data) => port.onMessage(String(data)));
    client.on('close', () => {
      clearInterval(ping);
      world.link.sockets.delete(port);
      tell(world, { kind: 'other' });
    });
    client.on('error', () => client.terminate());
    world.link.sockets.add(port);
    const connection = { app_id: APP_ID };
    const debug = { host: 'local', build_number: 1, approximate_connection_time: 18_060 };
    client.send(
      JSON.stringify({
        type: 'hello',
        num_connections: world.link.sockets.size,
        debug_info: debug,
        connection_info: connection,
      }),
    );
    tell(world, { kind: 'other' });
  });
  return {
    refresh(reason = 'refresh_requested') {
      for (const client of wss.clients)
        client.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'local' } }));
    },
    drop() {
      for (const client of wss.clients) client.terminate();
    },
    async close() {
      await Promise.all([...wss.clients].map(sayGoodbye));
      wss.close();
    },
  };
}
