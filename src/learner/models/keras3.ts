import { HearsayError } from '../../errors.js'
import type { Layer, ModelTopology } from './allowed.js'

/*
 * Keras 3 writes the same layers in another dialect than Keras 2, which is the one that TensorFlow.js reads; and
 * tensorflowjs_converter hands the file on as it is. What means the same is put into the old words here, in place;
 * what the old words cannot say is refused.
 */

/** @throws {@link HearsayError} `MODEL` for what TensorFlow.js has no words for */
export function fromKeras3({ config }: ModelTopology, source: string): void {
  if (Array.isArray(config)) {
    for (const layer of config) layerFromKeras3(layer, source)
    return
  }
  for (const layer of config.layers) layerFromKeras3(layer, source)
  for (const end of ['input_layers', 'output_layers'] as const) {
    const places = config[end]
    // Keras 3 leaves the outer list out when there is one.
    if (Array.isArray(places) && typeof places[0] === 'string') config[end] = [places]
  }
}

function layerFromKeras3(layer: Layer, source: string): void {
  const { class_name, config } = layer
  const refuse = (what: string): never => {
    throw new HearsayError('MODEL', `${source}: layer "${config.name ?? class_name}": ${what}`)
  }
  if (config.batch_shape !== undefined) {
    config.batch_input_shape ??= config.batch_shape
    delete config.batch_shape
  }
  const dtype = typeof config.dtype === 'object' ? policyName(config.dtype) : config.dtype
  if (dtype !== undefined && dtype !== null && dtype !== 'float32') refuse(`dtype must be float32, not ${dtype}`)
  delete config.dtype
  if (config.activation === 'silu') config.activation = 'swish'
  if (class_name === 'LeakyReLU' && config.negative_slope !== undefined) config.alpha ??= config.negative_slope
  if (class_name === 'ReLU' && (Number(config.negative_slope ?? 0) !== 0 || Number(config.threshold ?? 0) !== 0)) {
    refuse('negative_slope and threshold must be 0; use LeakyReLU')
  }
  if (config.keepdims === true) refuse('keepdims must be false')
  if (config.renorm === true) refuse('renorm must be false')
  if (Number(config.groups ?? 1) !== 1 && class_name === 'Conv2D') refuse('groups must be 1')
  if (Array.isArray(layer.inbound_nodes)) {
    layer.inbound_nodes = layer.inbound_nodes.map((node: unknown) => (isCall(node) ? inboundOf(node, refuse) : node))
  }
}

function policyName(policy: unknown): unknown {
  const { config } = (policy ?? {}) as { readonly config?: { readonly name?: unknown } }
  return policy === null ? undefined : (config?.name ?? 'unknown')
}

/** How Keras 3 writes that a layer was called on tensors. */
interface Call {
  readonly args: readonly unknown[]
  readonly kwargs?: Readonly<Record<string, unknown>>
}

function isCall(node: unknown): node is Call {
  return typeof node === 'object' && node !== null && Array.isArray((node as { args?: unknown }).args)
}

/** To Keras 2's list of [layer, node, tensor, {}]. */
function inboundOf({ args, kwargs }: Call, refuse: (what: string) => never): unknown[] {
  const said = Object.entries(kwargs ?? {}).find(([, value]) => value !== null)
  if (said !== undefined) refuse(`is called with ${said[0]}, which cannot be read`)
  return args.flat().map(tensor => {
    const history = (tensor as { config?: { keras_history?: unknown } } | null)?.config?.keras_history
    if (!Array.isArray(history) || history.length !== 3) return refuse('is called with something that is no tensor')
    return [...history, {}]
  })
}
