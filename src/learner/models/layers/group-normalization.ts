import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { layers, tf } from '../../tensorflow.js'
import { groupNormalise } from '../group-norm.js'
import { axisOf, withAxesLast } from './axes.js'
import {
  configOf,
  type Initialiser,
  initialiserFrom,
  type LayerArgs,
  onlyTensor,
  type Shape,
  type Weight,
} from './layer.js'

/** What Keras 3 writes about one, in TensorFlow.js' spelling. */
type GroupNormalizationArgs = LayerArgs & {
  readonly groups?: number
  readonly axis?: number
  readonly epsilon?: number
  readonly center?: boolean
  readonly scale?: boolean
  readonly betaInitializer?: unknown
  readonly gammaInitializer?: unknown
}

/** Keras' layer of this name, which TensorFlow.js lacks: same configuration, same weights, same defaults. */
export class GroupNormalization extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'GroupNormalization'

  readonly groups: number
  readonly epsilon: number
  readonly gammaInitializer: Initialiser
  readonly betaInitializer: Initialiser
  private readonly axis: number
  private readonly center: boolean
  private readonly scale: boolean
  private gamma: Weight | undefined
  private beta: Weight | undefined

  constructor(args: GroupNormalizationArgs = {}) {
    super(args)
    this.groups = args.groups ?? 32
    this.axis = args.axis ?? -1
    this.epsilon = args.epsilon ?? 1e-3
    this.center = args.center ?? true
    this.scale = args.scale ?? true
    this.gammaInitializer = initialiserFrom(args.gammaInitializer) ?? layers.initializers.ones()
    this.betaInitializer = initialiserFrom(args.betaInitializer) ?? layers.initializers.zeros()
  }

  override build(inputShape: Shape): void {
    const channels = inputShape[axisOf(this.axis, inputShape.length, this.name)]
    // Keras: -1 makes of each channel a group of its own (instance normalisation).
    const groups = this.groups === -1 ? channels : this.groups
    if (typeof channels !== 'number' || typeof groups !== 'number' || !(groups >= 1) || channels % groups !== 0) {
      throw new Error(`layer "${this.name}": ${this.groups} groups do not divide ${channels ?? '?'} channels`)
    }
    if (this.scale) this.gamma = this.addWeight('gamma', [channels], 'float32', this.gammaInitializer)
    if (this.center) this.beta = this.addWeight('beta', [channels], 'float32', this.betaInitializer)
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

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      groups: this.groups,
      axis: this.axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: configOf(this.betaInitializer),
      gammaInitializer: configOf(this.gammaInitializer),
    }
  }
}
