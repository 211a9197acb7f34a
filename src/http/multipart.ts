import { Readable } from 'node:stream';
import type { BusboyFileStream, BusboyHeaders, BusboyInstance } from '@fastify/busboy';
import { Busboy } from '@fastify/busboy';
import type { Request } from 'express';
import { HttpProblem } from './problems.ts';

/**
 * A `multipart/form-data` body read as a stream (Spec 3.5): fields first, then one file, which is the last part. The file's
 * stream ends only when the whole body was seen to be right, so that whoever stores it stores nothing of a faulty body.
 */
export interface MultipartUpload {
  fields: Readonly<Record<string, string>>;
  fileName: string;
  /** The file's bytes, once. Fails with the `HttpProblem` that `fault` then tells. Flat in memory: reads as it is read. */
  bytes(): Readable;
  /** What was found wrong with the body so far; null = nothing. */
  fault(): HttpProblem | null;
  /** Stops parsing; what is still to come is not looked at. */
  discard(): void;
}

const LIMITS = { fieldNameSize: 100, fieldSize: 1024, fields: 20, headerPairs: 20 };
const CHUNK_BYTES = 256 * 1024;

/** Resolves when the file begins. Rejects with `HttpProblem` 400 when the body has none, or is no such form. */
export function readMultipart(request: Request): Promise<MultipartUpload> {
  return new Promise((resolve, reject) => {
    const fields: Record<string, string> = {};
    let file: BusboyFileStream | null = null;
    let problem: HttpProblem | null = null;
    let settleWhole: (problem: HttpProblem | null) => void = () => undefined;
    const whole = new Promise<void>((seen, failed) => {
      settleWhole = (fault) => (fault ? failed(fault) : seen());
    });
    whole.catch(() => undefined); // nobody may be waiting for it

    let parser: BusboyInstance;
    try {
      parser = new Busboy({
        headers: request.headers as BusboyHeaders,
        limits: LIMITS,
        preservePath: true, // the engine refuses a path; taking its last part would hide it
        fileHwm: CHUNK_BYTES,
      });
    } catch {
      reject(new HttpProblem(400, 'The form cannot be read: Content-Type names no boundary.'));
      return;
    }

    const fail = (message: string) => {
      if (problem) return;
      problem = new HttpProblem(400, message);
      settleWhole(problem);
      reject(problem);
      file?.destroy(problem);
    };
    const onClose = () => {
      if (!request.complete) fail('The connection was closed before the body was complete.');
    };
    const discard = () => {
      request.off('close', onClose);
      request.unpipe(parser);
      fail('The body is no longer read.');
    };

    parser.on('field', (name, value, nameTruncated, valueTruncated) => {
      if (file) fail(`The field "${name}" comes after the file: send the fields first, the file last.`);
      else if (nameTruncated || valueTruncated) fail(`The field "${name}" is too long.`);
      else if (Object.hasOwn(fields, name)) fail(`The field "${name}" is there twice.`);
      else fields[name] = value;
    });
    parser.on('file', (name, stream, fileName) => {
      stream.on('error', () => undefined); // told to whoever reads it; nobody may
      if (file || name !== 'file') {
        stream.resume();
        fail(file ? 'Send one file, as the last part of the form.' : `Send the build as "file", not as "${name}".`);
        return;
      }
      file = stream;
      const bytes = () => Readable.from(untilWhole(stream, whole), { objectMode: false });
      resolve({ fields, fileName: fileName ?? '', bytes, fault: () => problem, discard });
    });
    parser.on('fieldsLimit', () => fail(`The form has more than ${LIMITS.fields} fields.`));
    parser.on('error', (error) => fail(`The form cannot be read: ${sentence(error)}.`));
    parser.on('finish', () => {
      if (!file) fail('The form has no file: send the build as "file", with its file name.');
      else if (!problem) settleWhole(null);
    });
    request.on('close', onClose);
    request.pipe(parser);
  });
}

async function* untilWhole(file: Readable, whole: Promise<void>): AsyncGenerator<Buffer> {
  for await (const chunk of file) yield chunk as Buffer;
  await whole;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
