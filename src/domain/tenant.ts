/** A tenant is a Slack workspace; its id is the Slack team id. Roles are given to users (U…) or user groups (S…). Spec 4.1, 6.3. */
export const ROLES = ['ADMIN', 'RELEASE_PILOT', 'APPROVER', 'UPLOADER', 'VIEWER'] as const;
export type Role = (typeof ROLES)[number];

export interface Tenant {
  id: string;
  name: string;
  /** members of each role: Slack user ids or user group ids */
  roles: Partial<Record<Role, string[]>>;
  createdAt: Date;
}

/** Who does something: a person in Slack or an API token. `roles` are resolved before an intent is called. */
export interface Actor {
  kind: 'USER' | 'TOKEN';
  /** Slack user id or `token:<name>` */
  id: string;
  roles: readonly Role[];
}
