import { Dataset, File, type Group } from 'jsfive'
import type { GivenWeight } from './model-json.js'

/** What is read of an HDF5 file at most. */
export interface Hdf5Limits {
  /** Groups and datasets together. */
  readonly objects: number
  readonly depth: number
}

/** A model of 1000 layers has some 5,000 objects, and as many again of its optimiser, which are not looked at. */
export const hdf5Limits: Hdf5Limits = { objects: 50_000, depth: 16 }

/** Text attributes of groups, and float32 datasets, by their paths ("layers/dense/vars/0"). */
export interface Hdf5Contents {
  readonly texts: ReadonlyMap<string, string>
  readonly weights: ReadonlyMap<string, GivenWeight>
}

/** What an optimiser remembers: twice a model's size, and of no use here. */
const skipped = new Set(['optimizer', 'optimizer_weights'])

/**
 * Reads all float32 numbers of an HDF5 file, and the texts beside them. Only for worker threads that can be ended:
 * a file whose pointers lead in a circle keeps a reader busy for ever. Use {@link readHdf5}.
 *
 * @throws whatever the reader meets, also texts
 */
export function hdf5Contents(bytes: ArrayBuffer, { objects, depth }: Hdf5Limits = hdf5Limits): Hdf5Contents {
  const texts = new Map<string, string>()
  const weights = new Map<string, GivenWeight>()
  let seen = 0
  // What lies in the file is no larger than the file: a claim of more is no reason to allocate it.
  let left = bytes.byteLength / Float32Array.BYTES_PER_ELEMENT
  const visit = (group: Group, path: readonly string[]): void => {
    if (path.length > depth) throw new Error(`its groups lie more than ${depth} deep`)
    for (const [name, value] of Object.entries(group.attrs)) {
      if (typeof value === 'string') texts.set([...path, name].join('/'), value)
    }
    for (const key of group.keys) {
      if (path.length === 0 && skipped.has(key)) continue
      if (++seen > objects) throw new Error(`it has more than ${objects} groups and datasets`)
      const object = group.get(key)
      const place = [...path, key]
      if (object === null) continue
      if (!(object instanceof Dataset)) visit(object, place)
      else if (object.dtype === '<f4') {
        const size = object.shape.reduce((product, length) => product * length, 1)
        left -= size
        if (!(left >= 0)) throw new Error(`${place.join('/')} is larger than the file, or compressed`)
        weights.set(place.join('/'), { shape: [...object.shape], values: Float32Array.from(object.value) })
      }
    }
  }
  visit(new File(bytes), [])
  return { texts, weights }
}
