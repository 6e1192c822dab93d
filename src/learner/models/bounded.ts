import { HearsayError } from '../../errors.js'
import { layers } from '../tensorflow.js'
import type { Shape, Weight } from './layers/layer.js'

/** A model larger than this is refused: 4 GiB, what a safetensors file may have. */
export const parameterLimit = 2 ** 30

type AddWeight = (this: unknown, name: string, shape: Shape, ...rest: unknown[]) => Weight

/**
 * Builds layers whose weights have at most so many numbers together. Each is asked before it is made: a description of
 * a hundred bytes, which may come from a stranger, can request all the memory there is.
 *
 * @param build - must build synchronously, at least up to its first `await`
 * @throws {@link HearsayError} `MODEL` at the weight that is too much; those made before are freed
 */
export function bounded<T>(source: string, build: () => T, limit = parameterLimit): T {
  const prototype = layers.layers.Layer.prototype as unknown as { addWeight: AddWeight }
  const { addWeight } = prototype
  const made: Weight[] = []
  let numbers = 0
  let isTooMuch = false
  prototype.addWeight = function (name, shape, ...rest) {
    numbers += shape.reduce<number>((product, length) => product * (length ?? 0), 1)
    isTooMuch ||= numbers > limit
    if (isTooMuch) {
      for (const weight of made.splice(0)) weight.dispose()
      throw new HearsayError('MODEL', `has more than ${limit} parameters; at most so many are trained`, { source })
    }
    const weight = addWeight.call(this, name, shape, ...rest)
    made.push(weight)
    return weight
  }
  try {
    return build()
  } finally {
    prototype.addWeight = addWeight
  }
}
