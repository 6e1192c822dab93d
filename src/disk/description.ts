import * as z from 'zod'
import {
  channelsOf,
  classification,
  columnsSchema,
  type Dataset,
  dataLimits,
  inputSize,
  inputsOf,
  type Objective,
  type Standardisation,
  type TableSchema,
} from '../data/index.js'
import { HearsayError } from '../errors.js'
import { jsonIn } from '../json.js'
import { type ModelSpec, modelSchema } from '../learner/index.js'
import { type MethodSection, sectionSchema } from '../methods/index.js'
import { sharedSection } from '../node/index.js'
import { type HeadSection, type Layout, layoutOf } from '../tensors/index.js'
import { validate } from '../validation.js'

/*
 * What must be known about a peer's model besides its parameters, to use it without the data it was trained on: one
 * JSON file, the same for a simulated peer and for one in the field.
 */

const format = 'hearsay peer 1'

/** The largest file allowed: a user's topology of 16 MiB, and the columns of the widest table. */
export const descriptionBytes = 64 << 20

/** A peer's model without its parameters. */
export interface PeerDescription {
  /** The run's id, in hex. */
  readonly run: string
  readonly name: string
  /** The peer's id. */
  readonly id?: string | undefined
  readonly model: ModelSpec
  /** For a user's model: its topology, as its file contained it. */
  readonly topology?: unknown
  readonly layout: Layout
  readonly inputShape: readonly number[]
  /** Are inputs pixels, which are divided by 255? If not, they are numbers, taken unchanged. */
  readonly pixels: boolean
  /** For a table: which column becomes which inputs. */
  readonly table?: TableSchema | undefined
  /** In the order of the model's outputs; one name where numbers are learned. */
  readonly classes: readonly string[]
  readonly objective: Objective
  /** Applied to the model's inputs, and to the number that it predicts. */
  readonly standardisation: Standardisation
  /** The manifest's section `merge`: the method determines how the peer predicts. */
  readonly merge: MethodSection
  /** Which part of the model is shared, as in the manifest. */
  readonly share: string
}

/** What a description is made from. */
export interface DescriptionInit {
  readonly runId: Uint8Array
  readonly name: string
  readonly id?: string
  readonly model: ModelSpec
  /** For a user's model: the result of `readTopology`, called before a run, as the file may change meanwhile. */
  readonly topology?: unknown
  readonly layout: Layout
  readonly dataset: Dataset
  readonly standardisation: Standardisation
  /** @default the data set's */
  readonly objective?: Objective
  readonly merge: MethodSection
  readonly share: string
}

/** Describes a peer's model. */
export function describePeer(init: DescriptionInit): PeerDescription {
  const { runId, name, id, model, topology, layout, dataset, standardisation, merge, share } = init
  const { inputShape, classes, table, train } = dataset
  return {
    run: Buffer.from(runId).toString('hex'),
    name,
    id,
    model,
    topology,
    layout,
    inputShape,
    pixels: train.inputs instanceof Uint8Array,
    table,
    classes,
    objective: init.objective ?? dataset.objective ?? classification,
    standardisation,
    merge,
    share,
  }
}

/** Which part of the model is shared. */
export function sharedOf({ model, layout, share }: Pick<PeerDescription, 'model' | 'layout' | 'share'>): HeadSection {
  return sharedSection({ share }, layout, model.head)
}

const text = (most: number): z.ZodString => z.string().min(1).max(most)
const numbers = z.array(z.number()).min(1).max(dataLimits.columns)
const length = z
  .int()
  .min(1)
  .max(2 ** 30)
/** A model file may have 100,000 weights. */
const tensorLimit = 100_000

const schema = z.strictObject({
  format: z.literal(format),
  run: z.string().regex(/^[0-9a-f]{64}$/),
  name: text(1000),
  id: text(128).optional(),
  model: modelSchema,
  topology: z.unknown().optional(),
  layout: z
    .array(z.strictObject({ name: text(1000), shape: z.array(length).max(8) }))
    .min(1)
    .max(tensorLimit),
  inputShape: z.array(length).min(1).max(3),
  pixels: z.boolean(),
  table: z.strictObject({ header: z.boolean(), columns: columnsSchema }).optional(),
  classes: z
    .array(z.string().max(1 << 20))
    .min(1)
    .max(10_000),
  objective: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('classification') }),
    z.strictObject({
      kind: z.literal('regression'),
      target: z.string().max(1 << 20),
    }),
    z.strictObject({ kind: z.literal('super-resolution'), factor: z.int().min(2).max(64) }),
  ]),
  standardisation: z.strictObject({
    mean: numbers,
    std: numbers.refine(all => all.every(std => std > 0), 'must be more than 0'),
    target: z.strictObject({ mean: z.number(), std: z.number().positive() }).optional(),
  }),
  share: text(1000),
  merge: z.unknown(),
})

/** The description as the file's text. */
export function encodeDescription({ layout, standardisation, ...rest }: PeerDescription): string {
  const { mean, std, ...target } = standardisation
  const kept = {
    format,
    ...rest,
    layout: layout.tensors.map(({ name, shape }) => ({ name, shape })),
    standardisation: { mean: [...mean], std: [...std], ...target },
  }
  return `${JSON.stringify(kept, null, 1)}\n`
}

/**
 * Reads what {@link encodeDescription} wrote.
 *
 * @param source - the file's name in error messages
 * @throws {@link HearsayError} `RUN` when the text is not a description
 */
export function decodeDescription(json: string, source: string): PeerDescription {
  const wrong = (what: string): HearsayError => new HearsayError('RUN', what, { source })
  const value = jsonIn(json)
  if (value === undefined) throw wrong('is not JSON')
  const { format: _, layout, standardisation, merge: section, ...rest } = validate(schema, value, source, 'RUN')
  // Methods may have been registered since this module was loaded.
  const merge = validate(sectionSchema(), section, `${source}: merge`, 'RUN')
  const { mean, std, target } = standardisation
  const channels = channelsOf(rest.inputShape)
  if (mean.length !== channels || std.length !== channels) {
    throw wrong(`standardisation: has ${mean.length} and ${std.length} numbers; the inputs need ${channels}`)
  }
  if (rest.objective.kind === 'regression' && target === undefined) {
    throw wrong('standardisation.target: is missing; the number that is predicted is in units of it')
  }
  const inputs = rest.table && inputsOf(rest.table)
  if (inputs !== undefined && inputs !== inputSize(rest.inputShape)) {
    throw wrong(`table: its columns make ${inputs} inputs; the model takes ${inputSize(rest.inputShape)}`)
  }
  const places = layoutOf(layout)
  if (places.size > 2 ** 30) throw wrong(`layout: has ${places.size} numbers; at most ${2 ** 30} are read`)
  return {
    ...rest,
    merge,
    layout: places,
    standardisation: { mean: Float32Array.from(mean), std: Float32Array.from(std), ...(target && { target }) },
  }
}
