import * as z from 'zod'
import { dataLimits } from './limits.js'

/*
 * The schema of tables: which column becomes which inputs of a model. All peers of a run, and those that ask a trained
 * model, place their columns by it. Column 1 of two files may be two things, and so may the first category.
 */

/** A column that becomes inputs: one number, or an input for each category, 0 or 1. */
export type InputColumn =
  | {
      readonly name: string
      readonly kind: 'number'
      /** With which its numbers are written: "%", "€", "kg". */
      readonly unit?: string | undefined
    }
  | { readonly name: string; readonly kind: 'category'; readonly values: readonly string[] }

/** One column of tables. */
export type SchemaColumn =
  | InputColumn
  | {
      readonly name: string
      /** The classes. `unused`: keeps the places of the others, where nothing but the place distinguishes columns. */
      readonly kind: 'label' | 'unused'
    }
  | { readonly name: string; readonly kind: 'target'; readonly unit?: string | undefined }

export interface TableSchema {
  /** Are columns found by the names in a header? Else by their places: all columns, in the order of the file. */
  readonly header: boolean
  /** Those that become inputs are in the order of the inputs. Without a header they are called "column 1", "column 2". */
  readonly columns: readonly SchemaColumn[]
}

/** Names and categories come from strangers too. What is longer is prose, not a name. */
export const schemaTextLimit = 1000

const text = z.string().max(schemaTextLimit)

/** Of a unit: "mmol/l", "€ a square metre". */
export const unitLimit = 64

const unit = text.min(1).max(unitLimit)

const columnSchema = z.discriminatedUnion('kind', [
  z.strictObject({ name: text, kind: z.literal('number'), unit: unit.optional() }),
  z.strictObject({
    name: text,
    kind: z.literal('category'),
    values: z
      .array(text.min(1))
      .min(1)
      .max(dataLimits.categories)
      .refine(values => !hasTwice(values), 'must be different from each other'),
  }),
  z.strictObject({ name: text, kind: z.literal('label') }),
  z.strictObject({ name: text, kind: z.literal('target'), unit: unit.optional() }),
  z.strictObject({ name: text, kind: z.literal('unused') }),
])

/** The columns of a {@link TableSchema} in a manifest, or in what is kept of a trained model. */
export const columnsSchema: z.ZodType<readonly SchemaColumn[]> = z
  .array(columnSchema)
  .min(2)
  .max(dataLimits.columns)
  .superRefine((columns, context) => {
    const wrong = (message: string): void => context.addIssue({ code: 'custom', message })
    if (hasTwice(columns.map(({ name }) => name))) wrong('must have different names')
    const answers = columns.filter(({ kind }) => kind === 'label' || kind === 'target').length
    if (answers !== 1) wrong(`must have one column of kind label or target; has ${answers}`)
    const inputs = inputsOf({ columns })
    if (inputs === 0) wrong('must have a column of kind number or category')
    if (inputs > dataLimits.columns) wrong(`make ${inputs} inputs; at most ${dataLimits.columns}`)
  })

function hasTwice(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length
}

/** Does the column become inputs? */
export function isInput(column: SchemaColumn): column is InputColumn {
  return column.kind === 'number' || column.kind === 'category'
}

/** How many inputs a column becomes. */
export function widthOf(column: SchemaColumn): number {
  return column.kind === 'category' ? column.values.length : column.kind === 'number' ? 1 : 0
}

/** How many inputs all columns become. */
export function inputsOf({ columns }: Pick<TableSchema, 'columns'>): number {
  return columns.reduce((sum, column) => sum + widthOf(column), 0)
}

/** For each input of the model the column that it comes from: a column of k categories stands here k times. */
export function columnsOfInputs({ columns }: Pick<TableSchema, 'columns'>): InputColumn[] {
  return columns.filter(isInput).flatMap(column => new Array<InputColumn>(widthOf(column)).fill(column))
}

/** The column with the class or the number that is learned. */
export function answerOf({ columns }: Pick<TableSchema, 'columns'>): SchemaColumn {
  return columns.find(({ kind }) => kind === 'label' || kind === 'target')!
}
