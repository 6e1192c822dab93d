import { dirname, resolve } from 'node:path'
import { stringify } from 'yaml'
import { HearsayError } from '../errors.js'
import { shown } from '../foreign.js'
import {
  checkedTopology,
  type Manifest,
  manifestForData,
  manifestSchema,
  readManifestFile,
  runIdOf,
} from '../node/index.js'
import { validate } from '../validation.js'
import { readYaml } from '../yaml.js'
import { placed } from './place.js'
import { type SweepSpec, sweepLimits, sweepSchema } from './schema.js'
import { type Combination, combinations, valuesOf } from './values.js'

/** A sweep as its file has it, with the base's manifest read. */
export interface Sweep extends Omit<SweepSpec, 'base'> {
  /** What errors call it. */
  readonly source: string
  /** As written, without defaults. */
  readonly base: Readonly<Record<string, unknown>>
}

/** One run of a sweep. */
export interface PlannedRun {
  /** Of its manifest, before the data have been read: names its folder. */
  readonly id: string
  readonly manifest: Manifest
  /** What it differs in from others: "topology ring, seed 2". May hold foreign text. */
  readonly label: string
}

/** The runs of a sweep, each once. */
export interface Plan {
  readonly runs: readonly PlannedRun[]
  /** How many combinations are the same run as an earlier one, as `ring` and `{ kind: ring }`. */
  readonly repeated: number
}

/**
 * Reads a sweep's file, and the manifest that it names.
 *
 * @throws {@link HearsayError} MANIFEST, naming file, place and field
 */
export async function readSweep(path: string): Promise<Sweep> {
  const { value, locate } = await readYaml(path, 'MANIFEST')
  const { base, ...spec } = validate(sweepSchema, value ?? {}, path, 'MANIFEST', locate)
  if (typeof base === 'string') {
    return { ...spec, source: path, base: (await readManifestFile(resolve(dirname(path), base))) as Sweep['base'] }
  }
  validate(manifestSchema(), base, path, 'MANIFEST', field => locate(['base', ...field]))
  return { ...spec, source: path, base }
}

/** The sweep as a file that needs no other. */
export function sweepYaml({ source: _, ...sweep }: Sweep): string {
  return stringify(sweep, { lineWidth: 0 })
}

/**
 * Works out all runs, and checks each, before the first is begun.
 *
 * @throws {@link HearsayError}, naming the combination and the field; the signal's reason
 */
export async function planRuns(sweep: Sweep, signal: AbortSignal): Promise<Plan> {
  const fields = Object.entries(sweep.vary).map(([path, values]) => [path, valuesOf(values)] as const)
  const seeds = typeof sweep.seeds === 'number' ? Array.from({ length: sweep.seeds }, (_, i) => i + 1) : sweep.seeds
  const count = fields.reduce((product, [, values]) => product * values.length, seeds?.length ?? 1)
  if (count > sweepLimits.runs) {
    throw new HearsayError('MANIFEST', `makes ${count.toLocaleString('en')} runs; at most ${sweepLimits.runs}`, {
      source: sweep.source,
    })
  }
  const runs = new Map<string, PlannedRun>()
  for (const combination of combinations(fields)) {
    signal.throwIfAborted()
    const manifest = await manifestOf(sweep, combination)
    for (const seed of seeds ?? [manifest.seed]) {
      const own = { ...manifest, seed }
      const id = plannedId(own)
      const named = seeds === undefined ? combination : [...combination, ['seed', seed] as const]
      if (!runs.has(id)) runs.set(id, { id, manifest: own, label: labelOf(named) })
    }
  }
  return { runs: [...runs.values()], repeated: count - runs.size }
}

async function manifestOf({ source, base }: Sweep, combination: Combination): Promise<Manifest> {
  const where = combination.length === 0 ? source : `${source} (${labelOf(combination)})`
  const manifest = await manifestForData(placed(base, combination), where)
  try {
    checkedTopology(manifest, manifest.peers)
  } catch (error) {
    if (!(error instanceof HearsayError)) throw error
    throw new HearsayError(error.code, error.message, { source: where, cause: error })
  }
  return manifest
}

/** Digits of a hash that tell 10,000 runs apart: two of them are alike with a probability of 3 in a trillion. */
const idDigits = 16

function plannedId(manifest: Manifest): string {
  return Buffer.from(runIdOf(manifest)).toString('hex').slice(0, idDigits)
}

/**
 * Is this the manifest of a planned run? How inputs are standardised may have been filled in since, from the data.
 */
export function isOfPlan(manifest: Manifest, { id, manifest: planned }: PlannedRun): boolean {
  const { standardise: _, ...data } = manifest.data
  const { standardise } = planned.data
  return plannedId({ ...manifest, data: { ...data, ...(standardise !== undefined && { standardise }) } }) === id
}

/** A section with many fields would be the whole line. */
const valueLimit = 60

function labelOf(combination: Combination): string {
  return combination.map(([path, value]) => `${path} ${valueText(value)}`).join(', ')
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
  return shown(text, valueLimit)
}
