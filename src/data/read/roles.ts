import { canonicalText } from '../labels.js'
import { type DataLimits, dataError } from '../limits.js'
import { checkColumns } from '../placing.js'
import type { SchemaColumn, TableSchema } from '../schema.js'
import type { ColumnSpec, DataSpec } from '../spec.js'
import type { Column, ColumnRole } from './columns.js'
import { checkNames, placeOf, placesOf } from './names.js'

/** The fields of the data section that decide how tables are read. */
export interface TableOptions
  extends Pick<
    DataSpec,
    | 'label'
    | 'target'
    | 'unit'
    | 'peerColumn'
    | 'groupColumn'
    | 'columns'
    | 'header'
    | 'decimal'
    | 'categorical'
    | 'inputShape'
    | 'classes'
  > {
  /** What the columns of the run are: it states what each is for, in place of the options above, which may count places. */
  readonly agreed?: TableSchema | undefined
}

/** What each column is for, by its place from 0, and the texts that are known of it before a cell is read. */
interface Roles {
  readonly roles: ReadonlyMap<number, ColumnRole>
  readonly texts: ReadonlyMap<number, readonly string[]>
  /** Are these texts all that it may hold? */
  readonly closed: boolean
}

/**
 * The columns of a table before a cell is read, with what each is for.
 *
 * @param header - the names of the columns; undefined where there is no header
 * @throws {@link HearsayError} naming the option that does not go with the table, or with another
 */
export function columnsOf(
  width: number,
  header: readonly string[] | undefined,
  options: TableOptions,
  path: string,
  limits: DataLimits,
): Column[] {
  if (width < 2) {
    throw dataError(
      path,
      'has only one column; a label and at least one feature are needed, separated by , or ; or | or tabs or blanks',
    )
  }
  const { agreed } = options
  const { roles, texts, closed } =
    agreed === undefined
      ? rolesOf(width, header, options, path)
      : agreedRoles(width, header, { ...options, agreed }, path)
  if (header !== undefined) {
    checkNames(
      header,
      i => roles.get(i) !== 'unused',
      i => roles.has(i),
      `${path}:1`,
    )
  }
  if (options.unit !== undefined && ![...roles.values()].includes('target')) {
    throw dataError(`${path}: data.unit`, 'goes with data.target; remove it')
  }
  const features = Array.from({ length: width }, (_, i) => roles.get(i) ?? 'feature')
  if (!features.some(role => role === 'feature' || role === 'categorical')) {
    throw dataError(path, 'has no column left for features')
  }
  return features.map((role, i) => {
    const known = texts.get(i)
    if (known !== undefined && known.length > limits.categories) {
      throw dataError('data.categorical', `column ${i + 1} lists ${known.length} values; at most ${limits.categories}`)
    }
    return {
      role,
      name: nameOf(header, i),
      title: header === undefined ? `column ${i + 1}` : `column ${i + 1} ("${header[i]}")`,
      texts: new Map([...new Set(known)].map((text, code) => [text, code])),
      closed: closed && known !== undefined,
      asked: false,
      decimal: undefined,
      holds: undefined,
      padded: undefined,
    }
  })
}

function nameOf(header: readonly string[] | undefined, i: number): string {
  return header?.[i] ?? `column ${i + 1}`
}

const roleOf: Readonly<Record<SchemaColumn['kind'], ColumnRole>> = {
  number: 'feature',
  category: 'categorical',
  label: 'label',
  target: 'target',
  unused: 'unused',
}

/** What the run does not know of. */
const outside: ReadonlySet<ColumnRole | undefined> = new Set(['unused', 'peer', 'group'])

/** As the run has them. A column that names whose a row is, or that is left out by its owner, need not be in the run. */
function agreedRoles(
  width: number,
  header: readonly string[] | undefined,
  { agreed, columns, peerColumn, groupColumn }: TableOptions & { readonly agreed: TableSchema },
  path: string,
): Roles {
  const names = Array.from({ length: width }, (_, i) => nameOf(header, i))
  const kinds = new Map(agreed.columns.map(column => [column.name, column]))
  const at = (column: ColumnSpec): number => placeOf(column, width, header, `${path}: data.columns`)
  const answers = new Set(['label', 'target'])
  // An agreed column that is not there is reported below, with all that is missing.
  const isThere = (column: ColumnSpec): boolean =>
    typeof column === 'number' || !kinds.has(column) || names.includes(column)
  const used = columns && new Set(columns.filter(isThere).map(at))
  const peer = typeof peerColumn === 'string' ? placesOf(peerColumn, header ?? [])[0] : peerColumn && peerColumn - 1
  const group = groupColumn && placeOf(groupColumn, width, header, `${path}: data.groupColumn (--group-column)`)
  const roles = new Map<number, ColumnRole>()
  const texts = new Map<number, readonly string[]>()
  for (const [i, name] of names.entries()) {
    const column = kinds.get(name)
    if (i === group) {
      if (column !== undefined && column.kind !== 'unused') {
        throw dataError(
          `${path}: data.groupColumn`,
          `column ${i + 1} ("${name}") is one that the run learns from; name your column of groups with --group-column`,
        )
      }
      roles.set(i, 'group')
    } else if (i === peer && (column === undefined || column.kind === 'unused')) roles.set(i, 'peer')
    else if (used !== undefined && !used.has(i) && !answers.has(column?.kind ?? '')) roles.set(i, 'unused')
    else if (column !== undefined) roles.set(i, roleOf[column.kind])
    if (column?.kind === 'category') texts.set(i, column.values)
  }
  const own = names.filter((_, i) => !outside.has(roles.get(i)))
  checkColumns({ header: header !== undefined, width, names: own }, agreed, path)
  return { roles, texts, closed: false }
}

/** As the options say; what they do not name is a feature. */
function rolesOf(width: number, header: readonly string[] | undefined, options: TableOptions, path: string): Roles {
  const at = (column: ColumnSpec, field: string): number => placeOf(column, width, header, `${path}: data.${field}`)
  const roles = new Map<number, ColumnRole>()
  const values = new Map<number, readonly string[]>()
  for (const entry of options.categorical ?? []) {
    const index = at(typeof entry === 'object' ? entry.column : entry, 'categorical')
    roles.set(index, 'categorical')
    if (typeof entry === 'object') values.set(index, entry.values.map(canonicalText))
  }
  if (options.label !== undefined && options.target !== undefined) {
    throw dataError(`${path}: data.target`, 'does not go with data.label; keep the one that is to be predicted')
  }
  const target = options.target === undefined ? undefined : at(options.target, 'target')
  const label = target === undefined ? at(options.label ?? width, 'label') : undefined
  const peer = options.peerColumn === undefined ? undefined : at(options.peerColumn, 'peerColumn')
  const group = options.groupColumn === undefined ? undefined : at(options.groupColumn, 'groupColumn')
  for (const [index, role] of [
    [label, 'label'],
    [target, 'target'],
    [peer, 'peer'],
    [group, 'group'],
  ] as const) {
    if (index === undefined) continue
    if (roles.has(index)) throw dataError(path, `column ${index + 1} cannot be both ${roles.get(index)} and ${role}`)
    roles.set(index, role)
  }
  if (options.columns !== undefined) {
    const used = new Set(options.columns.map(column => at(column, 'columns')))
    if (label !== undefined && options.label === undefined && !used.has(label)) {
      const last = header?.[label] ?? String(width)
      throw dataError(
        `${path}: data.columns`,
        `leaves out the last column (${last}), which is the label where data.label names none; add it, or name the label`,
      )
    }
    const listed = options.categorical?.map(entry =>
      at(typeof entry === 'object' ? entry.column : entry, 'categorical'),
    )
    const lost = listed?.find(index => !used.has(index))
    if (lost !== undefined) throw dataError(path, `column ${lost + 1} is in data.categorical and not in data.columns`)
    for (let i = 0; i < width; i++) if (!used.has(i) && !roles.has(i)) roles.set(i, 'unused')
  }
  return { roles, texts: values, closed: true }
}
