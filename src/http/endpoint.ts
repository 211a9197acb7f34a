import type { Request } from 'express';
import type { z } from 'zod';
import type { ApiToken, IntentContext, TokenScope } from '../engine/index.ts';

/** What is sent back: JSON, always with `success` except for the status itself (Spec 2.4); text is sent as it is. */
export interface Answer {
  status: number;
  body: object | string;
  headers?: Readonly<Record<string, string>>;
}

/** The tenant's token that asks, and how the engine sees it. */
export interface Caller {
  token: ApiToken;
  context: IntentContext;
  /** for logs and for an answer to an error of ours */
  requestId: string;
}

export interface EndpointInput<Query, Body> {
  caller: Caller;
  /** path parameters */
  params: Readonly<Record<string, string>>;
  query: Query;
  body: Body;
  /** the request as it came; only for bodies that are read as a stream */
  raw: Request;
}

/** A work that may already have been done by a process that died before it could answer. */
export interface Recovery {
  /** when the first request with this key arrived */
  since: Date;
}

/**
 * One route as data: the router checks requests by it and the OpenAPI document is made from it, so that the two cannot
 * differ (Spec 8.4).
 */
export interface Endpoint<Query, Body> {
  method: 'get' | 'post' | 'delete';
  /** OpenAPI form: `/api/v1/releases/{id}` */
  path: string;
  summary: string;
  /** null = open to everybody */
  scope: TokenScope | null;
  query?: z.ZodType<Query>;
  /** A JSON body, checked before `handle`. */
  body?: z.ZodType<Body>;
  /** A streamed form beside (or instead of) the JSON body: `handle` reads `raw` itself. */
  multipart?: z.ZodType;
  /** What it answers when all is well: status, schema, and what it is when it is not JSON. */
  answer: { status: number; schema: z.ZodType; contentType?: string };
  /** `Idempotency-Key` is honoured; `self` = by the handler itself, because its body is a stream. */
  idempotent?: true | 'self';
  handle(input: EndpointInput<Query, Body>): Promise<Answer>;
  /** After a crash between doing and answering: the answer of what was done already, null = it was not. */
  recover?(input: EndpointInput<Query, Body>, recovery: Recovery): Promise<Answer | null>;
}

export type AnyEndpoint = Endpoint<unknown, unknown>;

/** Binds the types of an endpoint's schemas to its handler's. */
export function endpoint<Query = undefined, Body = undefined>(definition: Endpoint<Query, Body>): AnyEndpoint {
  return definition;
}
