import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { vi } from 'vitest'
import { isLockFile } from '../../src/disk/index.js'
import { type Ended, readRun, startHearsay, temporaryFolder } from './hearsay.js'

/** A sweep in a folder of its own. */
export interface Sweep {
  readonly out: string
  /** Runs the command to its end. */
  run(...flags: string[]): Promise<Ended>
  /** Kills it, or interrupts it, once so many runs are done, or begun. */
  end(by: NodeJS.Signals, at: 'begun' | 'done', count: number, ...flags: string[]): Promise<Ended>
  /** Resolves when no run goes on. */
  quiet(): Promise<void>
}

/** Methods with so many seeds, each run a second or two, most of which is starting. */
export async function sweepOf(methods: readonly string[], seeds: number): Promise<Sweep> {
  const cwd = await temporaryFolder()
  const base = 'base: { data: digits, model: logistic, partition: iid, peers: 2, rounds: 4 }'
  await writeFile(join(cwd, 'sweep.yaml'), `${base}\nvary: { merge: [${methods}] }\nseeds: ${seeds}\n`)
  const start = (flags: readonly string[]) =>
    startHearsay(['sweep', 'sweep.yaml', '--out', 'out', '--jobs', '2', '--backend', 'wasm', ...flags], cwd)
  const out = join(cwd, 'out')
  return {
    out,
    run: (...flags) => start(flags).ended,
    async end(by, at, count, ...flags) {
      const { child, says, ended } = start(flags)
      await says(new RegExp(`(^${at} .*?){${count}}`, 'ms'))
      child.kill(by)
      return ended
    },
    async quiet() {
      const claims = async (): Promise<string[]> => {
        const files = await readdir(join(out, 'runs'), { recursive: true })
        return files.filter(file => isLockFile(file.split('/').at(-1)!))
      }
      await vi.waitUntil(async () => (await claims()).length === 0, { timeout: 60_000, interval: 50 })
    },
  }
}

/** All that two sweeps of the same runs must have in common: the table without its times, and every peer's model. */
export async function tableOf({ out }: Sweep): Promise<unknown> {
  const rows = parse(await readFile(join(out, 'comparison.csv')), { columns: true, bom: true }) as Record<
    string,
    string
  >[]
  const models = new Map<string, unknown>()
  for (const id of (await readdir(join(out, 'runs'))).sort()) {
    const { parameters, summary } = await readRun(join(out, 'runs', id))
    models.set(id, [summary.accuracy, summary.consensusDistance, [...parameters]])
  }
  const isOfTime = (name: string): boolean => /second|time|folder/i.test(name)
  return [rows.map(row => Object.entries(row).filter(([name]) => !isOfTime(name))), models]
}
