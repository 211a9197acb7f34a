import type { Faults } from '../scm/http/faults.ts';
import { type RecordedRequest, type Reply, type StandInRequest, startStandIn } from '../scm/http/server.ts';
import { faultOfStatus, faultReply, S3Fault } from './answers.ts';
import { abortUpload, completeUpload, listUploads, startUpload, uploadPart } from './multipart.ts';
import { deleteObject, getObject, putObject } from './objects.ts';
import { checkSignature, type Keys } from './signature.ts';
import { BucketState, type Effect } from './state.ts';

export type { Effect } from './state.ts';

export interface S3StandIn {
  endpoint: string;
  bucket: string;
  effects: Effect[];
  requests: RecordedRequest[];
  faults: Faults;
  /** keys of finished objects, sorted */
  keys(): string[];
  /** headers an object is given back with; null when there is none */
  headersOf(key: string): Record<string, string> | null;
  /** multipart uploads neither completed nor aborted */
  pendingUploads(): number;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

async function answer(state: BucketState, request: StandInRequest, bucket: string): Promise<Reply> {
  const [, name = '', ...rest] = request.path.split('/');
  if (decodeURIComponent(name) !== bucket) throw new S3Fault('NoSuchBucket', 'The specified bucket does not exist');
  const key = decodeURIComponent(rest.join('/'));
  const { method, query } = request;
  if (key === '') {
    if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' } };
    if (method === 'GET' && query.has('uploads')) return listUploads(state, bucket);
    throw new S3Fault('NotImplemented', `${method} on a bucket`);
  }
  if (method === 'POST' && query.has('uploads')) return startUpload(state, request, bucket, key);
  if (method === 'POST' && query.has('uploadId')) return completeUpload(state, request, bucket, key);
  if (method === 'PUT' && query.has('uploadId')) return uploadPart(state, request, key);
  if (method === 'DELETE' && query.has('uploadId')) return abortUpload(state, request, key);
  if (method === 'PUT') return putObject(state, request, key);
  if (method === 'GET' || method === 'HEAD') return getObject(state, request, key);
  if (method === 'DELETE') return deleteObject(state, key);
  throw new S3Fault('NotImplemented', `${method} on an object`);
}

/**
 * A strict S3 with one bucket, path style, on loopback, for tests: signatures, framing, checksums, part sizes and ETags are
 * checked as S3 checks them, and what is not understood is refused with `NotImplemented`.
 */
export async function startS3(
  options: { bucket?: string; keys?: Keys; clock?: { now(): Date }; port?: number } = {},
): Promise<S3StandIn> {
  const bucket = options.bucket ?? 'builds';
  const keys = options.keys ?? { accessKeyId: 'AKIASANDBOX', secretAccessKey: 'sandbox-secret' };
  const state = await BucketState.create();
  const server = await startStandIn({
    ...(options.port === undefined ? {} : { port: options.port }),
    maxBodyBytes: MAX_BODY_BYTES,
    faultBody: faultOfStatus,
    handle: async (request) => {
      try {
        checkSignature(request, keys, options.clock?.now() ?? new Date());
        return await answer(state, request, bucket);
      } catch (error) {
        if (error instanceof S3Fault) return faultReply(error.code, error.message);
        throw error;
      }
    },
  });
  return {
    endpoint: server.origin,
    bucket,
    effects: state.effects,
    requests: server.requests,
    faults: server.faults,
    keys: () => [...state.objects.keys()].sort(),
    headersOf: (key) => state.objects.get(key)?.headers ?? null,
    pendingUploads: () => state.uploads.size,
    close: async () => {
      await server.close();
      await state.remove();
    },
  };
}
