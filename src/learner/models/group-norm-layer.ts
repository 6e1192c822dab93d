import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { layers, tf } from '../tensorflow.js'
import { groupNormalise } from './group-norm.js'

type Initialiser = ReturnType<typeof layers.initializers.ones>
type LayerArgs = ConstructorParameters<typeof layers.layers.Layer>[0]
type Weight = ReturnType<LayersModel['layers'][number]['addWeight']>

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

/**
 * Keras' layer of this name, which TensorFlow.js lacks: same configuration, same weights, same defaults. Only the last
 * axis can be cut into groups.
 */
export class GroupNormalization extends layers.layers.Layer {
  /** The name in model files. */
  static readonly className = 'GroupNormalization'

  readonly groups: number
  readonly epsilon: number
  readonly gammaInitializer: Initialiser
  readonly betaInitializer: Initialiser
  private readonly center: boolean
  private readonly scale: boolean
  private gamma: Weight | undefined
  private beta: Weight | undefined

  constructor(args: GroupNormalizationArgs = {}) {
    super(args)
    this.groups = args.groups ?? 32
    this.epsilon = args.epsilon ?? 1e-3
    this.center = args.center ?? true
    this.scale = args.scale ?? true
    this.gammaInitializer = initialiserFrom(args.gammaInitializer) ?? layers.initializers.ones()
    this.betaInitializer = initialiserFrom(args.betaInitializer) ?? layers.initializers.zeros()
    if (args.axis !== undefined && args.axis !== -1) throw new Error(`axis must be -1, not ${args.axis}`)
  }

  override build(inputShape: (number | null)[]): void {
    const channels = inputShape.at(-1)
    // Keras: -1 makes of each channel a group of its own (instance normalisation).
    const groups = this.groups === -1 ? channels : this.groups
    if (typeof channels !== 'number' || typeof groups !== 'number' || !(groups >= 1) || channels % groups !== 0) {
      throw new Error(`${this.name}: ${this.groups} groups do not divide ${channels} channels`)
    }
    if (this.scale) this.gamma = this.addWeight('gamma', [channels], 'float32', this.gammaInitializer)
    if (this.center) this.beta = this.addWeight('beta', [channels], 'float32', this.betaInitializer)
    this.built = true
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs
      const channels = x.shape.at(-1)!
      return groupNormalise(
        x,
        (this.gamma?.read() ?? tf.ones([channels])) as Tensor1D,
        (this.beta?.read() ?? tf.zeros([channels])) as Tensor1D,
        { groups: this.groups === -1 ? channels : this.groups, epsilon: this.epsilon },
      )
    })
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      groups: this.groups,
      axis: -1,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: configOf(this.betaInitializer),
      gammaInitializer: configOf(this.gammaInitializer),
    }
  }
}

tf.serialization.registerClass(GroupNormalization)

/** TensorFlow.js keeps its own reader of initialisers to itself; all it does is look the class up by its name. */
function initialiserFrom(described: unknown): Initialiser | undefined {
  if (described === undefined || described === null) return undefined
  if (described instanceof tf.serialization.Serializable) return described as Initialiser
  const { className, config } = described as { className?: string; config?: tf.serialization.ConfigDict }
  const known = tf.serialization.SerializationMap.getMap().classNameMap[className ?? '']
  if (known === undefined) throw new Error(`unknown initialiser ${JSON.stringify(described)}`)
  const [initialiser, fromConfig] = known
  return fromConfig(initialiser, config ?? {}) as Initialiser
}

function configOf(initialiser: Initialiser): tf.serialization.ConfigDict {
  return { className: initialiser.getClassName(), config: initialiser.getConfig() }
}
