import type { serialization, Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import { groupNormalise } from '../group-norm.js'
import { axisOf, withAxesLast } from './axes.js'
import { onlyTensor, type Shape } from './layer.js'
import { Normalization, type NormalizationArgs, type SampleNormalization } from './normalization.js'

/** What Keras 3 writes about one, in TensorFlow.js' spelling. */
type GroupNormalizationArgs = NormalizationArgs & {
  readonly groups?: number
  readonly axis?: number
}

/** Keras' layer of this name, which TensorFlow.js lacks: same configuration, same weights, same defaults. */
export class GroupNormalization extends Normalization implements SampleNormalization {
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
    return tf.tidy(() => this.scaled(onlyTensor(inputs), this.gamma?.read(), this.beta?.read()))
  }

  normalised(input: Tensor): Tensor {
    return tf.tidy(() => this.scaled(input))
  }

  axesOf(rank: number): number[] {
    return [axisOf(this.axis, rank, this.name)]
  }

  private scaled(input: Tensor, gamma?: Tensor, beta?: Tensor): Tensor {
    return withAxesLast(input, this.axesOf(input.rank), x => {
      const channels = x.shape.at(-1)!
      const [scale, offset] = [gamma ?? tf.ones([channels]), beta ?? tf.zeros([channels])] as [Tensor1D, Tensor1D]
      const groups = this.groups === -1 ? channels : this.groups
      return groupNormalise(x, scale, offset, { groups, epsilon: this.epsilon })
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
