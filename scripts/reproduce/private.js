import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { idOf, runMatrix } from './matrix.js'
import { writePage } from './page.js'
import { plot } from './plot.js'
import { cellsOf, manifestOf, sets } from './private-runs.js'
import { panels, tables } from './private-tables.js'

/**
 * Accuracy against ε, and what an attacker is left with: writes `private.md`, `private.svg` and `private.json`.
 *
 * @param {{ quick: boolean, resume: boolean, backend: string, out: string }} options - see dflmoe.js
 */
export async function privately({ quick, ...options }) {
  const { out } = options
  const missing = Object.values(sets).filter(({ run }) => run() === undefined)
  for (const { title } of missing) console.log(`${title}: left out, ../shared/data/mnist is not there`)
  const cells = cellsOf({ quick }).flatMap(cell => {
    const manifest = manifestOf(cell, { quick })
    return manifest === undefined ? [] : [{ cell, id: idOf(manifest), manifest }]
  })
  const { records, minutes } = await runMatrix({ name: 'private', program: 'private-child.js', cells }, options)
  const text = [...missing.map(({ title }) => `${title}: left out, it was not there.`), tables(records)].join('\n\n')
  console.log(`\n${text}\n\n${minutes.toFixed(1)} minutes; written to ${out}`)
  writeFileSync(join(out, 'private.svg'), plot('Accuracy, and the AUC of shadow models, by ε', panels(records)))
  writePage(join(out, 'private.md'), 'What privacy costs, and what it leaves', text)
}
