import {
  AuthError,
  ConflictError,
  InvariantError,
  PermanentError,
  ProviderError,
  type ProviderFault,
  Refusal,
  TransientError,
} from '../../shared/errors.ts';

export const PROVIDER = 'S3';
const MAX_DETAIL = 300;

/** S3 says what is wrong by a code; these are about the credential though their status is 400. */
const CREDENTIAL_CODES = new Set(['ExpiredToken', 'InvalidToken', 'InvalidAccessKeyId', 'CredentialsProviderError']);
const BROKEN_CONNECTION = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

const WORDS_OF_STATUS: Record<number, string> = {
  301: 'the bucket is in another region',
  400: 'the bucket or region is wrong, or the credentials have expired',
  403: 'access denied: the keys are wrong or lack a permission on the bucket',
  404: 'there is no such bucket',
};

interface SdkError {
  name: string;
  message: string;
  code?: string;
  $metadata?: { httpStatusCode?: number; attempts?: number };
  $response?: unknown;
}

/** Only the SDK's errors carry `$metadata`; others came out of the bytes' own source. */
export function isSdkError(error: unknown): error is SdkError {
  if (!(error instanceof Error)) return false;
  return '$metadata' in error || error.name === 'CredentialsProviderError';
}

function wordsOf(error: SdkError, status: number | null): string {
  if (status === null && error.code) return `no answer (${error.code})`;
  if (status === null && error.name === 'TimeoutError') return 'no answer in time';
  // the answer to a HEAD has no body that could say more
  if (error.message === 'UnknownError') return WORDS_OF_STATUS[status ?? 0] ?? 'it refused without saying why';
  return `${error.name}: ${error.message}`;
}

/** The provider error for what the SDK threw; everything else is given back as it is. Decided by status and code. */
export function mapS3Error(error: unknown, operation: string, secrets: readonly string[]): unknown {
  const isOurs = error instanceof ProviderError || error instanceof Refusal || error instanceof InvariantError;
  if (isOurs || !isSdkError(error)) return error;
  const status = error.$metadata?.httpStatusCode ?? null;
  const fault: ProviderFault = {
    provider: PROVIDER,
    operation,
    status,
    detail: secrets
      .reduce((text, secret) => text.replaceAll(secret, '••••'), wordsOf(error, status))
      .slice(0, MAX_DETAIL),
  };
  // the answer to a HEAD names no code: a 400 is a token that expired, or keys that are not of this region
  const isRefused = status === 401 || status === 403 || (status === 400 && error.message === 'UnknownError');
  if (isRefused || CREDENTIAL_CODES.has(error.name)) return new AuthError(fault);
  if (status === null) {
    // more than one attempt: the SDK itself took it for a passing fault
    const isConnection =
      error.name === 'TimeoutError' || BROKEN_CONNECTION.has(error.code ?? '') || (error.$metadata?.attempts ?? 1) > 1;
    return isConnection ? new TransientError(fault) : new PermanentError(fault);
  }
  // 200 with an error in the body, or a body that is not XML: the SDK could not read the answer
  if (status < 300 || status === 408 || status === 429 || status >= 500) return new TransientError(fault);
  return status === 409 || status === 412 ? new ConflictError(fault) : new PermanentError(fault);
}
