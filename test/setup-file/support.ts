import type { Repositories } from '../../src/persistence/types/index.ts';
import type { SetupDeps, SetupOptions } from '../../src/setup/apply.ts';
import { createSealer } from '../../src/shared/crypto.ts';
import { AuthError } from '../../src/shared/errors.ts';

export const NOW = new Date('2026-11-21T10:00:00Z');
export const OPTIONS: SetupOptions = { dryRun: false, prune: false, noVerify: false };
export const SEALER = createSealer([{ id: 'k1', key: Buffer.alloc(32, 1) }]);

/** The contract's own example, without what does not exist yet. */
export const EXAMPLE = `tenant: { slackTeamId: T01TEST, name: Acme }
roles:
  ADMIN: [U01ALICE]
  RELEASE_PILOT: [U01ALICE]
  APPROVER: [U02BOB]
  UPLOADER: [U01ALICE, U02BOB]
integrations:
  - { name: github, kind: SCM, provider: GITHUB,
      settings: { owner: acme, repo: app, apiUrl: "https://api.github.com" },
      credentials: { token: "\${env:GITHUB_TOKEN}" } }
configurations:
  - name: Mobile
    flow: STAGED
    platforms: [ANDROID, IOS]
    baseBranch: main
    scm: github
    comms: { releases: C01REL, builds: C02BLD, approvals: C01REL }
    hasManualBuildUpload: true
    autoStartRegression: true
    timeZone: Asia/Kolkata
    slotTemplate: [{ offset: P1D, time: "14:00" }, { offset: P3D, time: "14:00" }]
    gates: { preRelease: { approvers: [APPROVER], quorum: 1 }, submission: { approvers: [APPROVER], quorum: 1 } }
`;

export function setupDeps(repositories: Repositories, values: Partial<SetupDeps> = {}): SetupDeps {
  return {
    repositories,
    sealer: SEALER,
    env: { GITHUB_TOKEN: 'ghp_good' },
    readFile: async (path) => Promise.reject(Object.assign(new Error(path), { code: 'ENOENT' })),
    verify: async ({ provider }, { token }) => {
      if (token === 'ghp_good') return { detail: 'acme/app, push allowed' };
      throw new AuthError({ provider, operation: 'verify', status: 401, detail: 'Bad credentials' });
    },
    now: () => NOW,
    ...values,
  };
}

/** `env:NAME` as it stands in the file. */
export const reference = (target: string): string => `\${${target}}`;
