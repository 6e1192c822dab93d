import type { serialization, Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { type layers, tf } from '../../tensorflow.js'

/*
 * What the layers of this folder are made of. They bear the names of Keras' layers and take the place of TensorFlow.js'
 * own, where those are missing or compute something else.
 */

export type Initialiser = ReturnType<typeof layers.initializers.ones>
export type LayerArgs = ConstructorParameters<typeof layers.layers.Layer>[0]
export type Weight = ReturnType<LayersModel['layers'][number]['addWeight']>
/** Of a tensor, or of a layer's input: null where it is not known, as of the batch. */
export type Shape = (number | null)[]

/** The one tensor that such a layer is called on. */
export function onlyTensor(inputs: Tensor | Tensor[]): Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs
}

/** TensorFlow.js keeps its own reader of initialisers to itself; all it does is look the class up by its name. */
export function initialiserFrom(described: unknown): Initialiser | undefined {
  if (described === undefined || described === null) return undefined
  if (described instanceof tf.serialization.Serializable) return described as Initialiser
  const { className, config } = described as { className?: string; config?: serialization.ConfigDict }
  const known = tf.serialization.SerializationMap.getMap().classNameMap[className ?? '']
  if (known === undefined) throw new Error(`unknown initialiser ${JSON.stringify(described)}`)
  const [initialiser, fromConfig] = known
  return fromConfig(initialiser, config ?? {}) as Initialiser
}

export function configOf(initialiser: Initialiser): serialization.ConfigDict {
  return { className: initialiser.getClassName(), config: initialiser.getConfig() }
}
