import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Delivery, Json } from './types.ts';
import { tell, type World } from './world.ts';

/** Spoils the signature of what is sent, to see that the bot refuses it. */
export interface Forgery {
  signature?: 'wrong' | 'missing';
  /** How old the timestamp pretends to be; Slack's requests older than 300 s must be refused. */
  ageS?: number;
}

export interface Parcel {
  kind: Delivery['kind'];
  name: string;
  payload: Json;
  eventId?: string;
  /** 0 for the first attempt. */
  attempt?: number;
  retryReason?: string;
}

/** What came back for one request to the bot. */
export interface Answer {
  status: number | null;
  body: string;
  failure: Delivery['failure'];
  noRetry: boolean;
}

/** A Socket Mode connection as the delivery sees it. */
export interface SocketPort {
  /** Sends an envelope and resolves with the acknowledgement's payload, or null when none came in time. */
  send(parcel: Parcel, timeoutMs: number): Promise<{ payload: unknown } | null>;
}

export interface Link {
  requestUrl: string | null;
  sockets: Set<SocketPort>;
  forgery: Forgery | null;
  deliver(parcel: Parcel): Promise<{ delivery: Delivery; answer: Answer }>;
  /** POSTs any signed body, for malformed requests. */
  post(body: string, contentType: string, headers?: Record<string, string>): Promise<Answer>;
}

const ACK_TIMEOUT_MS = 3000;

/** `v0=` + hex HMAC-SHA256 over `v0:{timestamp}:{raw body}`. */
export function sign(secret: string, timestampS: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestampS}:${body}`).digest('hex')}`;
}

function encode(parcel: Parcel): { body: string; contentType: string } {
  if (parcel.kind === 'event') return { body: JSON.stringify(parcel.payload), contentType: 'application/json' };
  const contentType = 'application/x-www-form-urlencoded';
  if (parcel.kind === 'interaction') {
    return { body: new URLSearchParams({ payload: JSON.stringify(parcel.payload) }).toString(), contentType };
  }
  const fields = Object.entries(parcel.payload).map(([name, value]): [string, string] => [name, String(value)]);
  return { body: new URLSearchParams(fields).toString(), contentType };
}

function signedHeaders(world: World, body: string, forgery: Forgery | null): Record<string, string> {
  const timestampS = Math.floor(world.wallNow() / 1000) - (forgery?.ageS ?? 0);
  const headers: Record<string, string> = { 'X-Slack-Request-Timestamp': String(timestampS) };
  if (forgery?.signature === 'missing') return headers;
  const secret = forgery?.signature === 'wrong' ? `${world.options.signingSecret}!` : world.options.signingSecret;
  return { ...headers, 'X-Slack-Signature': sign(secret, timestampS, body) };
}

function readAll(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.on('error', reject);
  });
}

/** One POST on a fresh connection; a slow answer counts as none. */
function postOnce(url: string, body: string, headers: Record<string, string>, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const nothing = (failure: Delivery['failure']): Answer => ({ status: null, body: '', failure, noRetry: false });
    const length = String(Buffer.byteLength(body));
    const options = { method: 'POST', agent: false as const, headers: { ...headers, 'Content-Length': length } };
    const outgoing = send(url, options, (response) => {
      readAll(response).then(
        (text) => {
          clearTimeout(timer);
          const noRetry = response.headers['x-slack-no-retry'] === '1';
          resolve({ status: response.statusCode ?? null, body: text, failure: null, noRetry });
        },
        () => resolve(nothing('connection')),
      );
    });
    const timer = setTimeout(() => {
      resolve(nothing('timeout'));
      outgoing.destroy();
    }, timeoutMs);
    outgoing.on('error', () => {
      clearTimeout(timer);
      resolve(nothing('connection'));
    });
    outgoing.end(body);
  });
}

export function createLink(world: World): Link {
  const timeoutMs = world.options.ackTimeoutMs ?? ACK_TIMEOUT_MS;
  let turn = 0;

  async function viaSocket(socket: SocketPort, parcel: Parcel): Promise<Answer> {
    const ack = await socket.send(parcel, timeoutMs);
    if (!ack) return { status: null, body: '', failure: 'timeout', noRetry: false };
    const empty = ack.payload === undefined || ack.payload === null || JSON.stringify(ack.payload) === '{}';
    return { status: 200, body: empty ? '' : JSON.stringify(ack.payload), failure: null, noRetry: false };
  }

  async function viaHttp(url: string, parcel: Parcel): Promise<Answer> {
    const { body, contentType } = encode(parcel);
    const retry: Record<string, string> = parcel.attempt
      ? { 'X-Slack-Retry-Num': String(parcel.attempt), 'X-Slack-Retry-Reason': parcel.retryReason ?? 'http_error' }
      : {};
    return post(body, contentType, retry, url);
  }

  function post(
    body: string,
    contentType: string,
    headers: Record<string, string>,
    url: string | null,
  ): Promise<Answer> {
    if (!url) return Promise.resolve({ status: null, body: '', failure: 'no_receiver', noRetry: false });
    const common = { 'Content-Type': contentType, 'User-Agent': 'Slackbot 1.0 (+https://api.slack.com/robots)' };
    return postOnce(url, body, { ...common, ...signedHeaders(world, body, link.forgery), ...headers }, timeoutMs);
  }

  const link: Link = {
    requestUrl: null,
    sockets: new Set(),
    forgery: null,
    post: (body, contentType, headers = {}) => post(body, contentType, headers, link.requestUrl),
    async deliver(parcel: Parcel) {
      const startedAt = performance.now();
      const sockets = [...link.sockets];
      const socket = sockets[turn++ % Math.max(sockets.length, 1)];
      let transport: Delivery['transport'] = 'none';
      let answer: Answer = { status: null, body: '', failure: 'no_receiver', noRetry: false };
      if (socket) {
        transport = 'socket';
        answer = await viaSocket(socket, parcel);
      } else if (link.requestUrl) {
        transport = 'http';
        answer = await viaHttp(link.requestUrl, parcel);
      }
      const delivery: Delivery = {
        kind: parcel.kind,
        name: parcel.name,
        attempt: parcel.attempt ?? 0,
        transport,
        status: answer.status,
        body: answer.body,
        failure: answer.failure,
        durationMs: performance.now() - startedAt,
        payload: parcel.payload,
        eventId: parcel.eventId ?? null,
      };
      world.deliveries.push(delivery);
      tell(world, { kind: 'delivery', delivery });
      return { delivery, answer };
    },
  };
  return link;
}
