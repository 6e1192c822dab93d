import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cellsOf, manifestOf, sets } from './bytes-runs.js'
import { panels, tables } from './bytes-tables.js'
import { idOf, runMatrix } from './matrix.js'
import { writePage } from './page.js'
import { scatter } from './scatter.js'

/**
 * Accuracy against the bytes that a peer sends, of everything that is made to send less: writes `bytes.md`, `bytes.svg` and
 * `bytes.json`.
 *
 * @param {{ quick: boolean, resume: boolean, backend: string, out: string, minutes: number }} options - see
 *   dflmoe.js; after `minutes` the page is made of the runs that there are, and `resume` goes on
 */
export async function bytes({ quick, ...options }) {
  const { out } = options
  const folders = {}
  for (const [name, { set }] of Object.entries(sets)) folders[name] = await set()
  const missing = Object.entries(sets).filter(([name]) => folders[name] === undefined)
  for (const [, { title }] of missing) console.log(`${title}: left out, it is not in ../shared/data`)
  const cells = cellsOf({ quick })
    .filter(({ set }) => folders[set] !== undefined)
    .map(cell => {
      const manifest = manifestOf(cell, folders[cell.set], { quick })
      return { cell, id: idOf(manifest), manifest }
    })
  const { records, minutes } = await runMatrix({ name: 'bytes', program: 'bytes-child.js', cells }, options)
  const text = [
    ...missing.map(([, { title }]) => `${title}: left out, it was not there.`),
    tables(records),
    timeOf(records, cells.length),
  ].join('\n\n')
  console.log(`\n${text}\n\n${minutes.toFixed(1)} minutes; written to ${out}`)
  writeFileSync(join(out, 'bytes.svg'), scatter('Accuracy against the bytes that a peer sends', panels(records)))
  writePage(join(out, 'bytes.md'), 'What fewer bytes cost', text)
}

/** What the runs took. CPU time is that of whoever shares the cores, too, as far as it slows their caches and threads. */
function timeOf(records, all) {
  const minutes = records.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / 60
  return `${records.length} of ${all} runs, ${minutes.toFixed(0)} minutes of CPU time.`
}
