import { HearsayError } from '../../errors.js'
import type { BuiltInSpec } from '../spec.js'

/** One layer as TensorFlow.js and Keras describe it in JSON. */
export interface LayerDescription {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * A built-in model as layer descriptions. All output logits. The layers' names are fixed: they name the parameters
 * ("conv1/kernel") that peers exchange.
 *
 * @param inputShape - [features] or [height, width, channels]; logistic and mlp flatten images
 * @throws {@link HearsayError} `MODEL` when the model cannot take such inputs
 */
export function builtInLayers(spec: BuiltInSpec, inputShape: readonly number[], classes: number): LayerDescription[] {
  const body = bodyOf(spec, inputShape)
  return [
    { class_name: 'InputLayer', config: { name: 'input', batch_input_shape: [null, ...inputShape] } },
    ...body,
    // Glorot, not He: no rectifier follows, and large first logits only have to be unlearnt.
    dense('output', classes, 'linear'),
  ]
}

function bodyOf(spec: BuiltInSpec, inputShape: readonly number[]): LayerDescription[] {
  switch (spec.kind) {
    case 'logistic':
      return flat(inputShape)
    case 'mlp':
      return [...flat(inputShape), ...spec.hidden.map((units, i) => dense(`dense${i + 1}`, units, 'relu'))]
    case 'lenet5':
      needImages(spec, inputShape, 16)
      return [
        convolution('conv1', 20, 5, 1, 'valid', 'linear'),
        maxPool('pool1'),
        convolution('conv2', 50, 5, 1, 'valid', 'linear'),
        maxPool('pool2'),
        flatten,
        dense('dense1', 500, 'relu'),
      ]
    case 'cnn':
      needImages(spec, inputShape, 4)
      return [
        ...spec.channels.map((filters, i) => convolution(`conv${i + 1}`, filters, 3, 2, 'same', 'relu')),
        flatten,
        dense('dense1', spec.hidden, 'relu'),
      ]
  }
}

const flatten: LayerDescription = { class_name: 'Flatten', config: { name: 'flatten' } }

function flat(inputShape: readonly number[]): LayerDescription[] {
  return inputShape.length === 1 ? [] : [flatten]
}

function dense(name: string, units: number, activation: 'relu' | 'linear'): LayerDescription {
  return { class_name: 'Dense', config: { name, units, activation, kernel_initializer: initialiser(activation) } }
}

function convolution(
  name: string,
  filters: number,
  size: number,
  stride: number,
  padding: 'same' | 'valid',
  activation: 'relu' | 'linear',
): LayerDescription {
  return {
    class_name: 'Conv2D',
    config: {
      name,
      filters,
      kernel_size: [size, size],
      strides: [stride, stride],
      padding,
      activation,
      kernel_initializer: initialiser(activation),
    },
  }
}

function maxPool(name: string): LayerDescription {
  return { class_name: 'MaxPooling2D', config: { name, pool_size: [2, 2], strides: [2, 2], padding: 'valid' } }
}

function initialiser(activation: 'relu' | 'linear'): LayerDescription {
  return { class_name: activation === 'relu' ? 'HeNormal' : 'GlorotUniform', config: {} }
}

function needImages(spec: BuiltInSpec, inputShape: readonly number[], least: number): void {
  if (inputShape.length !== 3) {
    throw new HearsayError(
      'MODEL',
      `model: ${spec.kind} takes images and the data has ${inputShape.join('×')} features; use logistic or mlp`,
    )
  }
  const [height, width] = inputShape as [number, number, number]
  if (Math.min(height, width) < least) {
    throw new HearsayError(
      'MODEL',
      `model: ${spec.kind} needs images of at least ${least}×${least}; the data has ${height}×${width}; use mlp`,
    )
  }
}
