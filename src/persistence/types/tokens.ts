export const TOKEN_SCOPES = ['releases:read', 'releases:write', 'builds:write'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** An API token; only the SHA-256 of its secret is stored (Spec 8.4). */
export interface ApiToken {
  id: string;
  tenantId: string;
  /** unique among the tenant's unrevoked tokens */
  name: string;
  hash: string;
  scopes: TokenScope[];
  createdBy: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface TokenRepository {
  insert(token: ApiToken): Promise<void>;
  /** Unrevoked ones only. */
  findByHash(hash: string): Promise<ApiToken | null>;
  list(tenantId: string): Promise<ApiToken[]>;
  revoke(tenantId: string, name: string, at: Date): Promise<boolean>;
  /** At most one write a minute a token. */
  recordUse(tokenId: string, at: Date): Promise<void>;
}
