import type { Layer } from './model-topology.js'

/**
 * The layers that a model may consist of: those whose gradients are tested on every backend. Left out are layers that
 * run code (Lambda), draw random numbers that no seed reaches (noise layers), keep state between batches (recurrent
 * ones), or have no gradient on wasm (depthwise, transposed and 3-D convolutions).
 */
export const allowedLayers = [
  'InputLayer',
  'Dense',
  'Conv2D',
  'MaxPooling2D',
  'AveragePooling2D',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling2D',
  'Flatten',
  'Reshape',
  'ZeroPadding2D',
  'Activation',
  'ReLU',
  'LeakyReLU',
  'ELU',
  'Softmax',
  'Dropout',
  'BatchNormalization',
  'LayerNormalization',
  'GroupNormalization',
  'Add',
  'Concatenate',
] as const

export type AllowedLayer = (typeof allowedLayers)[number]

/** Classes of models: as a layer, a model inside the model. */
const models = ['Functional', 'Sequential', 'Model']

/** What keras.ops writes as a layer of the same name and arguments as one of keras.layers. */
const operations = ['Add', 'Concatenate', 'Softmax']

/** Of a tensor, in TensorFlow.js; a layer's outputs bear the layer's. */
const tensorName = /^[A-Za-z0-9][-A-Za-z0-9_./]*$/

/**
 * What stands against a layer before its arguments are looked at, if anything does.
 *
 * @returns "is a Lambda, which …", with the remedy
 */
export function wrongKind({ class_name, config, module, registered_name }: Layer): string | undefined {
  if (models.includes(class_name)) {
    return 'is a model of its own, which is not read; build on its output instead: keras.Model(inner.input, layers.Dense(2)(inner.output))'
  }
  // A class of the author's own may bear the name of one of Keras', and compute anything.
  if (registered_name && !(typeof module === 'string' && /^(tf_)?keras\./.test(module))) {
    return `is a class of your own (${String(registered_name)}), which is code; build it from Keras' layers`
  }
  if (typeof module === 'string' && module.includes('.ops.') && !operations.includes(class_name)) {
    return `is an operation of keras.ops (${class_name}), which is not read; use a layer of keras.layers`
  }
  if (!(allowedLayers as readonly string[]).includes(class_name)) {
    return `is of the kind ${class_name}, which cannot be trained here; allowed are ${allowedLayers.join(', ')}`
  }
  const { name = class_name } = config
  // TensorFlow.js keeps layers in plain objects by their names: "constructor" is in each already.
  if (name in {} || !tensorName.test(name)) {
    return 'has a name that TensorFlow.js cannot hold; give it one of letters, digits, -, _ and dots'
  }
  return undefined
}
