import type { Tensor, Tensor2D, Tensor3D, Tensor4D, Variable } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { HearsayError } from '../../errors.js'
import { patchesOf } from '../backend/kernels/patches.js'
import type { SampleNormalization } from '../models/layers/normalization.js'
import type { DeviceModel } from '../models/model.js'
import { tf } from '../tensorflow.js'
import { heldByPlaces, joined, matrixShare, offsetShare, placesShare, type Share } from './shares.js'

type Layer = LayersModel['layers'][number]

/** What a layer with parameters does, cut in two where they end. */
export interface Cut {
  /** What goes to the parameters: of a norm its input brought to mean 0 and variance 1. */
  before(input: Tensor): Tensor
  /** What the parameters make of it. */
  parameters(before: Tensor): Tensor
  /** The activation. */
  after(output: Tensor): Tensor
  /** Numbers that its share holds for each record, beside what goes in and comes out. */
  readonly held: number
  /** @param before - see above @param errors - the loss's gradient in what the parameters made of it */
  share(before: Tensor, errors: Tensor): Share
}

/** A layer whose parameters are trained by private steps. */
export interface PrivateLayer extends Cut {
  readonly layer: Layer
  /** Of its parameters among those of the model that are trained, in their order. */
  readonly places: readonly number[]
}

/** A layer as it is inside TensorFlow.js; its types show less. */
interface Inside {
  readonly inboundNodes: readonly {
    readonly inputShapes: readonly (readonly (number | null)[])[]
    readonly outputShapes: readonly (number | null)[]
  }[]
  readonly activation: { apply(x: Tensor): Tensor }
  readonly kernel: { read(): Variable }
  readonly bias: { read(): Variable } | null
  readonly strides: [number, number]
  readonly padding: 'same' | 'valid'
  readonly gamma?: { read(): Variable }
  readonly beta?: { read(): Variable }
}

const cuts: Readonly<Record<string, (layer: Inside) => Cut>> = {
  Dense: denseCut,
  Conv2D: convolutionCut,
  GroupNormalization: normCut,
  LayerNormalization: normCut,
}

/**
 * A model's layers as private steps need them: those whose parameters are trained.
 *
 * @throws {@link HearsayError} `MODEL` with the layer's name, where the gradient of a single record is not known
 */
export function privateLayersOf({ layers, trainable }: Pick<DeviceModel, 'layers' | 'trainable'>): PrivateLayer[] {
  return layers.flatMap(layer => {
    const why = refusal(layer)
    if (why !== undefined) {
      throw new HearsayError('MODEL', `layer "${layer.name}" ${why}, or leave privacy out`, { field: 'model' })
    }
    const places = layer.trainableWeights.map(weight => trainable.indexOf(weight.read() as Variable))
    return places.length === 0 ? [] : [{ layer, places, ...cuts[layer.getClassName()]!(layer as unknown as Inside) }]
  })
}

function refusal(layer: Layer): string | undefined {
  const kind = layer.getClassName()
  // Frozen it keeps to its own statistics.
  if (kind === 'BatchNormalization' && layer.trainable) {
    return 'is a BatchNormalization, which mixes the records of a batch, so that none can be clipped by itself: take GroupNormalization'
  }
  if (layer.trainableWeights.length === 0) return undefined
  if (cuts[kind] === undefined) {
    return `is a ${kind}, of which the gradient of a single record is not known: freeze it (trainable), use ${Object.keys(cuts).join(', ')}`
  }
  const { inboundNodes } = layer as unknown as Inside
  if (inboundNodes.length > 1) {
    return `is used ${inboundNodes.length} times, so that its gradients would have to be added before they are clipped: give each place a layer of its own`
  }
  if ('axesOf' in layer) {
    const rank = inboundNodes[0]!.inputShapes[0]!.length
    const axes = (layer as unknown as SampleNormalization).axesOf(rank)
    if (axes.some((axis, i) => axis !== rank - axes.length + i)) {
      return 'normalises along other axes than the last: put these last'
    }
  }
  return undefined
}

function denseCut(layer: Inside): Cut {
  const { kernel, bias, activation } = layer
  const [inputs, outputs] = kernel.read().shape as [number, number]
  return {
    held: placesOf(layer) === 1 ? 0 : heldByPlaces(placesOf(layer), inputs, outputs),
    before: input => input,
    parameters(input) {
      const rows = tf.reshape(input, [-1, inputs]) as Tensor2D
      const product = tf.matMul(rows, kernel.read() as unknown as Tensor2D)
      return withBias(tf.reshape(product, [...input.shape.slice(0, -1), outputs]), bias)
    },
    after: output => activation.apply(output),
    share(input, errors) {
      const places = (x: Tensor): Tensor3D => tf.reshape(x, [x.shape[0]!, -1, x.shape.at(-1)!])
      const matrix =
        input.rank === 2
          ? matrixShare(input as Tensor2D, errors as Tensor2D)
          : placesShare(places(input), places(errors))
      return withOffset(matrix, errors, bias)
    },
  }
}

function convolutionCut(layer: Inside): Cut {
  const { kernel, bias, activation, strides, padding } = layer
  const shape = kernel.read().shape as Tensor4D['shape']
  const [height, width, channels, filters] = shape
  return {
    held: heldByPlaces(placesOf(layer), height * width * channels, filters),
    before: input => input,
    parameters: input =>
      withBias(tf.conv2d(input as Tensor4D, kernel.read() as unknown as Tensor4D, strides, padding), bias),
    after: output => activation.apply(output),
    share(input, errors) {
      const patches = patchesOf(input as Tensor4D, { size: [height, width], strides, padding })
      const matrix = placesShare(patches, tf.reshape(errors, [errors.shape[0]!, -1, filters]) as Tensor3D)
      const filter: Share = { ...matrix, sums: factors => matrix.sums(factors).map(sum => tf.reshape(sum, shape)) }
      return withOffset(filter, errors, bias)
    },
  }
}

function normCut(layer: Inside): Cut {
  const { gamma, beta } = layer
  return {
    held: 0,
    before: input => (layer as unknown as SampleNormalization).normalised(input),
    parameters(normalised) {
      const scaled = gamma === undefined ? normalised : tf.mul(normalised, gamma.read())
      return withBias(scaled, beta ?? null)
    },
    after: output => output,
    share(normalised, errors) {
      const shapes = [gamma, beta].map(weight => weight?.read().shape)
      const shares = [tf.mul(normalised, errors), errors].flatMap((each, i) => {
        const shape = shapes[i]
        if (shape === undefined) return []
        const share = offsetShare(each, tf.util.sizeFromShape(shape))
        return [{ ...share, sums: (factors: Tensor2D) => share.sums(factors).map(sum => tf.reshape(sum, shape)) }]
      })
      return joined(shares)
    },
  }
}

/** Of what a layer puts out for one record, as many as its last axis goes into. */
function placesOf({ inboundNodes }: Inside): number {
  const lengths = inboundNodes[0]!.outputShapes.flat().slice(1, -1)
  return lengths.reduce<number>((product, length) => product * (length ?? 1), 1)
}

function withBias(x: Tensor, bias: { read(): Variable } | null): Tensor {
  return bias === null ? x : tf.add(x, bias.read())
}

function withOffset(matrix: Share, errors: Tensor, bias: Inside['bias']): Share {
  return bias === null ? matrix : joined([matrix, offsetShare(errors, bias.read().size)])
}
