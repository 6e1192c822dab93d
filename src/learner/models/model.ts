import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { HearsayError } from '../../errors.js'
import type { Random } from '../../random.js'
import { allocate, areFinite, headSection, type Layout, layoutOf } from '../../tensors/index.js'
import { type DenseModel, denseModelOf } from '../dense/layers.js'
import type { ModelSpec } from '../spec.js'
import { layers, tf } from '../tensorflow.js'
import { checkTopology } from './allowed.js'
import { bounded } from './bounded.js'
import { builtInTopology } from './built-in.js'
import { cutModel, type DeviceCut } from './cut.js'
import './layers/index.js'
import { installGradients } from './gradients.js'
import { fillInitial, type Initialiser } from './initial.js'
import { readModelFile } from './model-file.js'
import { type GivenWeight, weightFinder } from './model-json.js'
import { installRectifier } from './rectifier.js'
import { unfuse } from './unfused.js'

/** A model on the device, as training sees it. */
export interface DeviceModel {
  readonly layout: Layout
  readonly headLayer: string
  /** In the order in which they are called. */
  readonly layers: LayersModel['layers']
  /** In the layout's order. */
  readonly variables: readonly Variable[]
  /** What the optimiser moves. */
  readonly trainable: readonly Variable[]
  /** What the forward pass itself moves: running statistics. */
  readonly tracked: readonly Variable[]
  /** x⁰ on shared memory. */
  readonly initial: Float32Array
  /** Numbers that all layers together put out for one sample: what a forward pass holds on the device. */
  readonly activations: number
  /** What each layer puts out for one sample, by its name, the first time it is called; unknown lengths are 1. */
  readonly shapes: Readonly<Record<string, readonly number[]>>
  /** Set when the model is a chain of dense layers. */
  readonly dense: DenseModel | undefined
  /** [batch, classes], or whatever the objective's outputs are; training: batch statistics and dropout. */
  logits(inputs: Tensor, training: boolean): Tensor
  /** The model in two halves. The first call cuts it. @throws as {@link cutModel} does */
  cut(): DeviceCut
  /** Decides which units all training passes drop until the next call; SAM's two passes must drop the same. */
  seedDropout(draw: Random): void
  dispose(): void
}

/**
 * Builds the model that a manifest describes.
 *
 * @param outputs - how many classes, or one sample's output shape
 * @param topology - of a user's model that is trained already, instead of its file; see {@link ModelChoice}
 * @throws {@link HearsayError} `MODEL` when the description is not allowed or does not fit the data
 */
export async function buildModel(
  spec: ModelSpec,
  inputShape: readonly number[],
  outputs: number | readonly number[],
  seed: number,
  topology?: unknown,
): Promise<DeviceModel> {
  const outputShape = typeof outputs === 'number' ? [outputs] : outputs
  installRectifier()
  installGradients()
  if (spec.kind !== 'file') {
    const model = await deserialise(builtInTopology(spec, inputShape, outputShape), `model ${spec.kind}`)
    return deviceModel(model, spec.head, seed)
  }
  const file = topology === undefined ? await readModelFile(spec.path) : { topology, weights: 'elsewhere' as const }
  const model = await deserialise(checkTopology(file.topology, spec.path, file.weights !== undefined), spec.path)
  checkFit(model, inputShape, outputShape, spec.path)
  return deviceModel(model, spec.head, seed, file.weights, spec.path)
}

async function deserialise(topology: object, source: string): Promise<LayersModel> {
  try {
    return await bounded(source, () => layers.models.modelFromJSON({ modelTopology: topology } as never))
  } catch (error) {
    if (error instanceof HearsayError) throw error
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    throw new HearsayError('MODEL', `cannot be built (${reason})`, { source, cause: error })
  }
}

function checkFit(
  model: LayersModel,
  inputShape: readonly number[],
  outputShape: readonly number[],
  source: string,
): void {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new HearsayError(
      'MODEL',
      `must have one input and one output, not ${model.inputs.length} and ${model.outputs.length}; save the part between two: keras.Model(x, y)`,
      { source },
    )
  }
  const takes = model.inputs[0]!.shape.slice(1)
  if (takes.length !== inputShape.length || takes.some((length, i) => length !== null && length !== inputShape[i])) {
    throw new HearsayError(
      'MODEL',
      `takes inputs of ${takes.map(length => length ?? '?').join('×')}; the data has ${inputShape.join('×')}`,
      { source },
    )
  }
  const gives = model.outputs[0]!.shape.slice(1)
  if (gives.length === outputShape.length && gives.every((length, i) => length === outputShape[i])) return
  const wanted = outputShape.length === 1 ? `has ${outputShape[0]} classes` : `needs ${outputShape.join('×')}`
  throw new HearsayError('MODEL', `has ${gives.join('×')} outputs; the data ${wanted}`, { source })
}

function deviceModel(
  model: LayersModel,
  headLayer: string,
  seed: number,
  weights?: ReadonlyMap<string, GivenWeight> | 'elsewhere',
  source = 'model',
): DeviceModel {
  const placed = model.layers.flatMap(layer =>
    layer.weights.map(weight => ({
      layer,
      // TensorFlow.js makes names unique in the process ("conv1/kernel_1"); the file's own are in originalName.
      original: weight.originalName,
      name: `${layer.name}/${weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1)}`,
      variable: weight.read() as Variable,
      tracked: !layer.trainableWeights.includes(weight),
    })),
  )
  const layout = layoutOf(placed.map(({ name, variable }) => ({ name, shape: variable.shape })))
  if (layout.size === 0) throw new HearsayError('MODEL', 'has no parameters', { source })
  if (placed.every(({ tracked }) => tracked)) {
    throw new HearsayError('MODEL', 'all of its layers are frozen; set trainable of those that are to learn', {
      source,
    })
  }
  headSection(layout, headLayer)

  const given = weights === undefined || weights === 'elsewhere' ? undefined : weightFinder(weights)
  const initial = allocate(layout)
  for (const [i, { layer, name, original }] of placed.entries()) {
    const place = layout.tensors[i]!
    if (weights === 'elsewhere') continue
    const values = initial.subarray(place.offset, place.offset + place.size)
    if (given === undefined) fillInitial(values, place, initialiserOf(layer, name), seed)
    else {
      const weight = given(original) ?? given(name)
      if (weight === undefined || weight.shape.join() !== place.shape.join()) {
        throw new HearsayError(
          'MODEL',
          `its weights have ${weight === undefined ? 'no' : 'another shape of'} "${original}", ${place.shape.join('×')}`,
          { source },
        )
      }
      if (!areFinite(weight.values)) {
        throw new HearsayError('MODEL', `its weights "${original}" hold numbers that are not finite`, { source })
      }
      values.set(weight.values)
    }
  }
  for (const layer of model.layers) unfuse(layer)
  let cut: DeviceCut | undefined
  const dropouts = model.layers.filter(layer => layer.getClassName() === 'Dropout') as unknown as { seed: number }[]
  return {
    layout,
    headLayer,
    initial,
    layers: model.layers,
    shapes: Object.fromEntries(model.layers.map(layer => [layer.name, outputsOf(layer)[0]!])),
    activations: model.layers
      .flatMap(outputsOf)
      .reduce((sum, shape) => sum + shape.reduce((product, length) => product * length, 1), 0),
    dense: denseModelOf(model, layout),
    variables: placed.map(({ variable }) => variable),
    trainable: placed.filter(({ tracked }) => !tracked).map(({ variable }) => variable),
    tracked: placed.filter(({ tracked }) => tracked).map(({ variable }) => variable),
    logits: (inputs, training) => model.apply(inputs, { training }) as Tensor,
    cut: () => (cut ??= cutModel(model, layout, headLayer, source)),
    seedDropout(draw) {
      // A seed of zero would mean "any" to TensorFlow.js.
      for (const dropout of dropouts) dropout.seed = 1 + draw.integer(2 ** 31 - 2)
    },
    dispose() {
      model.dispose()
      // TensorFlow.js keeps the weights of a layer that is called more than once.
      for (const { variable } of placed) if (!variable.isDisposed) variable.dispose()
    },
  }
}

/** One sample's outputs of a layer, one for each time it is called; unknown lengths count as 1. */
function outputsOf(layer: LayersModel['layers'][number]): number[][] {
  const { inboundNodes } = layer as unknown as { inboundNodes: readonly { outputShapes: (number | null)[][] }[] }
  return inboundNodes.map(({ outputShapes }) =>
    outputShapes
      .flat()
      .slice(1)
      .map(length => length ?? 1),
  )
}

/** A layer keeps the initialiser of its weight "kernel" as `kernelInitializer`, of "moving_mean" as `movingMean…`. */
function initialiserOf(layer: object, name: string): Initialiser {
  const weight = name.slice(name.lastIndexOf('/') + 1).replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  const held = (layer as Readonly<Record<string, unknown>>)[`${weight}Initializer`] as
    | { getClassName(): string; getConfig(): Readonly<Record<string, unknown>> }
    | undefined
  if (held === undefined) throw new HearsayError('MODEL', `"${name}" has no initialiser`, { field: 'model' })
  return { name: held.getClassName(), config: held.getConfig() }
}

/** Writes a flat vector into the model. */
export function upload(model: DeviceModel, parameters: Float32Array): void {
  uploadPart(model, parameters, 0)
}

/** Writes some of the model's tensors, which lie one behind the other. @param start - where in the whole vector they begin */
export function uploadPart(model: DeviceModel, part: Float32Array, start: number): void {
  tf.tidy(() => {
    for (const [i, { offset, size, shape }] of model.layout.tensors.entries()) {
      const at = offset - start
      if (at < 0 || at + size > part.length) continue
      // A copy of its own: the native backend does not take arrays on shared memory.
      model.variables[i]!.assign(tf.tensor(part.slice(at, at + size), [...shape], 'float32'))
    }
  })
}

/** Reads the model into a fresh flat vector. */
export async function download(model: DeviceModel): Promise<Float32Array> {
  const values = new Float32Array(model.layout.size)
  for (const [i, { offset }] of model.layout.tensors.entries()) values.set(await model.variables[i]!.data(), offset)
  return values
}
