import { startS3 } from '../../sandbox/s3/index.ts';
import { BUCKET, S3_KEYS } from './world.ts';

/** The strict local S3 in a process of its own. */
const s3 = await startS3({ bucket: BUCKET, keys: S3_KEYS });
console.log(`"port":${new URL(s3.endpoint).port}`);
process.once('SIGTERM', () => {
  s3.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
