import { HearsayError } from '../../errors.js'
import type { BuiltInSpec } from '../spec.js'

/*
 * Layers as TensorFlow.js and Keras describe them in JSON: what the built-in models are made of.
 */

/** One layer, or a whole model. */
export interface LayerDescription {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
}

/** The activations that built-in models use; it decides how the kernel starts. */
export type BuiltInActivation = 'relu' | 'linear'

export const flatten: LayerDescription = { class_name: 'Flatten', config: { name: 'flatten' } }

/** Rectified: He. Linear: Glorot, since without a rectifier behind it He would only make logits large. */
export function dense(name: string, units: number, activation: BuiltInActivation): LayerDescription {
  return { class_name: 'Dense', config: { name, units, activation, kernel_initializer: initialiser(activation) } }
}

/** What a model ends in: its features where it has an option of that name, and one output a class. */
export function classifier(classes: number, features?: number): LayerDescription[] {
  const hidden = features === undefined ? [] : [dense('features', features, 'relu')]
  return [...hidden, dense('output', classes, 'linear')]
}

/** A square convolution. */
export function convolution(
  name: string,
  filters: number,
  size: number,
  stride: number,
  padding: 'same' | 'valid',
  activation: BuiltInActivation,
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

/** A convolution in front of a norm: without a bias, which the norm would take away again; He, for the ReLU behind. */
export function convolutionForNorm(name: string, filters: number, size: number, stride: number): LayerDescription {
  const { class_name, config } = convolution(name, filters, size, stride, 'same', 'linear')
  return { class_name, config: { ...config, use_bias: false, kernel_initializer: initialiser('relu') } }
}

/** Group normalisation with PyTorch's epsilon, where the figures of the literature come from. */
export function groupNorm(name: string, groups: number): LayerDescription {
  return { class_name: 'GroupNormalization', config: { name, groups, epsilon: 1e-5 } }
}

/** 2×2. `same`: an odd last row or column is a window of its own. */
export function maxPool(name: string, padding: 'same' | 'valid' = 'valid'): LayerDescription {
  return { class_name: 'MaxPooling2D', config: { name, pool_size: [2, 2], strides: [2, 2], padding } }
}

export function input(inputShape: readonly number[]): LayerDescription {
  return { class_name: 'InputLayer', config: { name: 'input', batch_input_shape: [null, ...inputShape] } }
}

function initialiser(activation: BuiltInActivation): LayerDescription {
  return { class_name: activation === 'relu' ? 'HeNormal' : 'GlorotUniform', config: {} }
}

/** @throws {@link HearsayError} `MODEL` unless the data are images with sides of at least `least` */
export function needImages({ kind }: BuiltInSpec, inputShape: readonly number[], least: number): void {
  if (inputShape.length !== 3) {
    throw new HearsayError(
      'MODEL',
      `${kind} takes images and the data has ${inputShape.join('×')} features; use logistic or mlp`,
      { field: 'model' },
    )
  }
  const [height, width] = inputShape as [number, number, number]
  if (Math.min(height, width) < least) {
    throw new HearsayError(
      'MODEL',
      `${kind} needs images of at least ${least}×${least}; the data has ${height}×${width}; use mlp`,
      { field: 'model' },
    )
  }
}
