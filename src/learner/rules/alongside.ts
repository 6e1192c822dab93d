import type { Variable } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'
import type { Kept, PartVector, Weights } from './rule.js'

/**
 * Puts a vector, of a stack each peer's, beside the weights: for each variable those of its numbers that lie where the
 * variable does; nothing for a variable that it does not cover.
 *
 * @param vectors - one for each peer, all of one length and start
 * @param factor - multiplies them
 * @throws RangeError when the vectors differ in length, begin or end inside of a tensor, or go beyond
 *   the parameters
 */
export function alongside({ variables, places, size }: Weights, vectors: readonly PartVector[], factor = 1): Kept {
  const [{ values, start = 0 }] = vectors as [PartVector]
  const end = start + values.length
  if (vectors.some(other => other.values.length !== values.length || (other.start ?? 0) !== start)) {
    throw new RangeError('the vectors of peers that train side by side differ in length or start')
  }
  if (start < 0 || end > size) {
    throw new RangeError(`a vector of ${values.length} numbers from ${start} on for ${size} parameters`)
  }
  const cut = places.find(place => {
    if (place === undefined) return false
    const stop = place.offset + place.size
    return [start, end].some(edge => edge > place.offset && edge < stop)
  })
  if (cut !== undefined) {
    throw new RangeError(`a vector of ${values.length} numbers from ${start} on begins or ends inside of ${cut.name}`)
  }
  return variables.map((variable, i): Variable | undefined => {
    const place = places[i]
    if (place === undefined || place.offset < start || place.offset + place.size > end) return undefined
    const { offset, size } = place
    const beside = new Float32Array(vectors.length * size)
    for (const [peer, vector] of vectors.entries()) {
      const from = offset - start
      for (let k = 0; k < size; k++) beside[peer * size + k] = factor * vector.values[from + k]!
    }
    return tf.tidy(() => tf.variable(tf.tensor(beside, variable.shape, 'float32'), false))
  })
}
