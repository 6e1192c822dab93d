import { loadDataset } from '../data/index.js'
import { HearsayError } from '../errors.js'
import { defaultMerge, defaultModel, type Manifest, parseManifest, readManifestFile } from '../node/index.js'
import { readTopologyFile } from '../topology/index.js'
import { type Flag, number } from './command.js'
import { columnOf, type TableFlags, tableFields, tableFlags } from './table-flags.js'

/** The flags that change a manifest, as commander hands them over. */
export interface RunFlags extends TableFlags {
  readonly peers?: number
  readonly rounds?: number
  readonly seed?: number
  readonly data?: string
  readonly label?: string
  readonly target?: string
  readonly superResolution?: number
  readonly peerColumn?: string
  readonly partition?: string
  readonly model?: string
  readonly models?: string
  readonly head?: string
  readonly share?: string
  readonly encoding?: string
  readonly topology?: string
  readonly merge?: string
  readonly gossipSteps?: number
  readonly acceleration?: string
  readonly rho?: number
  readonly momentum?: number
  readonly epochs?: number
  readonly batch?: number
  readonly learningRate?: number
  readonly evaluateEvery?: number
  readonly mode?: string
}

/** Data and its partition: what `data` and `simulate` have in common. */
export const dataFlags: readonly Flag[] = [
  {
    flags: '--label <column>',
    description: 'tables: the column with the label, by name or number from 1 (default: the last)',
  },
  { flags: '--target <column>', description: 'tables: the column with a number to predict, instead of a label' },
  {
    flags: '--super-resolution <factor>',
    description: 'images: learn to restore them from 1 / factor of their resolution, with --model sr',
    parse: number('--super-resolution'),
  },
  { flags: '--peer-column <column>', description: 'tables: the column that says whose row it is' },
  ...tableFlags,
  {
    flags: '--partition <kind[:number]>',
    description:
      'how samples are dealt: iid, dirichlet:0.3 (alpha), pathological:2 (classes a peer), quantity:0.5 (alpha), resolution, natural',
  },
  {
    flags: '--peers <number>',
    description: 'how many peers (default: 8, or as many as the data set has)',
    parse: number('--peers'),
  },
  { flags: '--seed <number>', description: 'decides everything random (default: 1)', parse: number('--seed') },
]

export const runFlags: readonly Flag[] = [
  { flags: '--rounds <number>', description: 'rounds of training and gossip (default: 10)', parse: number('--rounds') },
  {
    flags: '--data <set or path>',
    description:
      'pneumoniamnist, heart-disease, digits; or your own: IDX, NPZ, CIFAR-10, CSV, a folder of images by class',
  },
  ...dataFlags,
  {
    flags: '--model <name or path>',
    description:
      'logistic, mlp, lenet5, cnn, sr, or the path of your own model.json; cnn:64 for 64 features before the output (default: cnn)',
  },
  { flags: '--models <list>', description: 'for a mixture, bodies of the peers in turn, like cnn:64,mlp:64,lenet5:64' },
  { flags: '--head <layer>', description: 'the layer with which the head begins' },
  { flags: '--share <part>', description: 'what is shared: all, head, or a layer from which on (default: all)' },
  {
    flags: '--encoding <kind>',
    description: 'of what is shared on its way: f32, bf16 or f16 for half the bytes, int8 for a quarter (default: f32)',
  },
  {
    flags: '--topology <kind[:number] or file>',
    description:
      'ring, line, star, grid, torus, exponential, one-peer-exponential, full, random-regular:4, erdos-renyi:0.3, watts-strogatz:4, or a YAML file (default: ring)',
  },
  {
    flags: '--merge <method>',
    description: 'dfedsam, dfedsam-mgs, dfedavg, dfedavgm, dpsgd, mixture, none (default: dfedsam)',
  },
  {
    flags: '--gossip-steps <number>',
    description: 'exchanges a round, with dfedsam-mgs',
    parse: number('--gossip-steps'),
  },
  { flags: '--acceleration <kind>', description: 'of gossip steps: plain or chebyshev' },
  { flags: '--rho <number>', description: 'radius of SAM', parse: number('--rho') },
  { flags: '--momentum <number>', description: 'of local training', parse: number('--momentum') },
  {
    flags: '--epochs <number>',
    description: 'passes over the own data a round (default: 1)',
    parse: number('--epochs'),
  },
  { flags: '--batch <number>', description: 'samples in a step (default: 32)', parse: number('--batch') },
  { flags: '--learning-rate <number>', description: 'in the first round', parse: number('--learning-rate') },
  { flags: '--mode <kind>', description: 'sync, or async: nobody waits for anybody (default: sync)' },
  {
    flags: '--evaluate-every <rounds>',
    description: 'test the models every so many rounds, and after the last (default: 1)',
    parse: number('--evaluate-every'),
  },
]

/** The one number that a kind may be given after a colon: "dirichlet:0.1". */
const numberOfKind: Readonly<Record<string, string>> = {
  dirichlet: 'alpha',
  quantity: 'alpha',
  pathological: 'classes',
  'random-regular': 'degree',
  'erdos-renyi': 'probability',
  'watts-strogatz': 'neighbours',
  grid: 'rows',
  torus: 'rows',
}

/**
 * The manifest that a file and flags ask for together; flags win.
 *
 * @param file - left out, the manifest is all defaults
 */
export async function manifestFrom(file: string | undefined, flags: RunFlags): Promise<Manifest> {
  const written = file === undefined ? {} : ((await readManifestFile(file)) as Record<string, unknown>)
  const topology = flags.topology === undefined ? undefined : await topologyOf(flags.topology)
  const manifest = {
    ...written,
    ...given({
      peers: flags.peers ?? topology?.peers,
      rounds: flags.rounds,
      seed: flags.seed,
      share: flags.share,
      models: flags.models?.split(',').map(modelOf),
      encoding: flags.encoding,
      mode: flags.mode,
      partition: flags.partition === undefined ? undefined : kindOf(flags.partition),
      topology: topology?.spec,
    }),
    data: {
      // Columns of the file's data set mean nothing in another.
      ...(flags.data === undefined ? section(written.data, 'set') : { set: flags.data }),
      ...given({
        label: columnOf(flags.label),
        target: columnOf(flags.target),
        superResolution: flags.superResolution,
        peerColumn: columnOf(flags.peerColumn),
        ...tableFields(flags),
      }),
    },
    model: {
      ...(flags.model === undefined ? section(written.model ?? defaultModel, 'kind') : modelOf(flags.model)),
      ...given({ head: flags.head }),
    },
    merge: {
      // The numbers of the file's method mean nothing in another, and would be refused there.
      ...(flags.merge === undefined ? section(written.merge ?? defaultMerge, 'method') : { method: flags.merge }),
      ...given({
        gossipSteps: flags.gossipSteps,
        acceleration: flags.acceleration,
        rho: flags.rho,
        momentum: flags.momentum,
      }),
    },
    training: {
      ...section(written.training, 'epochs'),
      ...given({ epochs: flags.epochs, batch: flags.batch, learningRate: flags.learningRate }),
    },
    evaluation: { ...section(written.evaluation, 'every'), ...given({ every: flags.evaluateEvery }) },
  }
  const source = file === undefined ? 'the command line' : `${file} with the command line`
  const stated = Object.fromEntries(Object.entries(manifest).filter(([, value]) => !isEmpty(value)))
  const parsed = parseManifest(stated, source)
  if (parsed.partition.kind !== 'natural' || 'peers' in stated) return parsed
  // Only the data knows how many there are.
  const { naturalPeers } = await loadDataset(parsed.data, parsed.seed)
  return naturalPeers === undefined ? parsed : { ...parsed, peers: naturalPeers.names.length }
}

/** A section as an object: one that is a single word stands for its main field. */
function section(value: unknown, mainField: string): object {
  if (typeof value === 'string') return { [mainField]: value }
  return (value as object | undefined) ?? {}
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** "dirichlet:0.1" as a section of the manifest. */
function kindOf(text: string): Record<string, unknown> {
  const [kind, value, ...rest] = text.split(':')
  if (value === undefined) return { kind }
  const field = numberOfKind[kind!]
  if (field === undefined || rest.length > 0) {
    const having = Object.keys(numberOfKind).join(', ')
    throw new HearsayError('USAGE', `"${text}": a number after the colon goes with ${having}`)
  }
  return { kind, [field]: number(`"${text}"`)(value) }
}

async function topologyOf(text: string): Promise<{ spec: unknown; peers?: number }> {
  return /\.ya?ml$/i.test(text) ? readTopologyFile(text) : { spec: kindOf(text) }
}

/**
 * A model as a section of the manifest: a built-in one by its name, with `:64` if its features in front of the output are
 * to be so many; or a `model.json`.
 */
export function modelOf(text: string): Record<string, unknown> {
  if (/\.json$/i.test(text)) return { path: text }
  const [kind, width, ...rest] = text.split(':')
  if (width === undefined) return { kind }
  const option = featuresOf[kind!]
  if (option === undefined || rest.length > 0) {
    throw new HearsayError(
      'USAGE',
      `"${text}": a width after the colon goes with ${Object.keys(featuresOf).join(', ')}`,
    )
  }
  return { kind, ...option(number(`"${text}"`)(width)) }
}

/** Which option of a built-in model is the width of what enters its output layer. */
const featuresOf: Readonly<Record<string, (width: number) => object>> = {
  mlp: width => ({ hidden: [200, width] }),
  cnn: hidden => ({ hidden }),
  lenet5: features => ({ features }),
  resnet18: features => ({ features }),
  vgg11: features => ({ features }),
}
