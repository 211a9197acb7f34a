import fc from 'fast-check';
import { createSealer, newCredentialKey, parseCredentialKeys, SealError, sha256Hex } from '../../src/shared/crypto.ts';

const OLD = { id: 'k1', key: Buffer.alloc(32, 1) };
const NEW = { id: 'k2', key: Buffer.alloc(32, 2) };
const SCOPE = { tenantId: 'T1', integrationId: 'int_1' };

function reasonOf(run: () => unknown): SealError {
  try {
    run();
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('createSealer', () => {
  test('what it seals it opens, whatever it is, and never twice the same way', () => {
    const sealer = createSealer([NEW, OLD]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = sealer.seal(text, SCOPE);
        expect(sealer.open(sealed, SCOPE)).toBe(text);
        expect(sealer.seal(text, SCOPE)).not.toBe(sealed);
      }),
    );
  });

  test('the value carries the key’s id and nothing readable', () => {
    const sealed = createSealer([NEW, OLD]).seal('ghp_secret', SCOPE);
    expect(sealed).toMatch(/^v1\.k2\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(sealed).not.toContain(Buffer.from('ghp_secret').toString('base64url'));
  });

  test('an old key still opens, the newest seals', () => {
    const sealed = createSealer([OLD]).seal('x', SCOPE);
    const rotated = createSealer([NEW, OLD]);
    expect(rotated.open(sealed, SCOPE)).toBe('x');
    expect(rotated.isOutdated(sealed)).toBe(true);
    expect(rotated.isOutdated(rotated.seal('x', SCOPE))).toBe(false);
  });

  test('a key that is gone is named', () => {
    const error = reasonOf(() => createSealer([NEW]).open(createSealer([OLD]).seal('x', SCOPE), SCOPE));
    expect(error.reason).toBe('UNKNOWN_KEY');
    expect(error.message).toContain('key "k1"');
    expect(error.message).toContain('CREDENTIAL_KEYS (k2)');
  });

  test.each([
    ['another tenant', { ...SCOPE, tenantId: 'T2' }],
    ['another integration', { ...SCOPE, integrationId: 'int_2' }],
    ['the same letters split otherwise', { tenantId: 'T', integrationId: '1int_1' }],
  ])('a value of one integration does not open for %s', (_, scope) => {
    const sealer = createSealer([NEW]);
    expect(reasonOf(() => sealer.open(sealer.seal('x', SCOPE), scope)).reason).toBe('TAMPERED');
  });

  test('any changed byte is found out', () => {
    const sealer = createSealer([NEW]);
    const parts = sealer.seal('secret', SCOPE).split('.');
    for (const index of [2, 3, 4]) {
      const changed = Buffer.from(parts[index] ?? '', 'base64url');
      changed[0] = (changed[0] ?? 0) ^ 1;
      const sealed = parts.with(index, changed.toString('base64url')).join('.');
      expect(reasonOf(() => sealer.open(sealed, SCOPE)).reason).toBe('TAMPERED');
    }
  });

  test('the same id with another key is found out', () => {
    const sealed = createSealer([OLD]).seal('x', SCOPE);
    expect(reasonOf(() => createSealer([{ id: 'k1', key: NEW.key }]).open(sealed, SCOPE)).reason).toBe('TAMPERED');
  });

  test.each([
    '',
    'plain text',
    'v1.k2.a.b.c',
    'v2.k2.AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA',
    'v1.k2.AAAAAAAAAAAAAAAA.AA.AAAA',
  ])('"%s" is no sealed value', (text) =>
    expect(reasonOf(() => createSealer([NEW]).open(text, SCOPE)).reason).toBe('MALFORMED'),
  );

  test('no key, no sealer', () => {
    expect(() => createSealer([])).toThrow('at least one key');
  });
});

describe('parseCredentialKeys', () => {
  test('reads keys newest first', () => {
    const text = `k2:${NEW.key.toString('base64')}, k1:${OLD.key.toString('base64url')}`;
    expect(parseCredentialKeys(text)).toEqual({ keys: [NEW, OLD], faults: [] });
    expect(parseCredentialKeys(newCredentialKey('n')).keys).toHaveLength(1);
  });
  test('tells every fault, none with the key in it', () => {
    const good = NEW.key.toString('base64');
    const { faults } = parseCredentialKeys(`nocolon,bad id:${good},k1:c2hvcnQ=,k2:${good},k2:${good},k3:${good}!`);
    expect(faults).toEqual([
      'key 1 has no id before a colon',
      'the id of key 2 is not 1 to 32 letters, digits, "-" or "_"',
      'key "k1" is not the base64 of 32 bytes',
      'the id "k2" is there twice',
      'key "k3" is not the base64 of 32 bytes',
    ]);
  });
});

test('sha256Hex is the known digest', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
