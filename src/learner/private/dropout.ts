import type { Tensor } from '@tensorflow/tfjs-core'
import type { Words } from '../../random.js'
import type { DeviceModel } from '../models/model.js'
import { tf } from '../tensorflow.js'

type Layer = DeviceModel['layers'][number]

/** A dropout layer as it is inside TensorFlow.js; its types show less. */
interface Inside {
  readonly rate: number
  readonly noiseShape?: readonly (number | null)[] | null
}

/**
 * Dropout of private steps: which units are dropped is drawn for each row of a batch by itself, from words that nobody else
 * knows, and anew in each pass.
 *
 * A record's row depends on which others take part, so what is drawn for rows must not: TensorFlow.js draws one stream
 * over a whole batch from a seed of 31 bits, and with one record more all behind it drop other units, by numbers that whoever
 * has the seed knows. The argument that holds, of dropout and of `augment` (which draws from the same source) alike: the
 * draws of all rows are independent and equally distributed, hence in whatever rows records lie, their draws have one and the
 * same joint distribution, as if each record had drawn its own before it was placed. So the steps of two neighbouring sets of
 * records can be coupled: all records that both have drop the same units, and given the draws the sums of clipped gradients
 * differ by the gradient of the one record more, R at most. Given any draws the step is a Gaussian mechanism of sensitivity R;
 * a mixture of such pairs, with weights that do not depend on the records, is no easier to tell apart than the worst of them
 * (the divergences of arXiv 1908.10530 are jointly quasi-convex). None of that needs more than that the draws stay secret.
 */
export class Dropouts {
  private readonly layers: readonly Layer[]

  constructor(
    { layers }: Pick<DeviceModel, 'layers'>,
    private readonly words: Words,
  ) {
    this.layers = layers.filter(layer => layer.getClassName() === 'Dropout' && (layer as unknown as Inside).rate > 0)
  }

  /** Does the model drop anything? Then no step is like another, and none may be recorded and repeated. */
  get any(): boolean {
    return this.layers.length > 0
  }

  /** Calls something in which the layers drop by these words. */
  during<T>(run: () => T): T {
    const calls = this.layers.map(layer => layer.call)
    for (const layer of this.layers) {
      layer.call = inputs =>
        tf.tidy(() => {
          const input = Array.isArray(inputs) ? inputs[0]! : inputs
          return tf.mul(input, this.mask(input, layer as unknown as Inside))
        })
    }
    try {
      return run()
    } finally {
      for (const [i, layer] of this.layers.entries()) layer.call = calls[i]!
    }
  }

  /** 0, or what makes up for those that are 0. Of a noise shape the first length counts nothing: rows have draws of their own. */
  private mask({ shape: [rows, ...unit] }: Tensor, { rate, noiseShape }: Inside): Tensor {
    const shape = [rows!, ...unit.map((length, axis) => noiseShape?.[axis + 1] ?? length)]
    const words = new Uint32Array(tf.util.sizeFromShape(shape))
    this.words(words)
    const kept = 1 / (1 - rate)
    return tf.tensor(
      Float32Array.from(words, word => (word < rate * 2 ** 32 ? 0 : kept)),
      shape,
    )
  }
}
