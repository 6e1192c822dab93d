import * as z from 'zod'
import { jsonIn } from '../json.js'
import { type KeptState, keptArrivalsSchema } from '../node/index.js'
import {
  type Layout,
  layoutOf,
  safetensorsHeader,
  safetensorsLimits,
  sameLayout,
  type TensorPlace,
} from '../tensors/index.js'

/*
 * One checkpoint is one safetensors file, which any tool for that format opens, with all that a peer needs to resume:
 *
 *   <tensor>                  the whole model, in the order of its layout
 *   before:<tensor>           of a merged model: its shared part as it was before the merge
 *   kept:<name>               what the method keeps
 *   head:<peer id>/<tensor>   the heads that others have published
 *
 * The format's own metadata contains run, round and peer name, and as JSON everything that is not a tensor.
 */

/** Bounds of what a checkpoint contains besides the model. A test asserts each. */
export const checkpointLimits = {
  /** Size of the file's header: thousands of heads of a few tensors each have more tensors than a model. */
  headerBytes: 32 << 20,
  /** Size of everything that is not a tensor, as JSON. */
  aboutBytes: 2 << 20,
  nameLength: 1000,
  roundDigits: 7,
  /** Tensors that a method keeps: two for each peer that it may keep state of, and room for its own. */
  keptTensors: 8192,
  /** Numbers in these tensors: half the largest file. */
  keptSize: 2 ** 29,
  /** Heads of others: as many as a peer holds. */
  heads: 2048,
  /** Kinds of numbers that a method keeps, and how many of each. */
  numberKinds: 64,
  numbersOfAKind: 4096,
} as const

const prefixes = { before: 'before:', kept: 'kept:', head: 'head:' } as const
const format = 'hearsay checkpoint 2'

const metadataSchema = z.strictObject({
  format: z.literal(format),
  run: z.string().regex(/^[0-9a-f]{64}$/),
  round: z
    .string()
    .regex(new RegExp(`^\\d{1,${checkpointLimits.roundDigits}}$`))
    .transform(Number),
  name: z.string().min(1).max(checkpointLimits.nameLength),
  about: z.string().max(checkpointLimits.aboutBytes),
})

const aboutSchema = z.strictObject({
  /** Does the file contain the shared part as it was before the merge? */
  before: z.boolean(),
  numbers: z
    .record(
      z.string().max(64),
      // JSON cannot represent numbers that are not finite.
      z
        .array(
          z
            .number()
            .nullable()
            .transform(value => value ?? Number.NaN),
        )
        .max(checkpointLimits.numbersOfAKind),
    )
    .refine(kinds => Object.keys(kinds).length <= checkpointLimits.numberKinds, 'has too many kinds'),
  heads: z
    .array(
      z.strictObject({
        peer: z.string().min(1).max(128),
        name: z.string().max(checkpointLimits.nameLength).optional(),
        round: z.int().min(0),
      }),
    )
    .max(checkpointLimits.heads),
  /** When the others came. */
  arrivals: keptArrivalsSchema.optional(),
})

/** A peer between two rounds. */
export interface Checkpoint extends KeptState {
  /** The next round to train, from 0. */
  readonly round: number
  /** The peer's name. */
  readonly name: string
  /** The whole model, body and head. */
  readonly parameters: Float32Array
}

/** What all checkpoints of a folder have in common. */
export interface CheckpointKind {
  /** The run's id, 32 bytes. */
  readonly runId: Uint8Array
  /** The whole model's layout. */
  readonly layout: Layout
  /** The layout of the model's shared part. */
  readonly head: Layout
}

/** The contents of a checkpoint's file. */
export interface CheckpointContents {
  /** The layout of all tensors, in file order. */
  readonly layout: Layout
  /** The file's first bytes. */
  readonly header: Uint8Array
  /** All numbers, one vector after another; none is a copy. */
  readonly vectors: readonly Float32Array[]
}

/** @throws RangeError for a checkpoint that would be refused when it is read again */
export function contentsOf(
  kind: CheckpointKind,
  { round, name, parameters, method, heads, arrivals }: Checkpoint,
): CheckpointContents {
  const { before, tensors, numbers } = method
  const about = {
    before: before !== undefined,
    numbers,
    heads: heads.map(({ peer, name, round }) => ({ peer, name, round })),
    arrivals,
  }
  const vectors = vectorsOf({ parameters, method, heads })
  const layout = layoutOfFile(kind, about.before, tensors, heads)
  const size = vectors.reduce((sum, { length }) => sum + length, 0)
  if (parameters.length !== kind.layout.size || size !== layout.size) {
    throw new RangeError(`a checkpoint of ${size} numbers for a layout of ${layout.size}`)
  }
  if (new Set(layout.tensors.map(tensor => tensor.name)).size < layout.tensors.length) {
    throw new RangeError('two tensors of a checkpoint have one name')
  }
  const metadata = { format, run: hex(kind.runId), round: String(round), name, about: JSON.stringify(about) }
  if (readAbout(metadata, kind, layout)?.fits !== true) throw new RangeError('a checkpoint beyond its bounds')
  const header = safetensorsHeader(layout, metadata)
  const bytes = header.length + layout.size * Float32Array.BYTES_PER_ELEMENT
  if (header.length > checkpointLimits.headerBytes || bytes > safetensorsLimits.totalBytes) {
    throw new RangeError(`a checkpoint of ${bytes} bytes, of which its header takes ${header.length}`)
  }
  return { layout, header, vectors }
}

/** All vectors of a checkpoint, in file order. */
export function vectorsOf({
  parameters,
  method: { before, tensors },
  heads,
}: Pick<Checkpoint, 'parameters' | 'method' | 'heads'>): Float32Array[] {
  return [
    parameters,
    ...(before ? [before] : []),
    ...tensors.map(({ values }) => values),
    ...heads.map(({ head }) => head),
  ]
}

/** What a file's header contains about a checkpoint: known before any of its numbers is read. */
export interface CheckpointHeader {
  /** The run's id, in hex. */
  readonly run: string
  readonly round: number
  readonly name: string
  readonly hasBefore: boolean
  readonly numbers: Readonly<Record<string, readonly number[]>>
  readonly tensors: readonly TensorPlace[]
  readonly heads: z.output<typeof aboutSchema>['heads']
  readonly arrivals: KeptState['arrivals']
  /** The checkpoint is of this run, and each of its tensors is one that a peer of the run may have. */
  readonly fits: boolean
}

/**
 * @param layout - of the file
 * @returns undefined where the file is not a checkpoint
 */
export function readAbout(metadata: unknown, kind: CheckpointKind, layout: Layout): CheckpointHeader | undefined {
  const outer = metadataSchema.safeParse(metadata)
  const inner = outer.success ? aboutSchema.safeParse(jsonIn(outer.data.about)) : undefined
  if (!outer.success || !inner?.success) return undefined
  const { run, round, name } = outer.data
  const { before: hasBefore, numbers, heads, arrivals } = inner.data
  const start = kind.layout.tensors.length + (hasBefore ? kind.head.tensors.length : 0)
  const end = layout.tensors.findIndex(({ name }, place) => place >= start && !name.startsWith(prefixes.kept))
  const tensors = layout.tensors
    .slice(start, end < 0 ? undefined : end)
    .map(tensor => ({ ...tensor, name: tensor.name.slice(prefixes.kept.length) }))
  const fits =
    run === hex(kind.runId) &&
    tensors.length <= checkpointLimits.keptTensors &&
    tensors.reduce((sum, { size }) => sum + size, 0) <= checkpointLimits.keptSize &&
    sameLayout(layout, layoutOfFile(kind, hasBefore, tensors, heads))
  return { run, round, name, hasBefore, numbers, tensors, heads, arrivals, fits }
}

function layoutOfFile(
  { layout, head }: CheckpointKind,
  hasBefore: boolean,
  kept: Layout['tensors'] | KeptState['method']['tensors'],
  heads: readonly { readonly peer: string }[],
): Layout {
  const named = (prefix: string, tensors: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
    tensors.map(({ name, shape }) => ({ name: `${prefix}${name}`, shape }))
  return layoutOf([
    ...layout.tensors,
    ...(hasBefore ? named(prefixes.before, head.tensors) : []),
    ...named(prefixes.kept, kept),
    ...heads.flatMap(({ peer }) => named(`${prefixes.head}${peer}/`, head.tensors)),
  ])
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
