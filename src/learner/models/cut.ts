import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { HearsayError } from '../../errors.js'
import { headSection, type Layout, layersOf } from '../../tensors/index.js'
import { layers, tf } from '../tensorflow.js'
import { type HeadCut, headLayersBetween } from './head-layers.js'

/** Body and head of a model on the device. */
export interface DeviceCut extends HeadCut {
  /** Runs the body alone: [batch, …featureShape], a tensor of the caller's own. `training` as in the whole model. */
  features(inputs: Tensor, training: boolean): Tensor
  /** Runs the head alone: `logits(features(x))` are the model's logits of x. */
  logits(features: Tensor, training: boolean): Tensor
}

/**
 * Cuts a model in front of its head: what holds parameters of the head, and everything behind that, on one side, all
 * else on the other. Both halves use the layers of the whole model, and so its parameters.
 *
 * @param source - what errors call the model
 * @throws {@link HearsayError} `MODEL` when more than one tensor crosses the cut, when its shape is not fixed, or when
 *   the head is no chain of layers that others can run
 */
export function cutModel(model: LayersModel, layout: Layout, headLayer: string, source: string): DeviceCut {
  const output = model.outputs[0]!
  const border = borderOf(output, new Set(layersOf(headSection(layout, headLayer).layout)))
  if (border.length !== 1) {
    const names = border.map(({ sourceLayer }) => `"${sourceLayer.name}"`).join(', ')
    throw new HearsayError(
      'MODEL',
      `the head from layer "${headLayer}" on takes what ${names} put out, and it must be one tensor; let the head begin at another layer (model.head)`,
      { source },
    )
  }
  const [cut] = border as [SymbolicTensor]
  const featureShape = cut.shape.slice(1)
  if (!featureShape.every(length => length !== null)) {
    throw new HearsayError(
      'MODEL',
      `what enters layer "${headLayer}" has no fixed shape (${featureShape.map(length => length ?? '?').join('×')}); give the model's input the shape of the data`,
      { source },
    )
  }
  const body = layers.model({ inputs: model.inputs, outputs: cut })
  return {
    featureShape: featureShape as number[],
    head: headLayersBetween(cut, output, layout, source),
    features(inputs, training) {
      const features = body.apply(inputs, { training }) as Tensor
      // A body that has nothing to do hands its inputs on.
      return features === inputs ? tf.clone(inputs) : features
    },
    logits: (features, training) => tf.tidy(() => run(output, new Map([[cut, features]]), training)),
  }
}

/** The body's tensors that enter the head: see {@link cutModel}. */
function borderOf(output: SymbolicTensor, headLayers: ReadonlySet<string>): SymbolicTensor[] {
  const places = new Map<SymbolicTensor, boolean>()
  const border = new Set<SymbolicTensor>()
  const isHead = (tensor: SymbolicTensor): boolean => {
    const known = places.get(tensor)
    if (known !== undefined) return known
    const before = tensor.inputs.filter(input => !isHead(input))
    const inHead = headLayers.has(tensor.sourceLayer.name) || before.length < tensor.inputs.length
    places.set(tensor, inHead)
    if (inHead) for (const input of before) border.add(input)
    return inHead
  }
  isHead(output)
  return [...border]
}

/** What a tensor of the graph is, when those in `known` are what they are. */
function run(tensor: SymbolicTensor, known: Map<SymbolicTensor, Tensor>, training: boolean): Tensor {
  const value = known.get(tensor)
  if (value !== undefined) return value
  const inputs = tensor.inputs.map(input => run(input, known, training))
  const result = tensor.sourceLayer.apply(inputs, { training }) as Tensor
  known.set(tensor, result)
  return result
}
