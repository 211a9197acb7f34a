import type { Reply } from '../scm/http/server.ts';

const STATUS: Record<string, number> = {
  AccessDenied: 403,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  MalformedXML: 400,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
};

/** S3's own refusal of a request, thrown where it is found out. */
export class S3Fault extends Error {
  readonly code: string;
  constructor(code: keyof typeof STATUS & string, message: string = code) {
    super(message);
    this.code = code;
  }
}

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function xml(status: number, body: string, headers: Record<string, string> = {}): Reply {
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body: `${head}${body}` };
}

export function faultReply(code: string, message: string): Reply {
  const body = `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message><RequestId>sandbox</RequestId></Error>`;
  return xml(STATUS[code] ?? 500, body);
}

const CODE_OF_STATUS: Record<number, string> = {
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  503: 'SlowDown',
};

/** What a stand-in told to answer with `status` says. */
export function faultOfStatus(status: number): Reply {
  return { ...faultReply(CODE_OF_STATUS[status] ?? 'InternalError', 'told to fail'), status };
}
