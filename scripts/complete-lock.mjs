// Adds to package-lock.json the optional packages of other platforms that a partial registry mirror leaves out,
// so that `npm ci` accepts the lock file on every machine. Run by `npm run lock`.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const packages = lock.packages;
for (const parent of Object.values(packages)) {
  for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
    const words = name.split(/[^a-z0-9]+/);
    const os = name === 'fsevents' ? ['darwin'] : OS.filter((word) => words.includes(word));
    const known = Object.keys(packages).some((key) => key.endsWith(`node_modules/${name}`));
    if (known || os.length === 0) continue;
    const cpu = CPU.filter((word) => words.includes(word));
    packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ''),
      ...(cpu.length > 0 && { cpu }),
      ...(parent.dev && { dev: true }),
      ...(parent.license && { license: parent.license }),
      optional: true,
      os,
      ...(words.includes('musl') && { libc: ['musl'] }),
    };
  }
}
for (const entry of Object.values(packages)) delete entry.resolved;
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
