// Loaded into the bot before anything else: asks the sweep before and after each change of a file below the store's directory.
import files from 'node:fs/promises';
import { get } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { relative } from 'node:path';

const { SWEEP_FILES_URL: url, ARTIFACTS_DIR: directory = '' } = process.env;
delete process.env.SWEEP_FILES_URL;
delete process.env.NODE_OPTIONS;

/** Resolves when the sweep lets it go on, which may be never. */
const ask = (query) =>
  new Promise((resolve, reject) => {
    get(`${url}/?${new URLSearchParams(query)}`, { agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.headers['x-id']));
    }).on('error', reject);
  });

const isChange = {
  rename: () => true,
  rm: () => true,
  rmdir: () => true,
  unlink: () => true,
  open: (flags) => /[wa+]/.test(String(flags)),
};

for (const [name, changes] of Object.entries(isChange)) {
  const original = files[name];
  files[name] = async (...given) => {
    const path = relative(directory, String(name === 'rename' ? given[1] : given[0]));
    if (path.startsWith('..') || (name === 'open' && !changes(given[1]))) return original(...given);
    const id = await ask({ when: 'before', what: name, path });
    const result = await original(...given);
    await ask({ when: 'after', id });
    return result;
  };
}
syncBuiltinESMExports();

// It does not outlive the sweep.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
