import type { AuditEntry } from '../../src/domain/audit.ts';
import { newId } from '../../src/shared/ids.ts';
import { at, auditEntry, config, integration, NOW, token, usePersistence } from './support.ts';

const opened = usePersistence();

describe('the audit trail', () => {
  it('has each entry once, whoever moves it and how often, newest first in pages', async () => {
    const { audit } = opened.repositories;
    const releaseId = newId('rel');
    const entries: AuditEntry[] = [1, 2, 3, 4, 5].map((seq) => auditEntry(releaseId, seq));
    await Promise.all([audit.append(entries.slice(0, 3)), audit.append(entries), audit.append([])]);
    await audit.append(entries.map((entry) => ({ ...entry, actor: 'somebody else' })));
    const newestFirst = [...entries].reverse();
    expect(await audit.list('T1', releaseId, { limit: 3 })).toEqual(newestFirst.slice(0, 3));
    expect(await audit.list('T1', releaseId, { limit: 3, beforeSeq: 3 })).toEqual(newestFirst.slice(3));
    expect(await audit.list('T1', releaseId, { limit: 3, beforeSeq: 1 })).toEqual([]);
  });
});

describe('tenants', () => {
  it('are made once and keep what they were made with', async () => {
    const { tenants } = opened.repositories;
    const id = newId('T');
    const made = await Promise.all([1, 2, 3].map((n) => tenants.ensure({ id, name: `Acme ${n}` }, at(n))));
    expect(new Set(made.map(({ name }) => name)).size).toBe(1);
    expect(await tenants.ensure({ id, name: 'Other' }, at(9))).toEqual(made[0]);
    await tenants.setName(id, 'Renamed');
    expect(await tenants.find(id)).toEqual({ ...made[0], name: 'Renamed', roles: {} });
    expect((await tenants.list()).map((tenant) => tenant.id)).toContain(id);
    expect(await tenants.find('T_NONE')).toBeNull();
    await expect(tenants.setName('T_NONE', 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('get the members of the roles that are named, and keep the others', async () => {
    const { tenants } = opened.repositories;
    const { id } = await tenants.ensure({ id: newId('T'), name: 'Acme' }, NOW);
    await tenants.setRoles(id, { APPROVER: ['U1', 'S1'], ADMIN: ['U2'] });
    await tenants.setRoles(id, { APPROVER: [], UPLOADER: ['U3'] });
    await tenants.setRoles(id, {});
    expect((await tenants.find(id))?.roles).toEqual({ APPROVER: [], ADMIN: ['U2'], UPLOADER: ['U3'] });
    await expect(tenants.setRoles('T_NONE', { ADMIN: ['U1'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('release configurations', () => {
  it('are made and replaced by name and keep their id', async () => {
    const { configs } = opened.repositories;
    const tenantId = newId('T');
    const first = config({ tenantId });
    expect(await configs.upsert(first)).toEqual(first);
    const next = config({ tenantId, platforms: ['WEB'], applicationIds: {}, freezeWindows: [], isActive: false });
    expect(await configs.upsert(next)).toEqual({ ...next, id: first.id });
    expect(await configs.get(tenantId, first.id)).toEqual({ ...next, id: first.id });
    expect(await configs.findByName(tenantId, 'Acme App')).toEqual({ ...next, id: first.id });
    await configs.upsert(config({ tenantId, name: 'A First App' }));
    expect((await configs.list(tenantId)).map(({ name }) => name)).toEqual(['A First App', 'Acme App']);
    await configs.remove(tenantId, first.id);
    expect(await configs.find(tenantId, first.id)).toBeNull();
    await expect(configs.get(tenantId, first.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are one although two people make them at once', async () => {
    const tenantId = newId('T');
    const made = await Promise.all([1, 2, 3].map(() => opened.repositories.configs.upsert(config({ tenantId }))));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });

  it('do not share an id under two names', async () => {
    const tenantId = newId('T');
    const { id } = await opened.repositories.configs.upsert(config({ tenantId }));
    await expect(opened.repositories.configs.upsert(config({ tenantId, id, name: 'Other' }))).rejects.toMatchObject({
      name: 'InvariantError',
    });
  });
});

describe('integrations', () => {
  it('are made and replaced by name and keep id, maker and birth', async () => {
    const { integrations } = opened.repositories;
    const tenantId = newId('T');
    const first = integration({ tenantId });
    expect(await integrations.upsert(first)).toEqual(first);
    const next = integration({ tenantId, createdBy: 'U9', createdAt: at(9), updatedAt: at(9), settings: { 'a.b': 1 } });
    const expected = { ...next, id: first.id, createdBy: first.createdBy, createdAt: first.createdAt };
    expect(await integrations.upsert(next)).toEqual(expected);
    expect(await integrations.findByName(tenantId, first.name)).toEqual(expected);
    const verification = { status: 'INVALID', checkedAt: at(10), detail: 'Bad credentials' } as const;
    await integrations.setVerification(tenantId, first.id, verification);
    expect(await integrations.get(tenantId, first.id)).toEqual({ ...expected, verification });
    expect(await integrations.list(tenantId)).toHaveLength(1);
    await integrations.remove(tenantId, first.id);
    expect(await integrations.find(tenantId, first.id)).toBeNull();
    await expect(integrations.get(tenantId, first.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(integrations.setVerification(tenantId, first.id, verification)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('API tokens', () => {
  it('are found by their hash until they are revoked', async () => {
    const { tokens } = opened.repositories;
    const made = token();
    await tokens.insert(made);
    expect(await tokens.findByHash(made.hash)).toEqual(made);
    expect(await tokens.revoke(made.tenantId, made.name, at(5))).toBe(true);
    expect(await tokens.revoke(made.tenantId, made.name, at(6))).toBe(false);
    expect(await tokens.findByHash(made.hash)).toBeNull();
    expect(await tokens.list(made.tenantId)).toEqual([{ ...made, revokedAt: at(5) }]);
  });

  it('have a name that no other token in use has', async () => {
    const { tokens } = opened.repositories;
    const made = token();
    await tokens.insert(made);
    await expect(tokens.insert(token({ tenantId: made.tenantId, name: made.name }))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await tokens.revoke(made.tenantId, made.name, at(5));
    await tokens.insert(token({ tenantId: made.tenantId, name: made.name, createdAt: at(6) }));
    await tokens.insert(token({ name: made.name }));
    expect((await tokens.list(made.tenantId)).map(({ revokedAt }) => revokedAt)).toEqual([null, at(5)]);
  });

  it('record their use at most once a minute', async () => {
    const { tokens } = opened.repositories;
    const made = token();
    await tokens.insert(made);
    const lastUse = async () => (await tokens.findByHash(made.hash))?.lastUsedAt;
    for (const [used, recorded] of [
      [0, 0],
      [59, 0],
      [60, 60],
      [10, 60],
      [121, 121],
    ] as const) {
      await tokens.recordUse(made.id, at(used));
      expect(await lastUse()).toEqual(at(recorded));
    }
  });
});
