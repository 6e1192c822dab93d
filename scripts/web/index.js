// Bundles the pages' programs and styles, with everything in them, into dist/web; `npm run build` runs it.
//
//   node scripts/web/index.js

import { statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { licencesOf } from '../licences.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'web/report.tsx', out: 'report' },
    { in: 'web/audit.tsx', out: 'audit' },
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

const files = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [root + file] : [])),
)
writeFileSync(`${root}dist/web/LICENSES.txt`, licencesOf(files))
for (const name of Object.keys(metafile.outputs))
  if (statSync(root + name).size > 400_000) throw new Error(`${name} has grown beyond 400 kB`)
