import { HearsayError } from '../errors.js'
import { defaultMethod } from '../methods/index.js'
import { type Manifest, manifestForData, readManifestFile } from '../node/index.js'
import { number } from './command.js'
import { kindOf, topologyOf } from './kinds.js'
import { columnOf, type TableFlags, tableFields } from './table-flags.js'

/** The flags that change a manifest, as commander passes them. */
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
  readonly memory?: string
  readonly topology?: string
  readonly exchange?: string
  readonly merge?: string
  readonly gossipSteps?: number
  readonly acceleration?: string
  readonly rho?: number
  readonly momentum?: number
  readonly believe?: string
  readonly reputation?: string
  readonly epochs?: number
  readonly batch?: number
  readonly learningRate?: number
  readonly evaluateEvery?: number
  readonly mode?: string
}

/**
 * The manifest that a file and flags describe together; flags take precedence.
 *
 * @param file - without it the manifest is all defaults
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
      mode: flags.mode,
      believe: flags.believe,
      reputation: flags.reputation,
      partition: flags.partition === undefined ? undefined : kindOf(flags.partition, 'partition'),
      topology: topology?.spec,
      exchange: flags.exchange === undefined ? undefined : kindOf(flags.exchange, 'exchange'),
    }),
    data: {
      // Columns of the file's data set do not apply to another.
      ...(flags.data === undefined ? section(written.data, 'set') : { set: flags.data }),
      ...given({
        label: columnOf(flags.label),
        target: columnOf(flags.target),
        superResolution: flags.superResolution,
        peerColumn: columnOf(flags.peerColumn),
        ...tableFields(flags),
      }),
    },
    encoding: {
      ...(flags.encoding === undefined ? section(written.encoding, 'codec') : kindOf(flags.encoding, 'encoding')),
      ...given({ memory: flags.memory }),
    },
    model: {
      ...(flags.model === undefined ? section(written.model, 'kind') : modelOf(flags.model)),
      ...given({ head: flags.head }),
    },
    merge: {
      // The numbers of the file's method do not apply to another, and would be rejected there.
      ...(flags.merge === undefined ? section(written.merge ?? defaultMethod, 'method') : { method: flags.merge }),
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
  return manifestForData(stated, source)
}

/** A section as an object: a single word is the value of its main field. */
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

/**
 * A model as a section of the manifest: a built-in one by its name, with `:64` for the number of features before the
 * output; or a file, whose name contains a dot or a folder, as no built-in model's does.
 */
export function modelOf(text: string): Record<string, unknown> {
  if (/[./\\]/.test(text)) return { path: text }
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

/** The option of a built-in model that sets the width of its output layer's input. */
const featuresOf: Readonly<Record<string, (width: number) => object>> = {
  mlp: width => ({ hidden: [200, width] }),
  cnn: hidden => ({ hidden }),
  lenet5: features => ({ features }),
  resnet18: features => ({ features }),
  vgg11: features => ({ features }),
}
