import type { PeerDescription } from '../disk/index.js'
import { createLearnerPool } from '../learner/index.js'
import { type GraphLayer, inPlaceOf, type LayerGraph, type NewLayer, reconfigured } from './graph.js'
import type { ExportedWeight } from './tfjs.js'

/*
 * TensorFlow.js (4.22) lacks some layers, and silently computes others differently from Keras and Hearsay. For export,
 * a model is rewritten in layers that mean the same everywhere.
 */

/** The output shape of each layer of a model for one sample, by its name. */
export type LayerShapes = Readonly<Record<string, readonly number[]>>

/** A graph with its weights. */
export interface Exportable {
  readonly graph: LayerGraph
  readonly weights: readonly ExportedWeight[]
}

interface Place {
  readonly graph: LayerGraph
  readonly layer: GraphLayer
  /** The layer's output shape. */
  readonly shape: readonly number[]
  /** The number of axes of its input, without the batch. */
  readonly axesIn: number
}

type Rewriting = (place: Place) => { readonly graph: LayerGraph; readonly constants?: Readonly<Record<string, number>> }

/** By the class of the layer. All but that of GroupNormalization are suitable for training too. */
const rewritings: Readonly<Record<string, Rewriting>> = {
  GroupNormalization: groupNormalisation,

  BatchNormalization({ graph, layer, shape }) {
    const axis = axisOf(layer, shape)
    if (axis === shape.length) return { graph: reconfigured(graph, layer, { axis: -1 }) }
    const norm = { class_name: layer.class_name, config: { ...named(layer), axis: -1 } }
    return { graph: inPlaceOf(graph, layer, withAxisLast(layer.name, shape, axis, [norm])) }
  },

  Softmax({ graph, layer, shape }) {
    if (Array.isArray(layer.config.axis) && layer.config.axis.length > 1) return { graph }
    const axis = axisOf(layer, shape)
    if (axis === shape.length) return { graph: reconfigured(graph, layer, { axis: -1 }) }
    const softmax = { class_name: layer.class_name, config: { ...named(layer), axis: -1 } }
    return { graph: inPlaceOf(graph, layer, withAxisLast(layer.name, shape, axis, [softmax])) }
  },

  Concatenate({ graph, layer, shape }) {
    return { graph: reconfigured(graph, layer, { axis: axisOf(layer, shape) }) }
  },

  Reshape({ graph, layer, shape }) {
    if (!(layer.config.target_shape as (number | null)[]).some(length => length === null || length < 0))
      return { graph }
    return { graph: inPlaceOf(graph, layer, [{ ...layer, config: { ...named(layer), target_shape: [...shape] } }]) }
  },

  ELU({ graph, layer }) {
    const alpha = layer.config.alpha ?? 1
    if (alpha === 1) return { graph }
    const elu = { class_name: 'ELU', config: { ...named(layer), alpha: 1 } }
    const below = { class_name: 'LeakyReLU', config: { name: `${layer.name}.below`, alpha } }
    return { graph: inPlaceOf(graph, layer, [elu, below]) }
  },

  Flatten({ graph, layer, axesIn }) {
    if (axesIn > 1) return { graph }
    const nothing = { class_name: 'Activation', config: { name: layer.name, activation: 'linear' } }
    return { graph: inPlaceOf(graph, layer, [nothing]) }
  },
}

/**
 * The same model in layers that TensorFlow.js itself has, and computes as Keras does.
 *
 * @param trained - whether Hearsay will train the model further: GroupNormalization, which Hearsay has, then stays
 * @throws {@link HearsayError} `MODEL` when a layer that must be rewritten is used more than once
 */
export function inPlainLayers(
  { graph, weights }: Exportable,
  shapes: LayerShapes,
  { trained }: { readonly trained: boolean },
): Exportable {
  const known = new Set(weights.map(({ name }) => name))
  let changed = graph
  const added: ExportedWeight[] = []
  for (const layer of graph.layers) {
    const rewrite = rewritings[layer.class_name]
    if (rewrite === undefined || (trained && layer.class_name === 'GroupNormalization')) continue
    // The layer's current form: its inputs may have been redirected.
    const now = changed.layers.find(({ name }) => name === layer.name)!
    const shape = shapes[layer.name]!
    const { graph: next, constants = {} } = rewrite({
      graph: changed,
      layer: now,
      shape,
      axesIn: axesInto(graph, layer, shapes),
    })
    changed = next
    for (const [weight, value] of Object.entries(constants)) {
      const name = `${layer.name}/${weight}`
      const length = shape[axisOf(layer, shape) - 1]!
      if (!known.has(name)) added.push({ name, shape: [length], values: new Float32Array(length).fill(value) })
    }
  }
  return { graph: changed, weights: [...weights, ...added] }
}

/** Does the model have layers that must be rewritten? */
export function needsPlainLayers({ layers }: LayerGraph): boolean {
  return layers.some(({ class_name }) => class_name in rewritings)
}

/**
 * Group normalisation, which TensorFlow.js lacks: a Reshape that gives each group an axis, a LayerNormalization over
 * places and the group's channels, a Reshape back, and a BatchNormalization with mean 0 and variance 1 that scales and
 * shifts the channels. For inference only: in training, the last would use the batch's statistics.
 */
function groupNormalisation({ graph, layer, shape }: Place): ReturnType<Rewriting> {
  const { name, config } = layer
  const axis = axisOf(layer, shape)
  const whole = [...shape.filter((_, i) => i !== axis - 1), shape[axis - 1]!]
  const channels = whole.at(-1)!
  const places = whole.slice(0, -1).reduce((product, length) => product * length, 1)
  const groups = config.groups === -1 ? channels : Number(config.groups ?? 32)
  const row = [
    { class_name: 'Reshape', config: { name: `${name}.grouped`, target_shape: [places, groups, channels / groups] } },
    {
      class_name: 'LayerNormalization',
      config: {
        name: `${name}.normalised`,
        axis: [1, 3],
        epsilon: config.epsilon ?? 1e-3,
        center: false,
        scale: false,
      },
    },
    { class_name: 'Reshape', config: { name: `${name}.whole`, target_shape: whole } },
    {
      class_name: 'BatchNormalization',
      config: { name, axis: -1, momentum: 0.99, center: true, scale: true, epsilon: 0 },
    },
  ]
  const constants = { gamma: 1, beta: 0, moving_mean: 0, moving_variance: 1 }
  return { graph: inPlaceOf(graph, layer, withAxisLast(name, shape, axis, row)), constants }
}

function axesInto(graph: LayerGraph, { inbound_nodes }: GraphLayer, shapes: LayerShapes): number {
  const from = inbound_nodes[0]![0]![0]
  if (from !== graph.input) return shapes[from]!.length
  const input = graph.layers.find(({ name }) => name === from)!
  return (input.config.batch_input_shape as unknown[]).length - 1
}

function named({ name, config }: GraphLayer): NewLayer['config'] {
  return { ...config, name }
}

/** The axis that a layer's configuration names, counted with the batch as axis 0. */
function axisOf({ config }: GraphLayer, shape: readonly number[]): number {
  const [axis = -1] = [config.axis ?? -1].flat() as number[]
  return axis < 0 ? shape.length + 1 + axis : axis
}

/** The layers, preceded by a Permute that moves the axis to the end, and followed by one that moves it back. */
function withAxisLast(name: string, shape: readonly number[], axis: number, row: readonly NewLayer[]): NewLayer[] {
  if (axis === shape.length) return [...row]
  const order = [...shape.keys()].map(i => i + 1).filter(i => i !== axis)
  order.push(axis)
  const back = order.map((_, i) => order.indexOf(i + 1) + 1)
  return [
    { class_name: 'Permute', config: { name: `${name}.turned`, dims: order } },
    ...row,
    { class_name: 'Permute', config: { name: `${name}.back`, dims: back } },
  ]
}

/** The output shapes of the model's layers, known once it has been built. */
export async function shapesOf({
  model,
  topology,
  inputShape,
  classes,
  objective,
}: PeerDescription): Promise<LayerShapes> {
  const models = [{ model, inputShape, ...(topology === undefined ? {} : { topology }) }]
  const pool = await createLearnerPool({
    backend: 'wasm',
    workers: 1,
    models,
    classes: classes.length,
    objective,
    seed: 0,
  })
  try {
    return pool.models[0].shapes
  } finally {
    await pool.close()
  }
}
