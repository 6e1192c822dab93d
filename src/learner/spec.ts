import * as z from 'zod'
import { didYouMean } from '../nearest.js'

/** The command line's `--backend`. */
export const backendSchema = z.enum(['auto', 'node-gpu', 'webgpu', 'node', 'wasm'])

const layerName = z.string().min(1).max(200)
/** Wider layers than any built-in model is for; bounds what a manifest from a stranger can make a peer allocate. */
const width = z.int().min(1).max(4096)

/** The layer with which the head begins. @default the output layer */
const head = layerName.optional()

/**
 * Units of one more dense layer, "features", in front of the output. Models of different families whose features have
 * one width have heads of one layout, and can take each other's.
 *
 * @default no such layer
 */
const features = width.optional()

const logistic = z.strictObject({ kind: z.literal('logistic'), head })
const mlp = z.strictObject({
  kind: z.literal('mlp'),
  /** Units of each hidden layer. [200, 200] is the MLP of the federated-averaging papers. */
  hidden: z.array(width).min(1).max(8).default([200, 200]),
  head,
})
const lenet5 = z.strictObject({ kind: z.literal('lenet5'), features, head })
const cnn = z.strictObject({
  kind: z.literal('cnn'),
  /** Filters of each 3×3 convolution; each halves height and width. */
  channels: z.array(width).min(1).max(6).default([8, 16]),
  /** Units of the dense layer in front of the output. */
  hidden: width.default(32),
  head,
})
const staged = {
  /** Channels of the first stage; all others have a multiple of it. @default 64, as published */
  width: z.int().min(2).max(256).multipleOf(2, 'must be even').default(64),
  /** Groups of the normalisation. @default half the width: the 32 groups of arXiv 1803.08494 for a width of 64 */
  groups: z.int().min(1).max(256).optional(),
  features,
  head,
}
const groupsDivide = ({ width, groups = 1 }: { width: number; groups?: number | undefined }): boolean =>
  width % groups === 0
const undivided = { path: ['groups'], error: 'must divide width, the channels of the first stage' }
const resnet18 = z.strictObject({ kind: z.literal('resnet18'), ...staged }).refine(groupsDivide, undivided)
const vgg11 = z.strictObject({ kind: z.literal('vgg11'), ...staged }).refine(groupsDivide, undivided)
const sr = z.strictObject({
  kind: z.literal('sr'),
  /** Filters of each 3×3 convolution in front of the output, which also sees the image itself. */
  channels: z.array(width).min(1).max(6).default([32, 16]),
  head,
})
const file = z.strictObject({
  /** Need not be written: `path` implies it. */
  kind: z.literal('file'),
  /** What Keras saves, `.keras` or `.h5`, or a TensorFlow.js LayersModel, `model.json`. */
  path: z.string().min(1).max(4096),
  head: layerName,
})
const builtIn = [logistic, mlp, lenet5, cnn, resnet18, vgg11, sr] as const
const byKind = z.discriminatedUnion('kind', [...builtIn, file], {
  error: ({ code, input }) => (code === 'invalid_union' ? unknownModel(input as { kind?: unknown }) : undefined),
})

function unknownModel({ kind }: { kind?: unknown }): string {
  const names = builtIn.map(({ shape }) => shape.kind.value)
  return `must be one of ${names.join(', ')}; or give the path of a .keras, .h5 or model.json and the head layer${didYouMean(kind, names)}`
}

/** The section `model` as a person writes it. */
export type ModelInput = z.input<typeof byKind> | Omit<z.input<typeof file>, 'kind'> | BuiltInSpec['kind']

/**
 * The manifest's section `model`: a built-in model by its name or as `{ kind, …options }`, or the user's own
 * LayersModel as `{ path, head }`. A relative path is resolved by the reader of the manifest.
 */
export const modelSchema = z.preprocess((input: ModelInput, context) => {
  if (typeof input === 'string') return { kind: input }
  const isFile = typeof input === 'object' && input !== null && 'path' in input && !('kind' in input)
  if (isFile && input.head === undefined) {
    const message =
      'is missing; name the layer with which the head begins, as the last one (--head on the command line)'
    context.addIssue({ code: 'custom', path: ['head'], message })
    return z.NEVER
  }
  return isFile ? { kind: 'file', ...input } : input
}, byKind)

/** A model, with every default filled in. */
export type ModelSpec = z.output<typeof modelSchema>
/** A user's model. */
export type ModelFileSpec = z.output<typeof file>
/** A built-in model, with every default filled in. */
export type BuiltInSpec = Exclude<z.output<typeof byKind>, ModelFileSpec>

/** How images are varied, as a person writes it. */
export const augmentSchema = z.strictObject({
  /** Pixels of black padding on each side, out of which the image's own size is cut. 4 for CIFAR (ALGORITHMS.md 4.1). */
  crop: z.int().min(0).max(64).default(0),
  /** Mirrors every second image, left to right. Not for digits or letters. */
  flip: z.boolean().default(false),
})

/**
 * The manifest's section `training`: what is not the merge method's own. Momentum, the SAM radius and "one step" belong
 * to the method and stand in the section `merge`.
 */
export const trainingSchema = z
  .strictObject({
    /** Passes over the peer's samples in a round. @default 1 */
    epochs: z.int().min(1).max(10_000).optional(),
    /** Steps in a round, instead of epochs. */
    steps: z.int().min(1).max(10_000_000).optional(),
    /** Samples in a mini-batch; the last of an epoch may be smaller. */
    batch: z.int().min(1).max(65_536).default(32),
    /** η₀. 0.05 is what the figures of DESIGN.md were measured with. */
    learningRate: z.number().positive().max(1000).default(0.05),
    /** η_t = η₀·decay^t: the schedule of the DFedSAM line (ALGORITHMS.md 2). */
    decay: z.number().positive().max(1).default(0.998),
    weightDecay: z.number().min(0).max(1).default(0),
    /** Largest 2-norm of a gradient over all tensors. @default not clipped; 1 where numbers are learned, not classes */
    clip: z.number().positive().optional(),
    /** ASAM instead of SAM: the radius counts relative to each parameter's size. */
    adaptive: z.boolean().default(false),
    /** Images are varied anew in every epoch: shifted by up to `crop` pixels each way, and mirrored or not. */
    augment: augmentSchema.optional(),
  })
  .superRefine((training, context) => {
    if (training.epochs === undefined || training.steps === undefined) return
    context.addIssue({ code: 'custom', path: ['steps'], message: 'does not go with epochs; remove one of the two' })
  })

/** The section `training`, checked. */
export type TrainingSpec = z.output<typeof trainingSchema>

/** How images are varied (augment.ts). */
export interface Augmentation {
  /** Pixels of padding on each side, out of which the image's own size is cut. */
  readonly crop: number
  /** Mirrors every second image, left to right. */
  readonly flip: boolean
}
