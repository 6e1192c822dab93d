import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Layout } from '../../tensors/index.js'

/** One dense layer: where its tensors stand in the layout, and what follows it. */
export interface DenseLayer {
  /** Places in the layout's list of tensors. */
  readonly kernel: number
  readonly bias?: number
  /** ReLU, or nothing. */
  readonly rectify: boolean
}

/** A chain of dense layers and how its parameters lie in the flat vector. */
export interface DenseModel {
  readonly layers: readonly DenseLayer[]
  readonly layout: Layout
}

/** A layer as it is inside TensorFlow.js; its types show less. */
interface Inside {
  readonly inboundNodes: readonly unknown[]
  readonly activation?: { getClassName(): string }
}

/**
 * The model as a chain of dense layers, or nothing when it is something else. Such models (logistic regression, an
 * MLP, a head over features) are trained without TensorFlow.js' tape, several peers at a time: see gradients.ts.
 */
export function denseModelOf(model: LayersModel, layout: Layout): DenseModel | undefined {
  const layers: DenseLayer[] = []
  let width = model.inputs.length === 1 ? model.inputs[0]!.shape.slice(1) : []
  for (const layer of model.layers) {
    const { inboundNodes, activation } = layer as unknown as Inside
    // A layer that is applied twice makes no chain.
    if (inboundNodes.length > 1) return undefined
    switch (layer.getClassName()) {
      case 'InputLayer':
        break
      case 'Flatten':
        width = [width.reduce((product: number, length) => product * (length ?? 0), 1)]
        break
      case 'Dense': {
        const kernel = layout.tensors.findIndex(({ name }) => name === `${layer.name}/kernel`)
        const bias = layout.tensors.findIndex(({ name }) => name === `${layer.name}/bias`)
        const kind = activation?.getClassName()
        const [inputs, units] = layout.tensors[kernel]?.shape ?? []
        // Frozen layers are the tape's business.
        if (!layer.trainable || width.length !== 1 || width[0] !== inputs || (kind !== 'relu' && kind !== 'linear'))
          return undefined
        layers.push({ kernel, ...(bias < 0 ? {} : { bias }), rectify: kind === 'relu' })
        width = [units!]
        break
      }
      default:
        return undefined
    }
  }
  const known = new Set(layers.flatMap(({ kernel, bias }) => [kernel, bias]))
  return layers.length > 0 && layout.tensors.every((_, place) => known.has(place)) ? { layers, layout } : undefined
}

/**
 * How many parameters lie side by side at most: 4 MB each of parameters and gradients. With more, they fall out of the
 * processor's cache from one operation to the next: on 32 MB of it, an MLP of 200,000 takes 1.0 ms a step and peer in
 * stacks of 4 or 5, and 1.4 in stacks of 16.
 */
const stackedParameters = 2 ** 20

/** Beyond this the operations' own cost is spread thin enough. */
const mostPeers = 16

/** How many peers with this model are trained side by side. */
export function stackLimit({ layout }: DenseModel): number {
  return Math.max(1, Math.min(mostPeers, Math.floor(stackedParameters / layout.size)))
}
