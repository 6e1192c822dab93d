import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { idOf, runMatrix } from './matrix.js'
import { writePage } from './page.js'
import { plot } from './plot.js'
import { cellsOf, sets, settingOf } from './robust-runs.js'
import { panels, tables } from './robust-tables.js'

/**
 * Runs every attack against every rule, a few runs at a time, and writes `robust.md`, `robust.svg` and `robust.json`.
 *
 * @param {{ quick: boolean, resume: boolean, backend: string, out: string }} options - see dflmoe.js
 */
export async function robust({ quick, ...options }) {
  const { out } = options
  const missing = Object.values(sets).filter(({ set }) => set() === undefined)
  for (const { title } of missing) console.log(`${title}: left out, ../shared/data/mnist is not there`)
  const cells = cellsOf({ quick }).flatMap(cell => {
    const setting = settingOf(cell, { quick })
    if (setting === undefined) return []
    const { manifest, attacks } = setting
    return [{ cell, id: idOf(setting), manifest, options: { attacks } }]
  })
  const { records, minutes } = await runMatrix({ name: 'robust', program: 'robust-child.js', cells }, options)
  const text = [...missing.map(({ title }) => `${title}: left out, it was not there.`), tables(records)].join('\n\n')
  console.log(`\n${text}\n\n${minutes.toFixed(1)} minutes; written to ${out}`)
  writeFileSync(
    join(out, 'robust.svg'),
    plot('Accuracy of honest peers under the attack that costs each rule the most', panels(records)),
  )
  writePage(join(out, 'robust.md'), 'Whom to believe: every attack against every rule', text)
}
