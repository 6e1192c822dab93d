import type { allowedActivations } from '../../src/learner/models/allowed.js'
import type { AllowedLayer } from '../../src/learner/models/kind.js'
import { layers } from '../../src/learner/tensorflow.js'

/** A layer in JSON. */
export interface Described {
  class_name: string
  config: Record<string, unknown>
}

/** A model.json's topology around one layer, and what it takes. */
export interface LayerCase {
  readonly inputShape: readonly number[]
  readonly topology: unknown
}

const vector = [5]
const image = [6, 6, 2]

const described = (class_name: string, config: Record<string, unknown> = {}): Described => ({
  class_name,
  config: { name: 'tested', ...config },
})

type LayerName = AllowedLayer

/** The layer under test, what goes into it, and whether images come out of it. */
const single: Record<Exclude<LayerName, 'Add' | 'Concatenate'>, [number[], Described[], 'flat' | 'image']> = {
  InputLayer: [vector, [], 'flat'],
  Dense: [vector, [described('Dense', { units: 4, activation: 'tanh' })], 'flat'],
  Conv2D: [image, [described('Conv2D', { filters: 3, kernel_size: [3, 3], activation: 'tanh' })], 'image'],
  MaxPooling2D: [image, [described('MaxPooling2D', { pool_size: [2, 2] })], 'image'],
  AveragePooling2D: [image, [described('AveragePooling2D', { pool_size: [3, 3], strides: [1, 1] })], 'image'],
  GlobalAveragePooling2D: [image, [described('GlobalAveragePooling2D')], 'flat'],
  GlobalMaxPooling2D: [image, [described('GlobalMaxPooling2D')], 'flat'],
  Flatten: [image, [described('Flatten')], 'flat'],
  Reshape: [[6], [described('Reshape', { target_shape: [3, 2] })], 'image'],
  ZeroPadding2D: [image, [described('ZeroPadding2D', { padding: [1, 2].map(side => [side, 1]) })], 'image'],
  Activation: [vector, [described('Activation', { activation: 'sigmoid' })], 'flat'],
  ReLU: [vector, [described('ReLU')], 'flat'],
  LeakyReLU: [vector, [described('LeakyReLU', { alpha: 0.2 })], 'flat'],
  ELU: [vector, [described('ELU')], 'flat'],
  Softmax: [vector, [described('Softmax')], 'flat'],
  Dropout: [vector, [described('Dropout', { rate: 0.3 })], 'flat'],
  BatchNormalization: [image, [described('BatchNormalization')], 'image'],
  LayerNormalization: [vector, [described('LayerNormalization')], 'flat'],
  GroupNormalization: [image, [described('GroupNormalization', { groups: 2 })], 'image'],
}

/** A model around each layer: something with parameters before it, so that its own input gradient counts, and logits. */
export function layerCase(kind: LayerName): LayerCase {
  if (kind === 'Add' || kind === 'Concatenate') return { inputShape: vector, topology: branched(kind) }
  const [inputShape, body, gives] = single[kind]
  return { inputShape, topology: around(inputShape, body, gives) }
}

/** A model around each activation that a layer may have. */
export function activationCase(activation: (typeof allowedActivations)[number]): LayerCase {
  return { inputShape: vector, topology: around(vector, [described('Activation', { activation })], 'flat') }
}

/** A norm and a ReLU, as in ResNet-18. */
export const rectifiedNorm: LayerCase = {
  inputShape: image,
  topology: around(
    image,
    [described('GroupNormalization', { groups: 1 }), described('Activation', { name: 'relu', activation: 'relu' })],
    'image',
  ),
}

/** Strides, odd sizes and both paddings: each takes another way through a convolution's gradients. */
export const convolutions: readonly (readonly [string, LayerCase])[] = (
  [
    ['stride 2, same, odd sides', [7, 5, 2], { strides: [2, 2], padding: 'same' }],
    ['stride 2, valid', [6, 6, 2], { strides: [2, 2], padding: 'valid' }],
    ['1×1 with stride 2, without bias', [6, 6, 3], { kernel_size: [1, 1], strides: [2, 2], use_bias: false }],
    ['5×5 on one channel', [8, 8, 1], { kernel_size: [5, 5], padding: 'valid' }],
  ] as const
).map(([name, shape, config]) => {
  const body = described('Conv2D', { filters: 3, kernel_size: [3, 3], ...config })
  return [name, { inputShape: shape, topology: around([...shape], [body], 'image') }]
})

function around(inputShape: readonly number[], body: readonly Described[], gives: 'flat' | 'image'): unknown {
  const first =
    inputShape.length === 1
      ? described('Dense', { name: 'first', units: inputShape[0] })
      : described('Conv2D', { name: 'first', filters: inputShape[2], kernel_size: [3, 3], padding: 'same' })
  const all = [
    described('InputLayer', { name: 'in', batch_input_shape: [null, ...inputShape] }),
    first,
    ...body,
    ...(gives === 'image' ? [described('Flatten', { name: 'flat' })] : []),
    described('Dense', { name: 'out', units: 2 }),
  ]
  return { class_name: 'Sequential', config: { name: 'model', layers: all } }
}

/** As TensorFlow.js itself writes a functional model. */
function branched(kind: 'Add' | 'Concatenate'): unknown {
  const input = layers.input({ shape: vector })
  const left = layers.layers.dense({ name: 'left', units: 3, activation: 'tanh' }).apply(input)
  const right = layers.layers.dense({ name: 'right', units: 3 }).apply(input)
  const joint = kind === 'Add' ? layers.layers.add({ name: 'joint' }) : layers.layers.concatenate({ name: 'joint' })
  const joined = joint.apply([left, right] as never)
  const output = layers.layers.dense({ name: 'out', units: 2 }).apply(joined)
  const model = layers.model({ inputs: input, outputs: output as never })
  const topology = model.toJSON(undefined, false)
  model.dispose()
  return topology
}
