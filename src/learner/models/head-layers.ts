import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { HearsayError } from '../../errors.js'
import type { Layout } from '../../tensors/index.js'
import { allowedActivations } from './allowed.js'

/** What a layer of a head may apply to its output. */
export type HeadActivation = (typeof allowedActivations)[number]

/**
 * One layer of a head, as it is needed to run the head with another peer's parameters. `kernel` and `bias` are
 * names in the layout; shapes are channels-last.
 */
export type HeadLayer = { readonly name: string } & (
  | { readonly kind: 'dense'; readonly kernel: string; readonly bias?: string; readonly activation: HeadActivation }
  | {
      readonly kind: 'conv2d'
      readonly kernel: string
      readonly bias?: string
      readonly activation: HeadActivation
      /** Down, across. */
      readonly strides: readonly [number, number]
      readonly padding: 'same' | 'valid'
    }
  | { readonly kind: 'activation'; readonly activation: HeadActivation }
  | { readonly kind: 'flatten' }
)

/** Where a model is cut in two: plain data, the same in a worker and on the network thread. */
export interface HeadCut {
  /** One sample's features: what leaves the body and enters the head. */
  readonly featureShape: readonly number[]
  /** The head, from the features to the logits. */
  readonly head: readonly HeadLayer[]
}

/** A layer as it is inside TensorFlow.js; its types show less. */
interface Inside {
  readonly activation?: { getClassName(): string }
  readonly strides?: readonly [number, number]
  readonly padding?: 'same' | 'valid'
  /** ReLU: above this it is cut off. */
  readonly maxValue?: number
}

/**
 * The layers between two tensors, as a chain.
 *
 * @throws {@link HearsayError} `MODEL` when it is none, or has a layer that others cannot run
 */
export function headLayersBetween(
  from: SymbolicTensor,
  to: SymbolicTensor,
  layout: Layout,
  source: string,
): HeadLayer[] {
  const chain: HeadLayer[] = []
  for (let tensor = to; tensor !== from; tensor = tensor.inputs[0]!) {
    const layer = tensor.sourceLayer
    const known = tensor.inputs.length === 1 ? described(layer, layout) : undefined
    if (known === undefined) {
      throw new HearsayError(
        'MODEL',
        `layer "${layer.name}" of the head is a ${layer.getClassName()}, which cannot be run with other peers' parameters; let the head begin behind it (model.head), with dense layers, convolutions, activations and Flatten alone`,
        { source },
      )
    }
    chain.unshift(...known)
  }
  return chain
}

/** Nothing for a layer that is not known. */
function described(layer: LayersModel['layers'][number], layout: Layout): HeadLayer[] | undefined {
  const { activation, strides, padding, maxValue } = layer as unknown as Inside
  const { name } = layer
  const has = (weight: string): boolean => layout.tensors.some(tensor => tensor.name === `${name}/${weight}`)
  const weighted = {
    name,
    kernel: `${name}/kernel`,
    ...(has('bias') ? { bias: `${name}/bias` } : {}),
    activation: activationOf(activation),
  }
  switch (layer.getClassName()) {
    case 'Dense':
      return [{ kind: 'dense', ...weighted }]
    case 'Conv2D':
      return [{ kind: 'conv2d', ...weighted, strides: [...strides!], padding: padding! }]
    case 'Activation':
      return [{ kind: 'activation', name, activation: activationOf(activation) }]
    case 'ReLU':
      return maxValue == null ? [{ kind: 'activation', name, activation: 'relu' }] : undefined
    case 'Flatten':
      return [{ kind: 'flatten', name }]
    case 'Dropout':
      // Others' heads only predict, and then nothing is dropped.
      return []
    default:
      return undefined
  }
}

function activationOf(activation: Inside['activation']): HeadActivation {
  const name = activation?.getClassName() ?? 'linear'
  const known = allowedActivations.find(allowed => allowed === name)
  // Models are checked for it when they are read.
  if (known === undefined) throw new Error(`activation ${name}`)
  return known
}
