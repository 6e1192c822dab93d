import { validate } from '../validation.js'
import { sortedTexts, spelledAlike } from './labels.js'
import { dataError } from './limits.js'
import { checkColumns, quoted } from './placing.js'
import { isInput, type SchemaColumn, type TableSchema } from './schema.js'
import { type Task, tableOf, taskSchema } from './task.js'

/** The task of one site's data, and the file that it was read from. */
export interface SiteTask {
  readonly source: string
  readonly task: Task
}

/**
 * One task for sites whose data differ: the categories and classes of all, in an order that does not depend on the peer
 * that unites them. What else they have must be alike.
 *
 * @param sites - one or more
 * @throws {@link HearsayError} `DATA` naming the file whose data are something else
 */
export function uniteTasks(sites: readonly [SiteTask, ...SiteTask[]]): Task {
  const [first, ...others] = sites
  const united = others.reduce<Task>((task, site) => unite(first.source, task, site), first.task)
  return validate(taskSchema, united, `${sites.map(({ source }) => source).join(', ')}: together`, 'DATA')
}

function unite(first: string, task: Task, { source, task: other }: SiteTask): Task {
  for (const field of ['pixels', 'inputShape', 'objective'] as const) {
    if (JSON.stringify(task[field]) === JSON.stringify(other[field])) continue
    // A table has as many inputs as its columns make.
    if (field === 'inputShape' && task.columns !== undefined && other.columns !== undefined) continue
    const said = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value))
    throw dataError(source, `${field} is ${said(other[field])}, in ${first} ${said(task[field])}; make your data alike`)
  }
  const [own, their] = [tableOf(task), tableOf(other)]
  if ((own === undefined) !== (their === undefined)) {
    throw dataError(source, `is ${their === undefined ? 'no table' : 'a table'}, unlike ${first}; make your data alike`)
  }
  const { inputShape, ...rest } = task
  return {
    ...rest,
    ...(own === undefined || their === undefined
      ? inputShape && { inputShape }
      : { columns: unitedColumns(first, own, source, their) }),
    ...(task.classes &&
      other.classes && { classes: union(task.classes, other.classes, `${source}: the classes`, first) }),
  }
}

function unitedColumns(first: string, agreed: TableSchema, source: string, own: TableSchema): SchemaColumn[] {
  const names = own.columns.filter(({ kind }) => kind !== 'unused').map(({ name }) => name)
  checkColumns({ header: own.header, width: own.columns.length, names }, agreed, source)
  const others = new Map(own.columns.map(column => [column.name, column]))
  return agreed.columns.map(column => {
    const other = others.get(column.name)
    if (other === undefined) return column
    if (column.kind === 'category' && other.kind === 'category') {
      return {
        ...column,
        values: union(column.values, other.values, `${source}: column ${quoted([column.name])}: the categories`, first),
      }
    }
    if (described(column) === described(other)) return column
    throw dataError(
      source,
      `column ${quoted([column.name])} holds ${described(other)}, in ${first} ${described(column)}; make your data alike, or list it under data.categorical at both`,
    )
  })
}

function described(column: SchemaColumn): string {
  const unit = 'unit' in column && column.unit !== undefined ? ` in ${quoted([column.unit])}` : ''
  return `${isInput(column) && column.kind === 'number' ? 'numbers' : column.kind}${unit}`
}

/**
 * All of both: in the order of the one that has all; else sorted, so that nobody's order decides.
 *
 * @param what - of the second, for the error
 */
function union(a: readonly string[], b: readonly string[], what: string, first: string): string[] {
  const all = new Set([...a, ...b])
  if (all.size === a.length) return [...a]
  if (all.size === b.length) return [...b]
  const alike = spelledAlike(all)
  if (alike !== undefined && spelledAlike(a) === undefined && spelledAlike(b) === undefined) {
    throw dataError(what, `${quoted(alike)} look like one that ${first} writes in another way; make your data alike`)
  }
  return sortedTexts(all)
}
