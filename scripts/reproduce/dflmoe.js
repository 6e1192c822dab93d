import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseManifest, runIdOf } from '../../dist/index.js'
import { runs, settingOf } from './dflmoe-runs.js'
import { panels, tables } from './dflmoe-tables.js'
import { writePage } from './page.js'
import { plot } from './plot.js'
import { run } from './run.js'

/**
 * Runs everything for every seed, one after another, and writes `dflmoe.md`, `dflmoe.svg` and `dflmoe.json`.
 *
 * @param {{ quick: boolean, resume: boolean, backend: string, out: string }} options - `resume` takes the runs that
 *   `dflmoe.json` already has, for a command that was cut off; it does not notice that the code has changed since
 */
export async function dflmoe({ quick, resume, backend, out }) {
  const seeds = quick ? [1] : [1, 2, 3]
  mkdirSync(out, { recursive: true })
  const path = join(out, 'dflmoe.json')
  const records = resume && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).runs : []
  const startedAt = performance.now()
  for (const seed of seeds) {
    for (const name of Object.keys(runs)) {
      const { manifest, ...faults } = settingOf(name, seed, { quick })
      const id = Buffer.from(runIdOf(parseManifest(manifest)))
        .toString('hex')
        .slice(0, 16)
      if (records.some(record => record.name === name && record.id === id)) continue
      const figures = await run(manifest, { backend, ...faults })
      records.push({ name, seed, id, ...figures })
      writeFileSync(path, jsonOf(records))
      const accuracy = figures.accuracy.map(value => (value === null ? '–' : (value * 100).toFixed(1))).join(' ')
      console.log(`seed ${seed}  ${name.padEnd(21)} ${accuracy}  ${figures.seconds} s`)
    }
  }
  const minutes = (performance.now() - startedAt) / 60_000
  const text = tables(records, seeds)
  console.log(`\n${text}\n\n${minutes.toFixed(1)} minutes; written to ${out}`)
  writeFileSync(
    join(out, 'dflmoe.svg'),
    plot('Accuracy of each row, mean and standard deviation over the seeds', panels(records, seeds)),
  )
  writePage(join(out, 'dflmoe.md'), 'dFLMoE: the relations of the paper, run again', text)
}

/** A run a line, for a diff that can be read. */
function jsonOf(records) {
  return `{ "runs": [\n${records.map(record => JSON.stringify(record)).join(',\n')}\n] }\n`
}
