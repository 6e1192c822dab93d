// Bundles the command line, with the packages that it needs, into dist/cli; `npm run build` runs it.
//
//   node scripts/program/index.js
//
// To find and read 800 modules costs Node a second and a half, which every command would take before its first line. A
// command is loaded by an import() of its own, with what it uses and nothing else: of a room's door, the names that are
// imported. (esbuild, which bundles the pages, follows whole files there: every command would load the network.)

import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { licencesOf } from '../licences.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dir = join(root, 'dist', 'cli')

rmSync(dir, { recursive: true, force: true })
const { output } = await build({
  cwd: root,
  input: ['src/cli/main.ts', 'src/cli/sweep-child.ts'],
  platform: 'node',
  // Native code, and packages that read files of their own. Workers are no part of the bundle.
  external: [/^@tensorflow\//, 'open', 'sharp', 'webgpu'],
  transform: { target: 'node20.19' },
  treeshake: {
    // Of ours in this process, one module is imported for what it does instead of what it exports.
    moduleSideEffects: [{ test: /\/src\/(?!runtime\.ts)/, sideEffects: false }],
  },
  // Every chunk lies as deep as the modules of a room, which find the package's files by their own place.
  output: {
    comments: false,
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: {
      // Small ones that nearly every command needs: a chunk each would be a file each to find and read.
      groups: [{ name: 'common', test: /\/src\/(errors|json-schema|nearest|runtime|system-errors)\.ts$/ }],
    },
  },
  checks: { circularDependency: false },
  logLevel: 'warn',
})
const files = output.flatMap(chunk => ('moduleIds' in chunk ? chunk.moduleIds : []))
writeFileSync(join(dir, 'LICENSES.txt'), licencesOf(files))
chmodSync(join(dir, 'main.js'), 0o755)
