import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What is measured, by the name under which scripts/bench/torch/models.py has the same model. */
export const models = {
  mlp: { title: 'MLP 784-200-200-10', inputShape: [28, 28, 1], batches: [32, 64] },
  lenet5: { title: 'LeNet-5', inputShape: [28, 28, 1], batches: [32] },
  cnn: { title: 'CNN conv 32@5×5, pool, conv 64@5×5, pool, 512, 10', inputShape: [28, 28, 1], batches: [32, 64] },
  resnet18: { title: 'ResNet-18, group normalisation, 32×32×3', inputShape: [32, 32, 3], batches: [32] },
}

/** All have ten classes. */
export const classes = 10

/**
 * The manifest's section `model`. The CNN is not a built-in model: it takes the road of a user's own, a model.json.
 *
 * @param folder - where that is written
 */
export function modelSection(name, folder) {
  if (name !== 'cnn') return name
  const path = join(folder, 'model.json')
  writeFileSync(path, JSON.stringify({ modelTopology: cnn }))
  return { kind: 'file', path, head: 'output' }
}

const layer = (class_name, config) => ({ class_name, config })
const convolution = (name, filters) =>
  layer('Conv2D', { name, filters, kernel_size: [5, 5], padding: 'same', activation: 'relu' })
const pool = name => layer('MaxPooling2D', { name, pool_size: [2, 2], strides: [2, 2] })
const cnn = layer('Sequential', {
  name: 'cnn',
  layers: [
    layer('InputLayer', { name: 'input', batch_input_shape: [null, ...models.cnn.inputShape] }),
    convolution('conv1', 32),
    pool('pool1'),
    convolution('conv2', 64),
    pool('pool2'),
    layer('Flatten', { name: 'flatten' }),
    layer('Dense', { name: 'dense1', units: 512, activation: 'relu' }),
    layer('Dense', { name: 'output', units: classes, activation: 'linear' }),
  ],
})

/** The dense layers of `mlp`, for what their products take alone. */
export const dense = { units: [784, 200, 200, classes], batch: 32 }
