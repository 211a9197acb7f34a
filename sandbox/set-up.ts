import type { Config } from '../src/config.ts';
import { createScm } from '../src/integrations/scm/index.ts';
import { connectPersistence } from '../src/persistence/index.ts';
import { applySetup } from '../src/setup/apply.ts';
import { loadCredentialKeys } from '../src/setup/credential-keys.ts';
import type { Clock } from '../src/shared/clock.ts';
import { createSealer } from '../src/shared/crypto.ts';

export interface SetUpOptions {
  config: Config;
  databaseUri: string;
  clock: Clock;
  teamId: string;
  channelId: string;
  githubApiUrl: string;
  githubToken: string;
  timeZone: string;
}

/** Sets the bot up for the sandbox's team as `npm run apply` does, from a file a team could keep in git. */
export async function setUp(options: SetUpOptions): Promise<void> {
  const { config, databaseUri, clock } = options;
  const persistence = await connectPersistence({ uri: databaseUri, clock });
  try {
    await persistence.ensureIndexes();
    const { mistakes, verifications } = await applySetup(
      sampleFile(options),
      {
        repositories: persistence.repositories,
        sealer: createSealer((await loadCredentialKeys(config)).keys),
        env: { SANDBOX_GITHUB_TOKEN: options.githubToken },
        readFile: async (name) => {
          throw new Error(`the sample set-up reads no file, not ${name}`);
        },
        verify: ({ provider, settings }, credentials) => createScm({ provider, settings, credentials }).verify(),
        now: () => clock.now(),
      },
      { dryRun: false, prune: false, noVerify: false },
    );
    const faults = [
      ...mistakes.map((mistake) => `line ${mistake.line}: ${mistake.message}`),
      ...verifications.filter(({ status }) => status === 'INVALID').map(({ name, detail }) => `${name}: ${detail}`),
    ];
    if (faults.length > 0) throw new Error(`the sample set-up was refused: ${faults.join('; ')}`);
  } finally {
    await persistence.close();
  }
}

function sampleFile({ teamId, channelId, githubApiUrl, timeZone }: SetUpOptions): string {
  return `
tenant: { slackTeamId: ${teamId}, name: Sandbox }
roles:
  ADMIN: [U01ALICE]
  RELEASE_PILOT: [U01ALICE]
  APPROVER: [U02BOB, U03CAROL]
  UPLOADER: [U01ALICE, U02BOB]
integrations:
  - name: github
    kind: SCM
    provider: GITHUB
    settings: { owner: acme, repo: app, apiUrl: "${githubApiUrl}" }
    credentials: { token: "\${env:SANDBOX_GITHUB_TOKEN}" }
configurations:
  - name: Mobile
    flow: STAGED
    platforms: [ANDROID, IOS]
    baseBranch: main
    scm: github
    comms: { releases: ${channelId}, builds: ${channelId}, approvals: ${channelId} }
    hasManualBuildUpload: true
    autoStartRegression: true
    timeZone: ${timeZone}
    slotTemplate: [{ offset: P1D, time: "14:00" }, { offset: P3D, time: "14:00" }]
    gates:
      preRelease: { approvers: [APPROVER], quorum: 2 }
      submission: { approvers: [APPROVER], quorum: 1 }
`;
}
