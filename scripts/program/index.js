// Bundles the command line and the worker threads, with the packages that they need, into dist/cli and dist/worker;
// `npm run build` runs it.
//
//   node scripts/program/index.js
//
// To find and read 800 modules costs Node a second and a half, which every command would take before its first line, and
// the 330 of a training thread 0.4 s of CPU. A command is loaded by an import() of its own, with what it uses and nothing
// else: of a room's door, the names that are imported. (esbuild, which bundles the pages, follows whole files there: every
// command would load the network.)

import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from './bundle.js'

const cli = await bundle('cli', ['src/cli/main.ts', 'src/cli/sweep-child.ts'], {
  // Of ours in this process, one module is imported for what it does instead of what it exports.
  effects: /\/src\/(?!runtime\.ts)/,
  // Small ones that nearly every command needs: a chunk each would be a file each to find and read.
  groups: [{ name: 'common', test: /\/src\/(errors|json-schema|nearest|runtime|system-errors)\.ts$/ }],
})
chmodSync(join(cli, 'main.js'), 0o755)

// A thread, and what is imported in it later: all of one bundle, since they share a registry of tensors and a memory.
// `device` is what a module with jobs of its own imports; of such modules only the tests have one that is not bundled.
await bundle(
  'worker',
  {
    worker: 'src/learner/worker.ts',
    outside: 'src/learner/outside.ts',
    device: 'src/learner/device.ts',
    mixture: 'src/mixture/worker-module.ts',
    scalars: 'src/methods/scalars/worker-module.ts',
    audit: 'src/audit/inversion/worker-module.ts',
  },
  { effects: /\/src\/(?!runtime\.ts|learner\/)/ },
)
