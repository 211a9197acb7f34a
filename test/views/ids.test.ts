import fc from 'fast-check';
import { GATE_IDS } from '../../src/domain/gate.ts';
import { PLATFORMS } from '../../src/domain/release.ts';
import { UPLOAD_STAGES } from '../../src/domain/upload.ts';
import * as ids from '../../views/ids.ts';

const anId = fc.string({ minLength: 1, maxLength: 40 });

describe('values that travel with buttons', () => {
  test('come back as they were', () => {
    const value = fc.record(
      {
        releaseId: anId,
        gateId: fc.constantFrom(...GATE_IDS),
        contentHash: anId,
        taskId: anId,
        slotId: anId,
        cycleNumber: fc.nat(),
        platform: fc.constantFrom(...PLATFORMS),
        stage: fc.constantFrom(...UPLOAD_STAGES),
        beforeSeq: fc.nat(),
      },
      { requiredKeys: ['releaseId'] },
    );
    const place = fc.record({ channelId: fc.option(anId), threadTs: fc.option(anId) });
    fc.assert(
      fc.property(value, place, fc.constantFrom(...ids.REASON_PURPOSES), (named, where, purpose) => {
        expect(ids.parseActionValue(ids.encodeActionValue(named))).toEqual(named);
        const metadata = { ...named, ...where, purpose };
        expect(ids.parseReasonMetadata(ids.encodeReasonMetadata(metadata))).toEqual(metadata);
        const upload = { releaseId: named.releaseId, ...where };
        expect(ids.parseUploadMetadata(ids.encodeUploadMetadata(upload))).toEqual(upload);
      }),
    );
    const pick = { releaseId: 'rel_1', purpose: 'slot add', args: '2026-12-01 "14:00"' };
    expect(ids.parsePickValue(ids.encodePickValue(pick))).toEqual(pick);
    const page = { page: 2, after: 'rel_9', all: true };
    expect(ids.parsePageValue(ids.encodePageValue(page))).toEqual(page);
    const create = { channelId: 'C1', configId: 'cfg_1' };
    expect(ids.parseCreateMetadata(ids.encodeCreateMetadata(create))).toEqual(create);
    for (const choice of ids.MORE_CHOICES) {
      const more = { choice, releaseId: 'rel_0123456789abcdef' };
      expect(ids.parseMoreValue(ids.encodeMoreValue(more))).toEqual(more);
    }
  });

  test('that are not ours are null, and nothing throws', () => {
    const parsers = [
      ids.parseActionValue,
      ids.parseReasonMetadata,
      ids.parseUploadMetadata,
      ids.parsePickValue,
      ids.parseMoreValue,
      ids.parseCreateMetadata,
    ];
    const garbage = [null, undefined, '', 'x', '[]', '42', 'null', '{}', '{"releaseId":1}', '{"releaseId":""}', '{'];
    for (const parse of parsers) for (const text of garbage) expect(parse(text)).toBeNull();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const parse of [...parsers, ids.parsePageValue]) parse(text);
      }),
    );
  });

  test('members of the wrong kind are left out', () => {
    const text = '{"releaseId":"r","gateId":"other","platform":"PALM","stage":1,"cycleNumber":-1,"taskId":"t"}';
    expect(ids.parseActionValue(text)).toEqual({ releaseId: 'r', taskId: 't' });
  });
});

test('every id means one thing', () => {
  expect(new Set(ids.ALL_ACTION_IDS).size).toBe(ids.ALL_ACTION_IDS.length);
  const callbacks = Object.values(ids.CALLBACKS);
  expect(new Set(callbacks).size).toBe(callbacks.length);
});
