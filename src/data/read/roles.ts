import { canonicalText } from '../labels.js'
import { type DataLimits, dataError } from '../limits.js'
import type { ColumnSpec, DataSpec } from '../spec.js'
import type { Column, ColumnRole } from './columns.js'
import { checkNames, placeOf } from './names.js'

/** What of the data section tells how tables are read. */
export type TableOptions = Pick<
  DataSpec,
  'label' | 'target' | 'peerColumn' | 'columns' | 'header' | 'decimal' | 'categorical' | 'inputShape' | 'classes'
>

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
  for (const [index, role] of [
    [label, 'label'],
    [target, 'target'],
    [peer, 'peer'],
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
  if (header !== undefined) checkNames(header, i => roles.get(i) !== 'unused', `${path}:1`)
  const features = Array.from({ length: width }, (_, i) => roles.get(i) ?? 'feature')
  if (!features.some(role => role === 'feature' || role === 'categorical')) {
    throw dataError(path, 'has no column left for features')
  }
  return Array.from({ length: width }, (_, i) => {
    const listed = values.get(i)
    if (listed !== undefined && listed.length > limits.categories) {
      throw dataError('data.categorical', `column ${i + 1} lists ${listed.length} values; at most ${limits.categories}`)
    }
    return {
      role: roles.get(i) ?? 'feature',
      name: header?.[i] ?? `column ${i + 1}`,
      title: header === undefined ? `column ${i + 1}` : `column ${i + 1} ("${header[i]}")`,
      texts: new Map([...new Set(listed)].map((text, code) => [text, code])),
      closed: listed !== undefined,
      decimal: undefined,
      holds: undefined,
      padded: undefined,
    }
  })
}
