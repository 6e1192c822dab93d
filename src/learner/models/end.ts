import { HearsayError } from '../../errors.js'
import type { Layer, ModelTopology } from './model-topology.js'

/*
 * How a user's model ends. It is trained on logits: the loss applies the softmax itself, in a form that does not overflow,
 * and the most probable class stays the same.
 */

/**
 * Takes a softmax that ends the model off, in place.
 *
 * @throws {@link HearsayError} `MODEL` where that cannot be done, or the model ends in a sigmoid
 */
export function dropSoftmax(topology: ModelTopology, layers: readonly Layer[], source: string): void {
  const last = outputLayer(topology, layers)
  if (last === undefined) return
  const refuse = (what: string): never => {
    throw new HearsayError('MODEL', what, { source })
  }
  const computing = lastThatComputes(topology, layers, last)
  const name = computing.config.name ?? computing.class_name
  if (computing.config.activation === 'sigmoid') {
    refuse('ends in a sigmoid; use one output per class, with softmax or without activation')
  }
  if (computing.class_name !== 'Softmax' && computing.config.activation !== 'softmax') return
  if (computing !== last) {
    refuse(`layer "${name}" is a softmax, and only layers without weights follow; let the model end in it`)
  }
  const { inbound_nodes } = last
  // Without its softmax a layer puts out something else: nobody inside the model may take that too.
  if (Array.isArray(inbound_nodes) && inbound_nodes.length > 1) {
    refuse(
      `layer "${name}" ends the model in a softmax and is called ${inbound_nodes.length} times; end it in a layer of its own`,
    )
  }
  if (last.class_name === 'Softmax') {
    last.class_name = 'Activation'
    last.config = { name: last.config.name ?? 'softmax', activation: 'linear' }
  } else last.config.activation = 'linear'
}

/** The layer that ends the model: the one that a functional model names, else the last. */
function outputLayer({ config }: ModelTopology, layers: readonly Layer[]): Layer | undefined {
  const named = Array.isArray(config) ? undefined : (config.output_layers as unknown[][] | undefined)?.[0]?.[0]
  return layers.find(layer => named !== undefined && (layer.config.name ?? layer.name) === named) ?? layers.at(-1)
}

/** The last layer that makes numbers: behind it stand at most a Dropout, a Flatten, a mean and their like. */
function lastThatComputes({ config }: ModelTopology, layers: readonly Layer[], last: Layer): Layer {
  let layer = last
  while (handsOn(layer)) {
    const calls = layer.inbound_nodes as readonly (readonly (readonly unknown[])[])[] | undefined
    const name = calls?.[0]?.[0]?.[0]
    const before =
      Array.isArray(config) || calls === undefined
        ? layers[layers.indexOf(layer) - 1]
        : layers.find(other => (other.config.name ?? other.name) === name)
    if (before === undefined) break
    layer = before
  }
  return layer
}

function handsOn({ class_name, config }: Layer): boolean {
  return (
    ['Add', 'Dropout', 'Flatten', 'Reshape'].includes(class_name) ||
    class_name.includes('Pooling') ||
    (class_name === 'Activation' && config.activation === 'linear')
  )
}
