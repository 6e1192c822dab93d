import type { Samples, Standardisation } from '../data/dataset.js'
import type { DataReference } from './messages.js'

/** Names samples to the workers, with the standardisation through which they are seen. */
export type References = (samples: Samples, standardisation: Standardisation) => DataReference

/**
 * Numbers every pair of samples and standardisation. Neither is kept alive by it: when one of the two is collected,
 * `forget` is called, so that the workers free what they hold of it.
 */
export function createReferences(forget: (key: number) => void): References {
  const keys = new WeakMap<Samples, WeakMap<Standardisation, number>>()
  const registry = new FinalizationRegistry<number>(forget)
  let next = 0
  return (samples, standardisation) => {
    const { inputs, labels, targets, size } = samples
    checkShared(inputs, 'samples')
    checkShared(labels, 'labels')
    if (targets !== undefined) checkShared(targets, 'targets')
    const ofSamples = keys.get(samples) ?? new WeakMap<Standardisation, number>()
    keys.set(samples, ofSamples)
    const key = ofSamples.get(standardisation) ?? next++
    if (!ofSamples.has(standardisation)) {
      ofSamples.set(standardisation, key)
      registry.register(samples, key)
      registry.register(standardisation, key)
    }
    return { key, inputs, labels, ...(targets && { targets }), size, standardisation }
  }
}

/**
 * Models of one pool may be fed differently: samples meant for another would be read as noise.
 *
 * @param inputShape - of one sample, as the model takes it
 */
export function checkSamples({ inputs, size }: Pick<Samples, 'inputs' | 'size'>, inputShape: readonly number[]): void {
  if (inputs.length === inputShape.reduce((product, axis) => product * axis, size)) return
  throw new RangeError(`${inputs.length} numbers are not ${size} samples of ${inputShape.join('×')}`)
}

/** What is not on shared memory would be copied to the worker whole, or changed in the worker's copy only. */
export function checkShared(array: ArrayBufferView, name: string): void {
  if (!(array.buffer instanceof SharedArrayBuffer)) throw new TypeError(`${name} must lie on shared memory`)
}
