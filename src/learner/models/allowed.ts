import { HearsayError } from '../../errors.js'
import { wrongArgument } from './arguments.js'
import { checkCalls } from './calls.js'
import { dropSoftmax } from './end.js'
import { knownInitialisers } from './initial.js'
import { fromKeras3 } from './keras3.js'
import { type AllowedLayer, wrongKind } from './kind.js'
import { type Layer, type ModelTopology, topologySchema } from './model-topology.js'

/**
 * The activations that a layer may have, or be: those whose gradients are tested on every backend. `softmax` inside a
 * model as well as at its end.
 */
export const allowedActivations = [
  'linear',
  'relu',
  'relu6',
  'elu',
  'selu',
  'sigmoid',
  'softplus',
  'softsign',
  'tanh',
  'swish',
  'softmax',
] as const

/** Bounds what a description can make a peer allocate; far above any model that trains on this project's machines. */
const widthLimit = 65_536
const layerLimit = 1000

/**
 * Checks the topology of a user's model. A softmax that ends the model is taken off, so that the model gives logits:
 * the loss applies the softmax itself, in a form that does not overflow, and the most probable class stays the same.
 *
 * @param source - what errors call the file
 * @param weights - does the file bring weights? Without, every initialiser must be one that the seed reaches
 * @throws {@link HearsayError} `MODEL`
 */
export function checkTopology(value: unknown, source: string, weights: boolean): ModelTopology {
  const parsed = topologySchema.safeParse(value)
  if (!parsed.success) {
    throw new HearsayError(
      'MODEL',
      'is no Sequential or Functional model in the Keras layers format; save it with model.save() or tensorflowjs_converter --output_format tfjs_layers_model',
      { source },
    )
  }
  const topology = parsed.data
  const layers = Array.isArray(topology.config) ? topology.config : topology.config.layers
  if (layers.length > layerLimit) {
    throw new HearsayError('MODEL', `has ${layers.length} layers; at most ${layerLimit} are read`, { source })
  }
  for (const layer of layers) {
    const wrong = wrongKind(layer)
    if (wrong === undefined) continue
    throw new HearsayError('MODEL', `layer "${layer.config.name ?? layer.class_name}" ${wrong}`, { source })
  }
  fromKeras3(topology, source)
  checkCalls(topology, source)
  for (const layer of layers) {
    checkLayer(layer, source)
    checkInitialisers(layer, source, weights)
  }
  dropSoftmax(topology, layers, source)
  return topology
}

function checkLayer({ class_name, config }: Layer, source: string): void {
  const name = config.name ?? class_name
  for (const field of ['units', 'filters'] as const) {
    const value = config[field]
    if (value === undefined || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= widthLimit)) continue
    throw new HearsayError('MODEL', `layer "${name}": ${field} must be 1 to ${widthLimit}`, { source })
  }
  const { activation } = config
  if (
    activation !== undefined &&
    activation !== null &&
    !(allowedActivations as readonly unknown[]).includes(activation)
  ) {
    throw new HearsayError(
      'MODEL',
      `layer "${name}": activation must be one of ${allowedActivations.join(', ')}, not ${activationName(activation)}`,
      { source },
    )
  }
  for (const [field, value] of Object.entries(config)) {
    if (value === null || value === undefined || !/_(regularizer|constraint)$/.test(field)) continue
    throw new HearsayError(
      'MODEL',
      `layer "${name}": ${field} would not be followed; save the model without it (for decay there is training.weightDecay)`,
      { source },
    )
  }
  const wrong = wrongArgument(class_name as AllowedLayer, config)
  if (wrong !== undefined) throw new HearsayError('MODEL', `layer "${name}": ${wrong}`, { source })
}

function activationName(activation: unknown): string {
  if (typeof activation === 'string') return activation
  const { class_name } = activation as { readonly class_name?: unknown }
  const isLayer = typeof class_name === 'string' && class_name !== 'function'
  return isLayer ? `the layer ${class_name}, which can stand behind this one` : 'a function'
}

/** Keras 3 spells two of them otherwise. */
const initialiserNames: Readonly<Record<string, string>> = { LecunNormal: 'LeCunNormal', LecunUniform: 'LeCunUniform' }

/**
 * TensorFlow.js draws from an initialiser as it builds a layer, and cannot even build one that it does not know. Where
 * weights come with the model nobody misses it.
 */
function checkInitialisers({ class_name, config }: Layer, source: string, weights: boolean): void {
  for (const [field, value] of Object.entries(config)) {
    if (!field.endsWith('_initializer') || typeof value !== 'object' || value === null) continue
    const { class_name: given, config: settings } = value as { class_name?: unknown; config?: { value?: unknown } }
    const name = initialiserNames[String(given)] ?? String(given)
    const isKnown = knownInitialisers.has(name) && (name !== 'Constant' || typeof settings?.value === 'number')
    if (isKnown) config[field] = { ...value, class_name: name }
    else if (weights) config[field] = { class_name: 'Zeros', config: {} }
    else {
      throw new HearsayError(
        'MODEL',
        `layer "${config.name ?? class_name}": ${field} is ${name === 'Constant' ? 'a Constant that is no number' : name}; bring weights with the model, or use ${[...knownInitialisers].join(', ')}`,
        { source },
      )
    }
  }
}
