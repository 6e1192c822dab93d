import { shown } from '../foreign.js'

/** A manifest's fields by their dotted paths, in its order, as JSON; a list is one value. */
export type Fields = ReadonlyMap<string, string>

/** A list of a hundred columns would be the whole label. */
const valueLimit = 60

/** The fields of a manifest, or of whatever is nested as one. */
export function fieldsOf(manifest: object): Fields {
  const fields = new Map<string, string>()
  const add = (value: unknown, path: string): void => {
    if (value === undefined) return
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fields.set(path, JSON.stringify(value))
    else for (const [name, inner] of Object.entries(value)) add(inner, path === '' ? name : `${path}.${name}`)
  }
  add(manifest, '')
  return fields
}

/** Paths whose values are not the same in all, in the order of the first that has them. */
export function differingFields(all: readonly Fields[]): string[] {
  const paths = new Set(all.flatMap(fields => [...fields.keys()]))
  return [...paths].filter(path => valuesOf(all, path).size > 1)
}

/**
 * As few of the fields as tell all apart. Many follow from another: of two methods the radius and the momentum differ
 * too. So a field is taken where it parts what those before it do not, and what names a choice comes first, then what
 * all have, then what has the most values.
 */
export function namingFields(all: readonly Fields[], paths: readonly string[]): string[] {
  const ordered = paths
    .map((path, at) => ({
      path,
      ranks: [
        /(^|\.)(method|kind)$/.test(path) ? 0 : 1,
        all.filter(fields => !fields.has(path)).length,
        -valuesOf(all, path).size,
        at,
      ],
    }))
    .sort((a, b) => a.ranks.map((rank, at) => rank - b.ranks[at]!).find(difference => difference !== 0) ?? 0)
  const taken = new Set<string>()
  let groups = all.map(() => 0)
  for (const { path } of ordered) {
    const finer = all.map((fields, at) => `${groups[at]} ${fields.get(path)}`)
    const parts = [...new Set(finer)]
    if (parts.length === new Set(groups).size) continue
    taken.add(path)
    const numbers = new Map(parts.map((part, at) => [part, at]))
    groups = finer.map(part => numbers.get(part)!)
  }
  return paths.filter(path => taken.has(path))
}

function valuesOf(all: readonly Fields[], path: string): ReadonlySet<string | undefined> {
  return new Set(all.map(fields => fields.get(path)))
}

/** "merge.method: dfedsam, partition.alpha: 0.1"; fields that these do not have are left out. */
export function labelOf(fields: Fields, paths: readonly string[]): string {
  const parts = paths.filter(path => fields.has(path)).map(path => `${path}: ${textOf(fields, path)}`)
  return parts.length === 0 ? `without ${paths.join(', ')}` : parts.join(', ')
}

/** A field's value as people read it; null where there is none. */
export function textOf(fields: Fields, path: string): string | null {
  const json = fields.get(path)
  if (json === undefined) return null
  return shown(json.startsWith('"') ? (JSON.parse(json) as string) : json, valueLimit)
}
