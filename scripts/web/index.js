// Bundles the pages' programs and styles, with everything in them, into dist/web; `npm run build` runs it.
//
//   node scripts/web/index.js

import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Packages of which something is in the bundles: their licences ask that their texts go with it. */
const inside = ['d3-dispatch', 'd3-force', 'd3-quadtree', 'd3-timer', 'preact', 'uplot']

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'web/report.tsx', out: 'report' },
    { in: 'web/compare.tsx', out: 'compare' },
    { in: 'web/dashboard.tsx', out: 'dashboard' },
    { in: 'web/pages.css', out: 'report' },
  ],
  outdir: 'dist/web',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  // In LICENSES.txt, which lies beside the bundles, the texts are whole.
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  metafile: true,
  logLevel: 'warning',
})

const found = [
  ...new Set(
    Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([file, { bytesInOutput }]) =>
        bytesInOutput > 0 ? (file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []) : [],
      ),
    ),
  ),
].sort()
const unnamed = found.filter(name => !inside.includes(name))
if (unnamed.length > 0) throw new Error(`scripts/web/index.js: ${unnamed.join(', ')} is bundled without its licence`)
const licences = found.map(name => `${name}\n\n${readFileSync(`${root}node_modules/${name}/LICENSE`, 'utf8').trim()}\n`)
writeFileSync(`${root}dist/web/LICENSES.txt`, licences.join(`\n${'-'.repeat(72)}\n\n`))
for (const name of Object.keys(metafile.outputs))
  if (statSync(root + name).size > 400_000) throw new Error(`${name} has grown beyond 400 kB`)
