import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { z } from 'zod';
import type { Engine, SubmitUploadInput, UploadReceipt } from '../engine/index.ts';
import { Refusal } from '../shared/errors.ts';
import { BuildsAnswer, UploadAnswer } from './answers.ts';
import type { Answer, AnyEndpoint, EndpointInput } from './endpoint.ts';
import { endpoint } from './endpoint.ts';
import type { Idempotency } from './idempotency.ts';
import { fingerprintOf, idempotencyKeyOf } from './idempotency.ts';
import { TriggerBuildBody, UploadForm } from './inputs.ts';
import type { HttpLimits } from './limits.ts';
import { limitConcurrency, watchIdle } from './limits.ts';
import type { MultipartUpload } from './multipart.ts';
import { readMultipart } from './multipart.ts';
import { presentBuild, presentUpload } from './present.ts';
import { HttpProblem } from './problems.ts';
import { parseInput } from './validate.ts';

/** Room for boundaries, part headers and fields around the file. */
const FORM_OVERHEAD_BYTES = 64 * 1024;
const FieldsSchema = UploadForm.pick({ stage: true, platform: true }).strip();
type Fields = z.output<typeof FieldsSchema>;

export interface BuildDeps {
  engine: Engine;
  idempotency: Idempotency;
  limits: HttpLimits;
  maxUploadBytes: number;
}

/** Builds of a release: looking, uploading (Spec 3.5), triggering again (Spec 8.4; there is no CI mode yet). */
export function buildEndpoints(deps: BuildDeps): AnyEndpoint[] {
  const { engine, limits } = deps;
  const slots = limitConcurrency(limits.uploadsAtOnce, 'Too many uploads at the same time: try again in a moment.');

  return [
    endpoint({
      method: 'get',
      path: '/api/v1/releases/{id}/builds',
      summary: 'The builds that tasks took, and the uploads that were handed in',
      scope: 'releases:read',
      answer: { status: 200, schema: BuildsAnswer },
      async handle({ caller, params }) {
        const { tenantId } = caller.context;
        const release = await engine.queries.release(tenantId, params['id'] ?? '');
        const [builds, uploads] = await Promise.all([
          engine.queries.builds(tenantId, release.id),
          engine.queries.uploads(tenantId, release.id),
        ]);
        const shown = builds.map(async (build) => {
          const link = build.artifactPath
            ? await engine.queries.artifactLink(
                build.artifactPath,
                build.fileName ?? `${build.platform.toLowerCase()}-build`,
              )
            : null;
          return presentBuild(build, link);
        });
        const body = { success: true, builds: await Promise.all(shown), uploads: uploads.map(presentUpload) };
        return { status: 200, body };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/v1/releases/{id}/builds',
      summary: 'Uploads a build (multipart, fields before the file), or triggers one again (JSON, in CI mode)',
      scope: 'builds:write',
      body: TriggerBuildBody,
      multipart: UploadForm,
      answer: { status: 201, schema: UploadAnswer },
      idempotent: 'self',
      async handle(input) {
        if (!input.raw.is('multipart/form-data')) return await refuseTrigger(engine, input);
        refuseTooLong(input.raw, deps.maxUploadBytes);
        const leave = slots.enter();
        const unwatch = watchIdle(input.raw, limits.uploadIdleMs);
        try {
          return await upload(deps, input);
        } finally {
          leave();
          unwatch();
        }
      },
    }),
  ];
}

async function upload(deps: BuildDeps, { caller, params, raw }: EndpointInput<unknown, unknown>): Promise<Answer> {
  const releaseId = params['id'] ?? '';
  const key = idempotencyKeyOf(raw.get('idempotency-key'));
  const form = await readMultipart(raw);
  const submit = async (dedupeKey: string | null) => {
    const receipt = await deps.engine.submitUpload(uploadInput(releaseId, fields, form, dedupeKey), caller.context);
    return { answer: uploadAnswer(receipt), sha256: receipt.sha256 };
  };
  let fields: Fields;
  try {
    fields = parseFields(form);
    if (key === null) return (await submit(null)).answer;
    const fingerprint = fingerprintOf('POST builds', releaseId, fields, form.fileName);
    return await deps.idempotency.once(
      { caller, key, fingerprint },
      ({ dedupeKey }) => submit(dedupeKey),
      () => sha256Of(form),
    );
  } catch (error) {
    // Whatever the engine made of a stream that broke: the faulty body is the reason.
    throw form.fault() ?? error;
  } finally {
    form.discard();
  }
}

function parseFields(form: MultipartUpload): Fields {
  const missing = ['stage', 'platform'].filter((name) => form.fields[name] === undefined);
  if (missing.length > 0) {
    throw new HttpProblem(400, `Send ${missing.join(' and ')} before the file: fields first, the file last.`);
  }
  const fault = form.fault();
  if (fault) throw fault;
  return parseInput(FieldsSchema, form.fields);
}

function uploadInput(
  releaseId: string,
  fields: Fields,
  form: MultipartUpload,
  dedupeKey: string | null,
): SubmitUploadInput {
  return {
    releaseId,
    stage: fields.stage,
    platform: fields.platform,
    fileName: form.fileName,
    sizeBytes: null,
    source: 'API',
    dedupeKey,
    openBytes: async () => form.bytes(),
  };
}

/** Exactly Spec 3.2's, and what the sender must know besides, when there is something. */
function uploadAnswer({ uploadId, warning, replacedFileName }: UploadReceipt): Answer {
  const besides = {
    ...(warning === null ? {} : { warning }),
    ...(replacedFileName === null ? {} : { replacedFileName }),
  };
  return { status: 201, body: { success: true, buildId: uploadId, message: 'Build uploaded to staging', ...besides } };
}

async function sha256Of(form: MultipartUpload): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of form.bytes()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function refuseTooLong(request: Request, maxUploadBytes: number): void {
  const length = Number(request.get('content-length') ?? 0);
  if (length > maxUploadBytes + FORM_OVERHEAD_BYTES) {
    throw new Refusal('TOO_LARGE', `The file is larger than the ${maxUploadBytes} bytes that are allowed.`);
  }
}

async function refuseTrigger(
  engine: Engine,
  { caller, params }: EndpointInput<unknown, z.output<typeof TriggerBuildBody>>,
): Promise<never> {
  const release = await engine.queries.release(caller.context.tenantId, params['id'] ?? '');
  const sentence = release.hasManualBuildUpload
    ? 'This release takes its builds by hand: upload a file as multipart/form-data with stage, platform and file.'
    : 'Builds made by CI/CD cannot be triggered again from here yet.';
  throw new Refusal('ACTION_NOT_AVAILABLE', sentence);
}
