import { type DataInput, dataLimits } from '../data/index.js'
import { HearsayError } from '../errors.js'

/** How a table is written, as commander passes it. */
export interface NotationFlags {
  readonly header?: boolean
  readonly decimal?: '.' | ','
}

/** How the user's tables are read, as commander passes it. */
export interface TableFlags extends NotationFlags {
  readonly columns?: string
  readonly test?: string
  readonly groupColumn?: string
}

/** The given flags, as fields of the manifest's `data` section. */
export function tableFields({ columns, test, groupColumn, header, decimal }: TableFlags): Partial<DataInput> {
  return {
    ...(columns !== undefined && { columns: columnsOf(columns) }),
    ...(test !== undefined && { test }),
    ...(groupColumn !== undefined && { groupColumn: columnOf(groupColumn)! }),
    ...(header !== undefined && { header }),
    ...(decimal !== undefined && { decimal }),
  }
}

/** Columns are counted from 1; a name of digits alone can only be written in the manifest. */
export function columnOf(text: string | undefined): string | number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text
}

/** Columns by name, number, or range of numbers: "age,4-9". A name with a comma can only be written in the manifest. */
function columnsOf(list: string): (string | number)[] {
  return list.split(',').flatMap(text => {
    const [, from, to] = /^(\d+)-(\d+)$/.exec(text) ?? []
    if (from === undefined) return columnOf(text.trim())!
    const count = Number(to) - Number(from) + 1
    if (count < 1 || count > dataLimits.columns) {
      throw new HearsayError('USAGE', 'must go from a lower number to a higher one', {
        field: '--columns',
        value: text,
      })
    }
    return Array.from({ length: count }, (_, i) => Number(from) + i)
  })
}
