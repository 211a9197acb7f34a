import { z } from 'zod';
import { ErrorAnswer } from './answers.ts';
import type { AnyEndpoint } from './endpoint.ts';

/** The OpenAPI 3.1 document of these endpoints, made from the schemas that check the requests (Spec 8.4). Pure. */
export function buildOpenApi(endpoints: readonly AnyEndpoint[], publicUrl: string | null): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Slipway', version: '1', description: 'Releases of apps, from "let\'s ship" to "live".' },
    ...(publicUrl ? { servers: [{ url: publicUrl }] } : {}),
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: schemaOf(ErrorAnswer) },
      responses: {
        Error: {
          description: 'What is wrong, as a sentence',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
  };
}

function operation(endpoint: AnyEndpoint): Record<string, unknown> {
  const content = {
    ...(endpoint.body ? { 'application/json': { schema: schemaOf(endpoint.body) } } : {}),
    ...(endpoint.multipart ? { 'multipart/form-data': { schema: schemaOf(endpoint.multipart) } } : {}),
  };
  const hasBody = Object.keys(content).length > 0;
  const parameters = [...pathParameters(endpoint.path), ...queryParameters(endpoint), ...headerParameters(endpoint)];
  return {
    summary: endpoint.summary,
    operationId: operationId(endpoint),
    ...(endpoint.scope === null ? { security: [] } : { description: `Needs the scope \`${endpoint.scope}\`.` }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(hasBody ? { requestBody: { content } } : {}),
    responses: {
      [endpoint.answer.status]: {
        description: 'Done',
        content: {
          [endpoint.answer.contentType ?? 'application/json']: { schema: schemaOf(endpoint.answer.schema, 'output') },
        },
      },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: AnyEndpoint): object[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function headerParameters({ idempotent }: AnyEndpoint): object[] {
  if (!idempotent) return [];
  const description = 'A repeated request with the same key gets the first answer again.';
  return [
    { name: 'Idempotency-Key', in: 'header', required: false, description, schema: { type: 'string', maxLength: 255 } },
  ];
}

function operationId({ method, path }: AnyEndpoint): string {
  const words = path.replace('/api/v1/', '').split(/[^a-zA-Z0-9]+/);
  return [method, ...words.filter(Boolean).map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
