import type { Samples, Standardisation } from '../data/dataset.js'
import type { DataReference } from './messages.js'

/**
 * Numbers every pair of samples and standardisation. Neither is kept alive by it: when one of the two is collected,
 * `forget` is told, so that the workers free what they hold of it.
 */
export function createReferences(
  forget: (key: number) => void,
): (samples: Samples, standardisation: Standardisation) => DataReference {
  const keys = new WeakMap<Samples, WeakMap<Standardisation, number>>()
  const registry = new FinalizationRegistry<number>(forget)
  let next = 0
  return (samples, standardisation) => {
    const { inputs, labels, size } = samples
    checkShared(inputs, 'samples')
    checkShared(labels, 'labels')
    const ofSamples = keys.get(samples) ?? new WeakMap<Standardisation, number>()
    keys.set(samples, ofSamples)
    const key = ofSamples.get(standardisation) ?? next++
    if (!ofSamples.has(standardisation)) {
      ofSamples.set(standardisation, key)
      registry.register(samples, key)
      registry.register(standardisation, key)
    }
    return { key, inputs, labels, size, standardisation }
  }
}

/** What is not on shared memory would be copied to the worker whole, or changed in the worker's copy only. */
export function checkShared(array: ArrayBufferView, name: string): void {
  if (!(array.buffer instanceof SharedArrayBuffer)) throw new TypeError(`${name} must lie on shared memory`)
}
