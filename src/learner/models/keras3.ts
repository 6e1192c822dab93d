import { HearsayError } from '../../errors.js'
import type { Layer, ModelTopology } from './model-topology.js'

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
    const given = config[end]
    if (typeof given !== 'object' || given === null) continue
    // Keras 3 keeps the names of keras.Model({"image": x}, …), and leaves the outer list out when there is one.
    const places: unknown = Array.isArray(given) ? given : Object.values(given)
    config[end] = Array.isArray(places) && typeof places[0] === 'string' ? [places] : places
  }
}

function layerFromKeras3(layer: Layer, source: string): void {
  const { class_name, config } = layer
  const refuse = (what: string): never => {
    throw new HearsayError('MODEL', `layer "${config.name ?? class_name}": ${what}`, { source })
  }
  if (config.batch_shape !== undefined) {
    config.batch_input_shape ??= config.batch_shape
    delete config.batch_shape
  }
  // A batch of a fixed size computes what any other does.
  if (Array.isArray(config.batch_input_shape)) config.batch_input_shape[0] = null
  const dtype = typeof config.dtype === 'object' ? policyName(config.dtype) : config.dtype
  if (dtype !== undefined && dtype !== null && dtype !== 'float32') {
    refuse(`dtype must be float32, not ${dtype}; give it dtype="float32" in Keras, and save the model again`)
  }
  delete config.dtype
  if (config.activation === 'silu') config.activation = 'swish'
  if (class_name === 'LeakyReLU' && config.negative_slope !== undefined) {
    config.alpha ??= config.negative_slope
    delete config.negative_slope
  }
  // Keras 2 writes the one axis of a batch norm as a list.
  if (class_name === 'BatchNormalization' && Array.isArray(config.axis) && config.axis.length === 1) {
    config.axis = config.axis[0]
  }
  if (Array.isArray(layer.inbound_nodes)) {
    layer.inbound_nodes = layer.inbound_nodes.map((node: unknown) =>
      isCall(node) ? inboundOf(node, refuse) : withoutOptions(node, refuse),
    )
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

/**
 * To Keras 2's list of [layer, node, tensor, {}]. `training` is left out whatever it is: Keras 3 writes false where the
 * author wrote nothing, and whether its fit and predict train decides over what a call has (3.15; so a Dropout that is
 * called with training=True drops in fit, and not in predict, as it does here).
 */
function inboundOf({ args, kwargs }: Call, refuse: (what: string) => never): unknown[] {
  const said = Object.entries(kwargs ?? {}).find(
    ([name, value]) => value !== null && !(name === 'training' && typeof value === 'boolean'),
  )
  if (said !== undefined) refuse(`is called with ${said[0]}, which cannot be read`)
  return args.flat().map(tensor => {
    const history = (tensor as { config?: { keras_history?: unknown } } | null)?.config?.keras_history
    if (!Array.isArray(history) || history.length !== 3)
      return refuse('is called with something that is no tensor; call it on tensors alone')
    return [...history, {}]
  })
}

/**
 * A call as Keras 2 writes it, which TensorFlow.js reads without a look at its options. In Keras 2 they go before what
 * fit and predict want.
 */
function withoutOptions(node: unknown, refuse: (what: string) => never): unknown {
  if (!Array.isArray(node)) return node
  return node.map((tensor: unknown) => {
    if (!Array.isArray(tensor)) return tensor
    const [layer, place, output, options] = tensor as unknown[]
    const said = Object.entries((options ?? {}) as object).find(([, value]) => value !== null)
    if (said !== undefined) refuse(`is called with ${said[0]}, which cannot be followed; call it without`)
    return [layer, place, output, {}]
  })
}
