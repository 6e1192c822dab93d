import { HearsayError } from '../../errors.js'
import type { BuiltInSpec } from '../spec.js'
import {
  classifier,
  convolution,
  dense,
  flatten,
  input,
  type LayerDescription,
  maxPool,
  needImages,
} from './describe.js'
import { resnet18 } from './resnet.js'
import { restoration } from './restoration.js'
import { vgg11 } from './vgg.js'

/**
 * The topology of a built-in model. All end in a layer called "output", of logits or what else the objective needs. The layers' names are fixed: they
 * name the parameters ("conv1/kernel") that peers exchange.
 *
 * @param inputShape - [features] or [height, width, channels]; logistic and mlp flatten images
 * @param outputShape - [classes], or that of an image
 * @throws {@link HearsayError} `MODEL` when the model cannot take such inputs
 */
export function builtInTopology(
  spec: BuiltInSpec,
  inputShape: readonly number[],
  outputShape: readonly number[],
): LayerDescription {
  checkOutputs(spec, outputShape)
  const classes = outputShape[0]!
  switch (spec.kind) {
    case 'logistic':
      return sequential(flat(inputShape), inputShape, classes)
    case 'mlp': {
      const hidden = spec.hidden.map((units, i) => dense(`dense${i + 1}`, units, 'relu'))
      return sequential([...flat(inputShape), ...hidden], inputShape, classes)
    }
    case 'lenet5':
      needImages(spec, inputShape, 16)
      return sequential(lenet5, inputShape, classes, spec.features)
    case 'cnn': {
      needImages(spec, inputShape, 4)
      const convolutions = spec.channels.map((filters, i) => convolution(`conv${i + 1}`, filters, 3, 2, 'same', 'relu'))
      return sequential([...convolutions, flatten, dense('dense1', spec.hidden, 'relu')], inputShape, classes)
    }
    case 'resnet18':
      needImages(spec, inputShape, 8)
      return resnet18(inputShape, classes, spec)
    case 'vgg11':
      needImages(spec, inputShape, 16)
      return vgg11(inputShape, classes, spec)
    case 'sr':
      needImages(spec, inputShape, 3)
      return restoration(inputShape, spec.channels)
  }
}

function checkOutputs({ kind }: BuiltInSpec, { length }: readonly number[]): void {
  if (length === 1 && kind === 'sr') {
    throw new HearsayError('MODEL', 'sr restores images, see data.superResolution; for classes take cnn', {
      field: 'model',
    })
  }
  if (length > 1 && kind !== 'sr') {
    throw new HearsayError('MODEL', `${kind} classifies; to restore images take sr, or your own model`, {
      field: 'model',
    })
  }
}

/** The Caffe variant: no activation between convolution and pooling. */
const lenet5 = [
  convolution('conv1', 20, 5, 1, 'valid', 'linear'),
  maxPool('pool1'),
  convolution('conv2', 50, 5, 1, 'valid', 'linear'),
  maxPool('pool2'),
  flatten,
  dense('dense1', 500, 'relu'),
]

function flat(inputShape: readonly number[]): LayerDescription[] {
  return inputShape.length === 1 ? [] : [flatten]
}

function sequential(
  body: readonly LayerDescription[],
  inputShape: readonly number[],
  classes: number,
  features?: number,
): LayerDescription {
  const layers = [input(inputShape), ...body, ...classifier(classes, features)]
  return { class_name: 'Sequential', config: { name: 'model', layers } }
}
