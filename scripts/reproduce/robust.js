import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writePage } from './page.js'
import { plot } from './plot.js'
import { cellsOf, idOf, sets, settingOf } from './robust-runs.js'
import { panels, tables } from './robust-tables.js'
import { sideBySide } from './side-by-side.js'

/** So often it tells how far it is. */
const toldEvery = 25

/**
 * Runs every attack against every rule, a few runs at a time, and writes `robust.md`, `robust.svg` and `robust.json`.
 *
 * @param {{ quick: boolean, resume: boolean, backend: string, out: string }} options - see dflmoe.js
 */
export async function robust({ quick, resume, backend, out }) {
  mkdirSync(out, { recursive: true })
  const path = join(out, 'robust.json')
  const records = resume && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).runs : []
  const known = new Set(records.map(({ id }) => id))
  const missing = Object.values(sets).filter(({ set }) => set() === undefined)
  for (const { title } of missing) console.log(`${title}: left out, ../shared/data/mnist is not there`)
  const cells = cellsOf({ quick }).flatMap(cell => {
    const setting = settingOf(cell, { quick })
    return setting === undefined ? [] : [{ cell, setting, id: idOf(setting) }]
  })
  const startedAt = performance.now()
  const minutes = () => (performance.now() - startedAt) / 60_000
  const jobs = cells
    .filter(({ id }) => !known.has(id))
    .map(({ cell, setting: { manifest, attacks }, id }) => ({
      ...{ cell, id, manifest },
      options: { attacks, workers: 1, backend: backend === 'auto' ? 'wasm' : backend },
    }))
  const before = records.length
  console.log(`${jobs.length} runs`)
  await sideBySide('robust-child.js', jobs, availableParallelism(), ({ cell, id }, figures) => {
    records.push({ ...cell, id, ...figures })
    const done = records.length - before
    if (done % toldEvery !== 0 && done !== jobs.length) return
    writeFileSync(path, jsonOf(records))
    console.log(
      `${done} of ${jobs.length}, ${minutes().toFixed(1)} of ${((minutes() * jobs.length) / done).toFixed(0)} minutes`,
    )
  })
  const ids = new Set(cells.map(({ id }) => id))
  const own = records.filter(({ id }) => ids.has(id))
  const text = [...missing.map(({ title }) => `${title}: left out, it was not there.`), tables(own)].join('\n\n')
  console.log(`\n${text}\n\n${minutes().toFixed(1)} minutes; written to ${out}`)
  writeFileSync(
    join(out, 'robust.svg'),
    plot('Accuracy of honest peers under the attack that costs each rule the most', panels(own)),
  )
  writePage(join(out, 'robust.md'), 'Whom to believe: every attack against every rule', text)
}

/** A run a line, for a diff that can be read; in an order that does not depend on which came first. */
function jsonOf(records) {
  const lines = records.map(record => JSON.stringify(record)).sort()
  return `{ "runs": [\n${lines.join(',\n')}\n] }\n`
}
