import * as z from 'zod'
import { didYouMean } from '../nearest.js'

/** The command line's `--backend`. */
export const backendSchema = z.enum(['auto', 'node-gpu', 'webgpu', 'node', 'wasm'])

const layerName = z.string().min(1).max(200)
/** Wider layers than any built-in model is for; bounds what a manifest from a stranger can make a peer allocate. */
const width = z.int().min(1).max(4096)

/** Filters of the 3×3 convolutions of a model, one after another. */
const filters = z.array(width).min(1).max(6)

/** Called so in every built-in model. */
const outputLayer = 'output'

const head = layerName.default(outputLayer).meta({ says: 'The layer with which the head begins, for share: head' })

/** Models of different families whose features have one width have heads of one layout, and can take each other's. */
const features = width.optional().meta({
  says: 'Units of one more layer in front of the output; the same width gives different models heads of one layout',
  example: 32,
})

const logistic = z
  .strictObject({ kind: z.literal('logistic'), head })
  .meta({ says: 'One layer, for tables and images' })
const mlp = z
  .strictObject({
    kind: z.literal('mlp'),
    // [200, 200] is the MLP of the federated-averaging papers.
    hidden: z.array(width).min(1).max(8).default([200, 200]).meta({ says: 'Units of each hidden layer' }),
    head,
  })
  .meta({ says: 'Hidden layers, for tables and images' })
const lenet5 = z
  .strictObject({ kind: z.literal('lenet5'), features, head })
  .meta({ says: 'For images of at least 28×28' })
const cnn = z
  .strictObject({
    kind: z.literal('cnn'),
    channels: filters.default([8, 16]).meta({ says: 'Filters of each 3×3 convolution; each halves height and width' }),
    hidden: width.default(32).meta({ says: 'Units of the dense layer in front of the output' }),
    head,
  })
  .meta({ says: 'Small, for images' })
const staged = {
  // 64, as published.
  width: z.int().min(2).max(256).multipleOf(2, 'must be even').default(64).meta({
    says: 'Channels of the first stage; with 8 it takes a sixtieth of the time that it takes with 64',
  }),
  // The 32 groups of arXiv 1803.08494 for a width of 64.
  groups: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .meta({ says: 'Groups of the normalisation, a divisor of the width; left out, half of it' }),
  features,
  head,
}
const groupsDivide = ({ width, groups = 1 }: { width: number; groups?: number | undefined }): boolean =>
  width % groups === 0
const undivided = { path: ['groups'], error: 'must divide width, the channels of the first stage' }
const resnet18 = z
  .strictObject({ kind: z.literal('resnet18'), ...staged })
  .refine(groupsDivide, undivided)
  .meta({ says: '11 million parameters at the published width, for images' })
const vgg11 = z
  .strictObject({ kind: z.literal('vgg11'), ...staged })
  .refine(groupsDivide, undivided)
  .meta({ says: '9 million parameters at the published width, for images' })
const sr = z
  .strictObject({
    kind: z.literal('sr'),
    channels: filters
      .default([32, 16])
      .meta({ says: 'Filters of each 3×3 convolution before the output, which also sees the image itself' }),
    head,
  })
  .meta({ says: 'Restores images, for data.superResolution' })
const file = z
  .strictObject({
    kind: z.literal('file').meta({ says: 'Need not be written: path implies it', implied: true }),
    path: z
      .string()
      .min(1)
      .max(4096)
      .meta({ says: 'Where it is: .keras, .h5, or model.json of TensorFlow.js', example: 'my-model.keras' }),
    head: layerName.meta({ says: 'The layer with which the head begins', example: 'classifier' }),
  })
  .meta({ says: 'A model of your own' })
const builtIn = [logistic, mlp, lenet5, cnn, resnet18, vgg11, sr] as const
const byKind = z.discriminatedUnion('kind', [...builtIn, file], {
  error: ({ code, input }) => (code === 'invalid_union' ? unknownModel(input as { kind?: unknown }) : undefined),
})

function unknownModel({ kind }: { kind?: unknown }): string {
  const names = builtIn.map(({ shape }) => shape.kind.value)
  return `must be one of ${names.join(', ')}; or give the path of a .keras, .h5 or model.json and the head layer${didYouMean(kind, names)}`
}

/** The section `model` as a person writes it. */
export type ModelInput =
  | z.input<typeof byKind>
  | Omit<z.input<typeof file>, 'kind'>
  | (typeof builtIn)[number]['shape']['kind']['value']

/**
 * The manifest's section `model`: a built-in model by its name or as `{ kind, …options }`, or the user's own
 * LayersModel as `{ path, head }`. A relative path is resolved by the reader of the manifest.
 */
export const modelSchema = z
  .preprocess((input: ModelInput, context) => {
    if (typeof input === 'string') return { kind: input }
    const isFile = typeof input === 'object' && input !== null && 'path' in input && !('kind' in input)
    if (isFile && input.head === undefined) {
      const message =
        'is missing; name the layer with which the head begins, as the last one (--head on the command line)'
      context.addIssue({ code: 'custom', path: ['head'], message })
      return z.NEVER
    }
    return isFile ? { kind: 'file', ...input } : input
  }, byKind.transform(settled))
  .meta({ word: 'kind' })

/** With the number that follows from another. */
function settled(model: z.output<typeof byKind>) {
  return 'width' in model ? { ...model, groups: model.groups ?? model.width / 2 } : model
}

/** A model, with every default filled in. */
export type ModelSpec = z.output<typeof modelSchema>
/** A user's model. */
export type ModelFileSpec = z.output<typeof file>
/** A built-in model, with every default filled in. */
export type BuiltInSpec = Exclude<ModelSpec, ModelFileSpec>

/** How images are varied, as a person writes it. */
export const augmentSchema = z.strictObject({
  // 4 for CIFAR (ALGORITHMS.md 4.1).
  crop: z.int().min(0).max(64).default(0).meta({
    says: "Pixels of black padding on each side, out of which the image's own size is cut",
  }),
  flip: z.boolean().default(false).meta({ says: 'Every second image is mirrored, left to right' }),
})

/**
 * The manifest's section `training`: what is not the merge method's own. Momentum, the SAM radius and "one step" belong
 * to the method and stand in the section `merge`.
 */
/** The range of steps in a round whose number a peer chooses itself. */
const paceSchema = z
  .strictObject({
    // As published: arXiv 2309.14675.
    least: z.int().min(1).max(10_000_000).default(20).meta({ says: 'Fewest steps, of a slow machine' }),
    most: z.int().min(1).max(10_000_000).default(100).meta({ says: 'Most steps, of the fastest' }),
  })
  .refine(({ least, most }) => least <= most, { path: ['least'], error: 'must be at most most' })

/** See {@link paceSchema}. */
export type Pace = z.output<typeof paceSchema>

export const trainingSchema = z
  .strictObject({
    epochs: z.int().min(1).max(10_000).optional().meta({ says: 'Passes over its own samples in a round' }),
    steps: z.int().min(1).max(10_000_000).optional().meta({ says: 'Steps in a round, instead of epochs' }),
    pace: paceSchema.optional().meta({
      says: 'In the field, instead of both: as many steps as there is time for until half of the neighbours are done',
    }),
    batch: z
      .int()
      .min(1)
      .max(65_536)
      .default(32)
      .meta({ says: 'Samples in a step; the last of an epoch may have fewer' }),
    // η₀. 0.05 is what the figures of DESIGN.md were measured with.
    learningRate: z.number().positive().max(1000).default(0.05).meta({ says: 'In the first round' }),
    // η_t = η₀·decay^t: the schedule of the DFedSAM line (ALGORITHMS.md 2).
    decay: z
      .number()
      .positive()
      .max(1)
      .default(0.998)
      .meta({ says: 'The learning rate is multiplied by this after every round; 1 keeps it' }),
    weightDecay: z.number().min(0).max(1).default(0).meta({ says: 'Pull of the parameters towards 0' }),
    clip: z.number().positive().optional().meta({
      says: 'Longest gradient; a longer one is shortened to it. Left out, none; 1 where numbers are learned',
      example: 1,
    }),
    adaptive: z
      .boolean()
      .default(false)
      .meta({ says: "ASAM instead of SAM: its radius counts relative to each parameter's size" }),
    augment: augmentSchema.optional().meta({
      says: 'Images: shifted by up to crop pixels, and mirrored (not for digits or letters)',
      example: { crop: 4, flip: true },
    }),
  })
  .superRefine((training, context) => {
    const [first, second] = (['epochs', 'steps', 'pace'] as const).filter(field => training[field] !== undefined)
    if (second === undefined) return
    context.addIssue({ code: 'custom', path: [second], message: `does not go with ${first}; remove one of the two` })
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
