import * as z from 'zod'
import { unitLimit } from './schema.js'
import { standardisationNames } from './standardise.js'

const column = z.union([z.string().min(1), z.int().min(1)])
const columnValue = z.union([z.string(), z.number()])

const classSchema = z.union([
  z.string().min(1),
  z.strictObject({ name: z.string().min(1), labels: z.array(columnValue).min(1) }),
])

/**
 * The manifest's `data` section: what to read and how.
 *
 * Peers that bring their own data must agree on the classes and, for tables, on the categories: list them here, since
 * one peer's file need not hold them all and the order decides which output of the model means what.
 */
export const dataSchema = z.strictObject({
  // A set's name wins, so ./digits is a folder.
  set: z.string().min(1).meta({
    says: 'pneumoniamnist, heart-disease, digits; or your own: IDX, NPZ, CIFAR-10, CSV, a folder of images by class',
    example: 'digits',
  }),
  label: column.optional().meta({
    says: 'Tables: the column with the label, by name or number from 1; left out, the last',
    example: 'label',
  }),
  target: column.optional().meta({ says: 'Tables: the column with a number to predict, instead of a label' }),
  unit: z.string().min(1).max(unitLimit).optional().meta({
    says: 'Tables: the unit of the number to predict; left out, the one it is written with',
  }),
  // What images show does not matter then. Peers by `partition: resolution` have copies of a resolution of their own each.
  superResolution: z
    .int()
    .min(2)
    .max(64)
    .optional()
    .meta({ says: 'Images: restore them from 1 / this of their resolution; goes with model: sr' }),
  // Each value becomes a natural peer.
  peerColumn: column
    .optional()
    .meta({ says: 'Tables: the column that names the peer of each row', example: 'hospital' }),
  // They are not dealt to two peers either. The column is no input.
  groupColumn: column.optional().meta({
    says: 'Tables: the column whose rows of one value, as of one patient, stay on one side of every split',
    example: 'patient',
  }),
  test: z.string().min(1).optional().meta({
    says: 'Tables: a table, or a folder with one for each peer, that is tested on and never trained on',
    example: 'test.csv',
  }),
  // The label, the target and the columns of peers and groups are used in any case where the options above name them.
  columns: z
    .array(column)
    .min(1)
    .optional()
    .meta({
      says: 'Tables: the columns to use, by name or number; the others are passed over',
      example: ['age', 'sex', 'outcome'],
    }),
  header: z.boolean().optional().meta({
    says: 'Tables: is the first line a header? Left out, judged by the lines beneath',
    example: true,
  }),
  decimal: z.enum(['.', ',']).optional().meta({
    says: 'Tables: what stands before the decimals; left out, judged by the numbers',
    example: ',',
  }),
  // An input for each category, 0 or 1. Columns without any number are categories anyway.
  categorical: z
    .array(z.union([column, z.strictObject({ column, values: z.array(columnValue).min(2) })]))
    .optional()
    .meta({ says: 'Tables: columns of categories that look like numbers', example: ['sex'] }),
  inputShape: z
    .tuple([z.int().min(1), z.int().min(1), z.int().min(1)])
    .optional()
    .meta({ says: 'Tables: rows are images of this height, width and channels', example: [28, 28, 1] }),
  imageSize: z
    .union([z.int().min(1).max(4096), z.tuple([z.int().min(1).max(4096), z.int().min(1).max(4096)])])
    .optional()
    .meta({ says: 'Folders of images: height and width; left out, those of the first image', example: [64, 64] }),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .optional()
    .meta({ says: 'Folders of images: 1 for grey, 3 for colour; left out, 1 where all are grey', example: 1 }),
  // Or the labels themselves, or a name with the labels it stands for. Left out, what the source holds, sorted.
  classes: z
    .array(classSchema)
    .min(2)
    .optional()
    .meta({
      says: 'Names of the classes in order; peers that bring their own data must agree on them',
      example: ['healthy', 'ill'],
    }),
  // `own` never leaves a peer; of `agreed` each learns the sums alone. Left out: agreed for features, own for images.
  standardise: z
    .union([
      z.enum(['agreed', 'own', 'none', ...standardisationNames]),
      z.strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) }),
    ])
    .optional()
    .meta({
      says: "agreed (by all peers' samples, for features), own (for images), none, a set's name, or { mean, std }",
      example: 'agreed',
    }),
  testShare: z
    .number()
    .gt(0)
    .max(0.9)
    .default(0.2)
    .meta({ says: 'Share held back for testing where the data has no test split of its own' }),
})

/** What a peer in the field states about its own data; everything else about them is the run's. */
export const ownDataSchema = dataSchema.pick({
  set: true,
  test: true,
  columns: true,
  groupColumn: true,
  header: true,
  decimal: true,
})
/** As {@link ownDataSchema} has it. */
export type OwnData = z.output<typeof ownDataSchema>

/** The manifest's `data` section with its defaults filled in. */
export type DataSpec = z.output<typeof dataSchema>
/** The manifest's `data` section as written. */
export type DataInput = z.input<typeof dataSchema>
/** One entry of `data.classes`. */
export type ClassSpec = z.output<typeof classSchema>
/** A column of a table, by name or by number from 1. */
export type ColumnSpec = z.output<typeof column>

const alpha = z.number().positive().max(1e6)

/** The manifest's `partition` section: how training samples are dealt to simulated peers. */
export const partitionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('iid') }).meta({ says: 'Equal sizes, drawn at random' }),
  z
    .strictObject({
      kind: z.literal('dirichlet'),
      alpha: alpha.default(0.3).meta({ says: 'Skew: the smaller, the more peers differ' }),
      // `client` is the DFedSAM lineage's, `class` that of most frameworks. The same alpha means another skew in each.
      mode: z.enum(['client', 'class']).default('client').meta({
        says: 'client (each peer draws its classes, equal sizes) or class (each class is cut over the peers)',
      }),
    })
    .meta({ says: 'Peers differ in their classes' }),
  z
    .strictObject({
      kind: z.literal('pathological'),
      classes: z.int().min(1).default(2).meta({ says: 'How many classes a peer sees' }),
    })
    .meta({ says: 'Each peer sees a few classes only; samples may repeat' }),
  z
    .strictObject({
      kind: z.literal('quantity'),
      // 0.5 as in arXiv 2102.02079.
      alpha: alpha.default(0.5).meta({ says: 'Skew: the smaller, the more sizes differ' }),
    })
    .meta({ says: 'Peers differ in how much they have, classes alike' }),
  z
    .strictObject({
      kind: z.literal('resolution'),
      factors: z
        .array(z.int().min(1).max(64))
        .min(1)
        .default([1, 2, 4, 8])
        .meta({ says: 'Peer k sees its images at 1 / factors[k] of the resolution, over and over' }),
    })
    .meta({ says: 'Equal sizes; each peer sees its images at a resolution of its own' }),
  z.strictObject({ kind: z.literal('natural') }).meta({ says: 'As the source names them: its hospitals, writers' }),
])

/** The manifest's `partition` section with its defaults filled in. */
export type PartitionSpec = z.output<typeof partitionSchema>
/** The manifest's `partition` section as written. */
export type PartitionInput = z.input<typeof partitionSchema>
