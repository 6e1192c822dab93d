import type { PeerDescription } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type Layer, type ModelTopology, modelTopology, outputShapeOf } from '../learner/index.js'

/*
 * A trained model as a graph of layers in the notation that TensorFlow.js and Keras share; layers can be added.
 */

/** A layer and the sources of its inputs: Keras 2's lists of [layer, node, tensor, {}], one a call. */
export interface GraphLayer {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly name: string
  readonly inbound_nodes: readonly (readonly Inbound[])[]
}

type Inbound = readonly [layer: string, node: number, tensor: number, options: object]

/** A graph with one input and one output. */
export interface LayerGraph {
  readonly layers: readonly GraphLayer[]
  readonly input: string
  readonly output: Inbound
}

/** A layer that is to be added. */
export interface NewLayer {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string }
}

/**
 * The peer's model as it was trained: inputs standardised, outputs logits or standardised numbers.
 *
 * @throws {@link HearsayError} `MODEL` when a user's model is not allowed here
 */
export function graphOf({ model, topology, inputShape, objective, classes }: PeerDescription): LayerGraph {
  const outputShape = outputShapeOf(objective, inputShape, classes.length)
  const described = modelTopology(model, inputShape, outputShape, topology)
  const graph = described.class_name === 'Sequential' ? chain(described, inputShape) : functional(described)
  const named = graph.layers.every(({ name }) => typeof name === 'string' && name !== '')
  if (named && typeof graph.input === 'string') return graph
  throw new HearsayError(
    'MODEL',
    'the model has layers without names, which cannot be exported; name them and train it again',
  )
}

/** A Sequential model has the input's shape in its first layer, or has an input layer. */
function chain({ config }: ModelTopology, inputShape: readonly number[]): LayerGraph {
  const listed = (Array.isArray(config) ? config : config.layers) as readonly Layer[]
  const [first] = listed
  const all = first?.class_name === 'InputLayer' ? listed : [inputLayer('input', inputShape), ...listed]
  let before: string | undefined
  const layers = all.map(layer => {
    const { batch_input_shape, input_shape, ...rest } = layer.config
    const isInput = before === undefined
    const name = layer.config.name!
    const inbound: Inbound[][] = isInput ? [] : [[[before!, 0, 0, {}]]]
    before = name
    return { ...layer, config: isInput ? layer.config : rest, name, inbound_nodes: inbound }
  })
  return { layers, input: layers[0]!.name, output: [before!, 0, 0, {}] }
}

function inputLayer(name: string, shape: readonly number[]): Layer {
  return { class_name: 'InputLayer', config: { name, batch_input_shape: [null, ...shape] } }
}

function functional({ config }: ModelTopology): LayerGraph {
  const { layers, input_layers, output_layers } = config as unknown as {
    readonly layers: readonly GraphLayer[]
    readonly input_layers: readonly (readonly [string, number, number])[]
    readonly output_layers: readonly (readonly [string, number, number])[]
  }
  const [name, node, tensor] = output_layers[0]!
  return {
    layers: layers.map(layer => ({ ...layer, name: layer.name ?? (layer.config.name as string) })),
    input: input_layers[0]![0],
    output: [name, node, tensor, {}],
  }
}

/** Inserts layers between the input and every layer that takes it. */
export function behindInput(graph: LayerGraph, added: readonly NewLayer[]): LayerGraph {
  if (added.length === 0) return graph
  const placed = inRow(graph, [graph.input, 0, 0, {}], added)
  const { layers, output } = redirected(graph, graph.input, placed.at(-1)!.name)
  const at = layers.findIndex(({ name }) => name === graph.input) + 1
  return { ...graph, layers: layers.toSpliced(at, 0, ...placed), output }
}

/** Connects everything that takes one layer's output to another layer's output instead. */
function redirected(graph: LayerGraph, from: string, to: string): LayerGraph {
  const redirect = (place: Inbound): Inbound => (place[0] === from ? [to, 0, 0, place[3]] : place)
  const layers = graph.layers.map(
    (layer): GraphLayer => ({ ...layer, inbound_nodes: layer.inbound_nodes.map(node => node.map(redirect)) }),
  )
  return { ...graph, layers, output: redirect(graph.output) }
}

/** Appends layers to the output. */
export function behindOutput(graph: LayerGraph, added: readonly NewLayer[]): LayerGraph {
  if (added.length === 0) return graph
  const placed = inRow(graph, graph.output, added)
  return { ...graph, layers: [...graph.layers, ...placed], output: [placed.at(-1)!.name, 0, 0, {}] }
}

/** Replaces a layer by a row of layers. One of them may have the layer's name, and so gets its weights. */
export function inPlaceOf(graph: LayerGraph, layer: GraphLayer, row: readonly NewLayer[]): LayerGraph {
  const [node, ...more] = layer.inbound_nodes
  if (node?.length !== 1 || more.length > 0) {
    throw new HearsayError(
      'MODEL',
      `layer "${layer.name}" is used more than once, and cannot be exported for TensorFlow.js`,
    )
  }
  const at = graph.layers.findIndex(({ name }) => name === layer.name)
  const rest = { ...graph, layers: graph.layers.toSpliced(at, 1) }
  const placed = inRow(rest, node[0]!, row)
  const { layers, output } = redirected(rest, layer.name, placed.at(-1)!.name)
  return { ...graph, layers: layers.toSpliced(at, 0, ...placed), output }
}

/** Gives a layer another configuration. */
export function reconfigured(graph: LayerGraph, layer: GraphLayer, config: GraphLayer['config']): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map(one => (one.name === layer.name ? { ...one, config: { ...one.config, ...config } } : one)),
  }
}

/** Chains layers one after another, under unique names. */
function inRow({ layers }: LayerGraph, from: Inbound, added: readonly NewLayer[]): GraphLayer[] {
  const taken = new Set(layers.map(({ name }) => name))
  let before = from
  return added.map(({ class_name, config }): GraphLayer => {
    let name = config.name
    while (taken.has(name)) name = `${name}_`
    taken.add(name)
    const layer = { class_name, config: { ...config, name }, name, inbound_nodes: [[before]] }
    before = [name, 0, 0, {}]
    return layer
  })
}

/** The graph's configuration, as TensorFlow.js and Keras read it. */
export function functionalConfig({ layers, input, output }: LayerGraph): Record<string, unknown> {
  const [name, node, tensor] = output
  return {
    name: 'model',
    trainable: true,
    layers,
    input_layers: [[input, 0, 0]],
    output_layers: [[name, node, tensor]],
  }
}
