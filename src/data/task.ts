import * as z from 'zod'
import type { HearsayError } from '../errors.js'
import { agreedColumns, contributionOf, rangeSchema, rangesOf } from './agreed.js'
import { type Dataset, inputSize, type Samples, sharedLabels } from './dataset.js'
import { canonicalText } from './labels.js'
import { dataError } from './limits.js'
import { classification, type Objective } from './objective.js'
import { checkTable, placeRows, quoted } from './placing.js'
import { columnsSchema, inputsOf, type TableSchema } from './schema.js'

/** A manifest has room for so many. Of wider tables nothing is said, and the sums alone decide. */
export const rangesLimit = 4096

/**
 * What everybody's data look like, so that a number means the same at every peer. `hearsay start` fills in what is not
 * written from the data of the peer that starts, and a peer that joins learns at once whether its own fit; a simulation, whose peers
 * share one data set, needs none.
 */
export const taskSchema = z
  .strictObject({
    inputShape: z.array(z.int().min(1).max(1_000_000)).min(1).max(3).optional().meta({
      says: "One sample's shape: height, width, channels; of tables as many as the columns make",
    }),
    pixels: z.boolean().optional().meta({ says: 'Are inputs pixels of 8 bits, of which 255 is 1?' }),
    classes: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(10_000)
      .optional()
      .meta({ says: "In the order of the model's outputs; without classes, what is predicted or restored" }),
    header: z
      .boolean()
      .optional()
      .meta({ says: 'Tables: are columns found by the names in a header? Else by their places; left out, true' }),
    columns: columnsSchema.optional().meta({
      says: 'Tables: the columns that peers must have, with all categories, in the order of the inputs',
    }),
    objective: z
      .discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('regression'),
          target: z.string().min(1).max(200),
        }),
        z.strictObject({ kind: z.literal('super-resolution'), factor: z.int().min(2).max(64) }),
      ])
      .optional()
      .meta({ says: 'Where a number is learned: which one; left out, classes are learned' }),
    // Bounds what a peer that lies can make of the sums (agreed.ts).
    ranges: z.array(rangeSchema).max(rangesLimit).optional().meta({
      says: 'Where peers agree on sums: how large the inputs and the number to predict are, to within a factor',
    }),
  })
  .superRefine(({ inputShape, classes, columns, header, objective }, context) => {
    const wrong = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message })
    const hasClasses = objective === undefined && !learnsNumber({ columns })
    if (hasClasses && classes !== undefined && classes.length < 2) wrong('classes', 'must be two or more')
    if (header !== undefined && columns === undefined) wrong('header', 'goes with columns; remove it')
    const inputs = columns && inputsOf({ columns })
    if (inputShape !== undefined && inputs !== undefined && inputSize(inputShape) !== inputs) {
      wrong('inputShape', `${inputShape.join('×')} is not what the columns make, ${inputs} inputs; leave it out`)
    }
  })

/** What peers of a run agree on about their data. Nothing is agreed on what is not there. */
export type Task = z.output<typeof taskSchema>

/** What all peers must agree on where one has this data set. */
export function taskOf(dataset: Dataset): Task {
  const { inputShape, classes, table, train, objective = classification } = dataset
  const columns = agreedColumns(dataset)
  const hasRanges = columns.length > 0 && columns.length <= rangesLimit
  return {
    inputShape: [...inputShape],
    pixels: train.inputs instanceof Uint8Array,
    classes: [...classes],
    ...(table && { header: table.header, columns: table.columns }),
    ...(objective.kind !== 'classification' && { objective }),
    ...(hasRanges && { ranges: rangesOf(columns, contributionOf(dataset, train)) }),
  }
}

/** The schema of the tables of a run, where its samples are rows of tables. */
export function tableOf({ header = true, columns }: Task): TableSchema | undefined {
  return columns && { header, columns }
}

/**
 * A data set as the run of a task has it: columns of tables and classes stand where their names stand in the task.
 * Classes and categories that these data lack are no mistake.
 *
 * @throws {@link HearsayError} `DATA` naming all that does not fit, and what to do
 */
export function fitToTask(dataset: Dataset, task: Task): Dataset {
  const { name, objective = classification } = dataset
  const isPixels = dataset.train.inputs instanceof Uint8Array
  const kind = kindOf(task) ?? objective.kind
  if (kind !== objective.kind) {
    throw dataError(name, `is for ${objective.kind} and the run is about ${kind}; see the section data`)
  }
  if (task.pixels !== undefined && task.pixels !== isPixels) {
    const [has, takes] = task.pixels ? ['numbers', 'pixels of 8 bits'] : ['pixels of 8 bits', 'numbers']
    throw dataError(name, `its samples are ${has}, those of the run ${takes}; save it with that dtype`)
  }
  const agreed = tableOf(task)
  const { inputShape } = task
  const unlike = (shape: readonly number[]): HearsayError =>
    dataError(
      name,
      `its samples are ${shape.join('×')} and the run's ${inputShape?.join('×')}; see data.imageSize and data.channels for images`,
    )
  // Rows against images: their columns need not be compared.
  if (inputShape !== undefined && inputShape.length !== dataset.inputShape.length) throw unlike(dataset.inputShape)
  const placed = agreed === undefined ? dataset : fitColumns(dataset, agreed)
  if (inputShape !== undefined && inputShape.join() !== placed.inputShape.join()) throw unlike(placed.inputShape)
  return task.classes === undefined || kind !== 'classification' ? placed : fitClasses(placed, task.classes)
}

function kindOf({ objective, columns, classes }: Task): Objective['kind'] | undefined {
  if (objective !== undefined) return objective.kind
  if (columns !== undefined) return learnsNumber({ columns }) ? 'regression' : 'classification'
  return classes === undefined ? undefined : 'classification'
}

function learnsNumber({ columns }: Pick<Task, 'columns'>): boolean {
  return columns?.some(({ kind }) => kind === 'target') === true
}

function fitColumns(dataset: Dataset, agreed: TableSchema): Dataset {
  const { table: own, name, inputShape } = dataset
  if (own === undefined) throw dataError(name, 'is no table, and the run is about columns; bring a table that has them')
  checkTable(own, agreed, name)
  const inputs = inputsOf(agreed)
  const placed = (samples: Samples): Samples => ({
    ...samples,
    inputs: placeRows(samples.inputs as Float32Array, samples.size, own, agreed),
  })
  return {
    ...dataset,
    table: agreed,
    inputShape: inputSize(inputShape) === inputs ? inputShape : [inputs],
    train: placed(dataset.train),
    ...(dataset.validation && { validation: placed(dataset.validation) }),
    test: placed(dataset.test),
  }
}

function fitClasses(dataset: Dataset, agreed: readonly string[]): Dataset {
  const { classes, name, train, validation, test } = dataset
  if (classes.join('\n') === agreed.join('\n')) return dataset
  const places = new Map(agreed.map((name, place) => [canonicalText(name), place]))
  const placeOf = Int32Array.from(classes, own => places.get(canonicalText(own)) ?? -1)
  const parts = [train, ...(validation ? [validation] : []), test]
  const unknown = classes.filter((_, at) => placeOf[at]! < 0 && parts.some(({ labels }) => labels.includes(at)))
  if (unknown.length > 0) {
    throw dataError(
      name,
      `has ${unknown.length === 1 ? 'the class' : 'the classes'} ${quoted(unknown)}, which the run does not have (${quoted(agreed)}); call yours alike, or let the peer that starts it list all under data.classes`,
    )
  }
  const lacking = agreed.filter((_, place) => !placeOf.includes(place))
  const notes =
    lacking.length === 0
      ? []
      : [`no samples of ${lacking.length === 1 ? 'the class' : 'the classes'} ${quoted(lacking)} of the run`]
  const placed = (samples: Samples): Samples => {
    const labels = sharedLabels(samples.size)
    labels.set(samples.labels.map(label => placeOf[label]!))
    return { ...samples, labels }
  }
  return {
    ...dataset,
    classes: agreed,
    notes: [...(dataset.notes ?? []), ...notes],
    train: placed(train),
    ...(validation && { validation: placed(validation) }),
    test: placed(test),
  }
}
