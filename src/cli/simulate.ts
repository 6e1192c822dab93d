import { join } from 'node:path'
import {
  createRunFolder,
  type Lock,
  lockFolder,
  makeRunFolder,
  mustBeVacant,
  readKeptOptions,
  reopenRunFolder,
} from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import type { backendSchema } from '../learner/index.js'
import { parseManifest, readManifestFile } from '../node/index.js'
import { parseFault, type Transport } from '../simulate/index.js'
import type { Run, Terminal } from './command.js'
import type { OutletFlags } from './outlets.js'
import { manifestFrom, type RunFlags } from './run-flags.js'
import { runIn } from './simulation-run.js'

interface SimulateOptions extends RunFlags, OutletFlags {
  readonly backend: (typeof backendSchema.options)[number]
  readonly transport: Transport
  readonly port: number
  readonly workers?: number
  readonly out?: string
  readonly baselines: boolean
  readonly fail?: readonly string[]
  readonly attack?: readonly string[]
  readonly disconnect?: number
  readonly resume?: string
  readonly json?: boolean
}

export const run: Run<SimulateOptions> = async ([file], options, terminal) => {
  if (options.resume !== undefined) return goOn(options.resume, file, options, terminal)
  const asked = await manifestFrom(file, options)
  const faults = (options.fail ?? []).map(text => parseFault(text, asked.peers, asked.rounds))
  if (options.out !== undefined) await mustBeVacant(options.out)
  const { resume: _, attack: attacks = [], ...begun } = options
  let lock: Lock | undefined
  try {
    return await runIn(asked, { ...begun, faults, attacks }, terminal, async ({ prepared }) => {
      const { runId, manifest } = prepared
      const path = options.out ?? (await makeRunFolder(Buffer.from(runId).toString('hex'), new Date()))
      const folder = await createRunFolder(path, manifest)
      // Another process must not resume the run while it runs.
      if (options.out !== undefined) lock = await lockFolder(path, terminal.signal)
      return folder
    })
  } finally {
    await lock?.release()
  }
}

/** Resumes a run whose process has ended. */
async function goOn(
  path: string,
  file: string | undefined,
  options: SimulateOptions,
  terminal: Terminal,
): Promise<number> {
  const given = givenBeside(options)
  if (file !== undefined || given.length > 0) {
    const what = file ?? given.map(name => `--${name}`).join(', ')
    throw new HearsayError('USAGE', `goes on as it was begun; leave out ${what}`, { field: '--resume', value: path })
  }
  const manifestPath = join(path, 'manifest.yaml')
  const { disconnect, ...kept } = await readKeptOptions(path)
  const manifest = parseManifest(await readManifestFile(manifestPath), manifestPath)
  const lock = await lockFolder(path, terminal.signal)
  try {
    const tell = (line: string): void => void terminal.stderr.write(`${shown(line, 1000)}\n`)
    const resumed = {
      ...kept,
      ...(disconnect !== undefined && { disconnect }),
      resume: { folder: path, tell },
      out: path,
      ...(options.json && { json: true }),
      ...(options.tensorboard && { tensorboard: true }),
      ...(options.metrics && { metrics: options.metrics }),
      ...(options.watch !== undefined && { watch: options.watch }),
      ...(options.open && { open: true }),
    }
    return await runIn(manifest, resumed, terminal, ({ rounds }) => reopenRunFolder(path, rounds))
  } finally {
    await lock.release()
  }
}

/** Flags that would change a run that has begun: all but those for what shows it. */
function givenBeside(options: SimulateOptions): string[] {
  const { resume, json, watch, open, tensorboard, metrics, backend, transport, port, baselines, ...others } = options
  const given = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [kebab(name)]))
  if (backend !== 'auto') given.push('backend')
  if (transport !== 'tcp') given.push('transport')
  if (port !== 0) given.push('port')
  if (!baselines) given.push('no-baselines')
  return given
}

/** A flag as it is typed, from the name of its option. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}
