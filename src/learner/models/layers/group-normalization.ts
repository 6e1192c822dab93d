import type { serialization, Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import { groupNormalise } from '../group-norm.js'
import { axisOf, withAxesLast } from './axes.js'
import { onlyTensor, type Shape } from './layer.js'
import { Normalization, type NormalizationArgs } from './normalization.js'

/** What Keras 3 writes about one, in TensorFlow.js' spelling. */
type GroupNormalizationArgs = NormalizationArgs & {
  readonly groups?: number
  readonly axis?: number
}

/** Keras' layer of this name, which TensorFlow.js lacks: same configuration, same weights, same defaults. */
export class GroupNormalization extends Normalization {
  /** The name in model files. */
  static readonly className = 'GroupNormalization'

  readonly groups: number
  private readonly axis: number

  constructor(args: GroupNormalizationArgs = {}) {
    super(args)
    this.groups = args.groups ?? 32
    this.axis = args.axis ?? -1
  }

  override build(inputShape: Shape): void {
    const channels = inputShape[axisOf(this.axis, inputShape.length, this.name)]
    // Keras: -1 makes of each channel a group of its own (instance normalisation).
    const groups = this.groups === -1 ? channels : this.groups
    if (typeof channels !== 'number' || typeof groups !== 'number' || !(groups >= 1) || channels % groups !== 0) {
      throw new Error(`layer "${this.name}": ${this.groups} groups do not divide ${channels ?? '?'} channels`)
    }
    this.addScaleAndCenter([channels])
    this.built = true
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => {
      const input = onlyTensor(inputs)
      return withAxesLast(input, [axisOf(this.axis, input.rank, this.name)], x => {
        const channels = x.shape.at(-1)!
        return groupNormalise(
          x,
          (this.gamma?.read() ?? tf.ones([channels])) as Tensor1D,
          (this.beta?.read() ?? tf.zeros([channels])) as Tensor1D,
          { groups: this.groups === -1 ? channels : this.groups, epsilon: this.epsilon },
        )
      })
    })
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      groups: this.groups,
      axis: this.axis,
    }
  }
}
