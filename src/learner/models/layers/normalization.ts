import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import { layers } from '../../tensorflow.js'
import { configOf, type Initialiser, initialiserFrom, type LayerArgs, type Shape, type Weight } from './layer.js'

/** What Keras writes about every normalisation, in TensorFlow.js' spelling. */
export type NormalizationArgs = LayerArgs & {
  readonly epsilon?: number
  readonly center?: boolean
  readonly scale?: boolean
  readonly betaInitializer?: unknown
  readonly gammaInitializer?: unknown
}

/** A normalisation of each sample by itself. */
export interface SampleNormalization {
  /** What is scaled by gamma and moved by beta. */
  normalised(input: Tensor): Tensor
  /** Along which axes gamma and beta lie, in ascending order. @param rank - of the input */
  axesOf(rank: number): readonly number[]
}

/** What all normalisations share: epsilon, and a factor gamma and an offset beta that may be left out. */
export abstract class Normalization extends layers.layers.Layer {
  readonly epsilon: number
  readonly gammaInitializer: Initialiser
  readonly betaInitializer: Initialiser
  protected gamma: Weight | undefined
  protected beta: Weight | undefined
  private readonly center: boolean
  private readonly scale: boolean

  constructor(args: NormalizationArgs) {
    super(args)
    this.epsilon = args.epsilon ?? 1e-3
    this.center = args.center ?? true
    this.scale = args.scale ?? true
    this.gammaInitializer = initialiserFrom(args.gammaInitializer) ?? layers.initializers.ones()
    this.betaInitializer = initialiserFrom(args.betaInitializer) ?? layers.initializers.zeros()
  }

  protected addScaleAndCenter(shape: Shape): void {
    if (this.scale) this.gamma = this.addWeight('gamma', shape, 'float32', this.gammaInitializer)
    if (this.center) this.beta = this.addWeight('beta', shape, 'float32', this.betaInitializer)
  }

  override computeOutputShape(inputShape: Shape): Shape {
    return inputShape
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: configOf(this.betaInitializer),
      gammaInitializer: configOf(this.gammaInitializer),
    }
  }
}
