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
  /** Name of a shipped set, or the path of a file or folder; a set's name wins, so write ./digits for a folder. */
  set: z.string().min(1),
  /** Tables: the column with the label, by its name in the header or its number, from 1. Default: the last. */
  label: column.optional(),
  /** Tables: the column with a number to predict, instead of a label. */
  target: column.optional(),
  /** Tables: the unit of the number to predict, which is shown with it. Default: the one that its cells are written with. */
  unit: z.string().min(1).max(unitLimit).optional(),
  /**
   * Images: learn to restore them from a copy at 1 / this of their resolution; what they show does not matter then.
   * Peers by `partition: resolution` have copies of a resolution of their own each.
   */
  superResolution: z.int().min(2).max(64).optional(),
  /** Tables: the column that names whose row it is; each value becomes a natural peer. */
  peerColumn: column.optional(),
  /**
   * Tables: the column that names which rows belong together, as those of one patient: they are never on both sides of a
   * split, nor dealt to two peers. It is no input.
   */
  groupColumn: column.optional(),
  /** Tables: a table, or a folder with one for each peer, that is tested on and never trained on. */
  test: z.string().min(1).optional(),
  /**
   * Tables: the columns to use, by name or number; the others are passed over. The label, the target and the columns of
   * peers and groups are used in any case where the options above name them. Default: all.
   */
  columns: z.array(column).min(1).optional(),
  /** Tables: is the first line a header? Default: the lines beneath tell; where they do not it is asked. */
  header: z.boolean().optional(),
  /** Tables: what stands before the decimals. Default: the numbers tell; where "1,234" may be both it is asked. */
  decimal: z.enum(['.', ',']).optional(),
  /**
   * Tables: columns to read as categories (one input each, 0 or 1) though they hold numbers, or whose categories must
   * be the same for all peers. Columns without any number are categories anyway.
   */
  categorical: z.array(z.union([column, z.strictObject({ column, values: z.array(columnValue).min(2) })])).optional(),
  /** Tables: rows are images of this height, width and channels. */
  inputShape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]).optional(),
  /** Folders of images: height and width, or one number for both. Default: those of the first image. */
  imageSize: z
    .union([z.int().min(1).max(4096), z.tuple([z.int().min(1).max(4096), z.int().min(1).max(4096)])])
    .optional(),
  /** Folders of images: 1 for grey, 3 for colour. Default: 1 when all images are grey. */
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  /**
   * The classes in order: names for the labels 0, 1, …; or the labels themselves; or a name with the labels it stands
   * for. Default: what the source holds, sorted.
   */
  classes: z.array(classSchema).min(2).optional(),
  /**
   * 'agreed': by mean and deviation of the training samples of all peers together, of which each learns the sums alone.
   * 'own': by those of each peer's own, which then never leave it. A set's name: by the numbers that the literature
   * uses for it. Default: agreed for features, own for images and in a mixture, whose peers may take what they like.
   */
  standardise: z
    .union([
      z.enum(['agreed', 'own', 'none', ...standardisationNames]),
      z.strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) }),
    ])
    .optional(),
  /** The share of samples held back for testing where the source has no test split of its own. */
  testShare: z.number().gt(0).max(0.9).default(0.2),
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
  /** Equal sizes, drawn at random. */
  z.strictObject({ kind: z.literal('iid') }),
  /**
   * Label skew. `client`: each peer draws its classes from Dirichlet(alpha), all sizes equal (the DFedSAM lineage).
   * `class`: each class is cut by Dirichlet(alpha) over the peers, sizes differ (most frameworks). The same alpha
   * means another skew in each.
   */
  z.strictObject({
    kind: z.literal('dirichlet'),
    alpha: alpha.default(0.3),
    mode: z.enum(['client', 'class']).default('client'),
  }),
  /** Each peer sees this many classes only; samples may repeat. */
  z.strictObject({ kind: z.literal('pathological'), classes: z.int().min(1).default(2) }),
  /** Sizes from Dirichlet(alpha), classes alike. 0.5 as in arXiv 2102.02079, quantity skew. */
  z.strictObject({ kind: z.literal('quantity'), alpha: alpha.default(0.5) }),
  /** Feature shift: an iid split where peer k sees its images at 1 / factors[k mod n] of the resolution. */
  z.strictObject({
    kind: z.literal('resolution'),
    factors: z.array(z.int().min(1).max(64)).min(1).default([1, 2, 4, 8]),
  }),
  /** Those that the source names: its hospitals, writers, speakers. */
  z.strictObject({ kind: z.literal('natural') }),
])

/** The manifest's `partition` section with its defaults filled in. */
export type PartitionSpec = z.output<typeof partitionSchema>
/** The manifest's `partition` section as written. */
export type PartitionInput = z.input<typeof partitionSchema>
