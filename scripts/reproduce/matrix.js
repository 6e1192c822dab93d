import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { sideBySide } from './side-by-side.js'

/** So often it tells how far it is. */
const toldEvery = 12

/**
 * Runs the cells of a matrix, a few at a time, and keeps what each has given in `<name>.json`, from where `resume` goes on.
 *
 * @param {{ name: string, program: string, cells: readonly { cell: object, id: string, manifest: object, options?: object }[] }} matrix -
 *   `id` tells a cell's run apart from every other; `program`: see {@link sideBySide}
 * @param {{ resume: boolean, backend: string, out: string, minutes?: number }} options - see dflmoe.js; after so
 *   many `minutes` no further run is begun
 * @returns the records of these cells, and how many minutes it took
 */
export async function runMatrix(
  { name, program, cells },
  { resume, backend, out, minutes: most = Number.POSITIVE_INFINITY },
) {
  mkdirSync(out, { recursive: true })
  const path = join(out, `${name}.json`)
  const records = resume && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).runs : []
  const known = new Set(records.map(({ id }) => id))
  const startedAt = performance.now()
  const minutes = () => (performance.now() - startedAt) / 60_000
  const jobs = cells
    .filter(({ id }) => !known.has(id))
    .map(({ options, ...job }) => ({
      ...job,
      options: { ...options, workers: 1, backend: backend === 'auto' ? 'wasm' : backend },
    }))
  const before = records.length
  console.log(`${jobs.length} runs`)
  function* inTime() {
    for (const job of jobs) {
      if (minutes() >= most) return
      yield job
    }
  }
  const processes = Math.min(availableParallelism(), jobs.length)
  await sideBySide(program, inTime(), processes, ({ cell, id }, figures) => {
    records.push({ ...cell, id, ...figures })
    const done = records.length - before
    if (done % toldEvery !== 0) return
    writeFileSync(path, jsonOf(records))
    console.log(
      `${done} of ${jobs.length}, ${minutes().toFixed(1)} of ${((minutes() * jobs.length) / done).toFixed(0)} minutes`,
    )
  })
  writeFileSync(path, jsonOf(records))
  const ids = new Set(cells.map(({ id }) => id))
  return { records: records.filter(({ id }) => ids.has(id)), minutes: minutes() }
}

/** A run a line, for a diff that can be read; in an order that does not depend on which came first. */
function jsonOf(records) {
  const lines = records.map(record => JSON.stringify(record)).sort()
  return `{ "runs": [\n${lines.join(',\n')}\n] }\n`
}

/** What tells the run of a setting apart from every other: it is taken up again under this. */
export function idOf(setting) {
  return createHash('sha256').update(JSON.stringify(setting)).digest('hex').slice(0, 16)
}
