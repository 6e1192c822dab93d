import { createLearnerPool, HearsayError, loadDataset, partition } from '../../dist/index.js'
import { modelSchema } from '../../dist/learner/index.js'
import { median, print } from './measure.js'

const steps = { logistic: 60, mlp: 40, cnn: 20, lenet5: 8 }

/** One worker, one thread: a training step of each built-in model on each backend that loads. */
export async function train() {
  const dataset = await loadDataset({ set: 'pneumoniamnist' }, 1)
  const [shard] = partition(dataset, { kind: 'iid' }, 8, 1)
  const rows = [['backend', 'model', 'SGD ms/step', 'SAM ms/step', 'SAM/SGD']]
  for (const backend of ['node-gpu', 'node', 'wasm']) {
    for (const [kind, count] of Object.entries(steps)) {
      const pool = await open(backend, kind, dataset)
      if (pool === undefined) {
        rows.push([backend, 'is not there', '', '', ''])
        break
      }
      try {
        const learner = pool.learner(shard, 0)
        const sgd = await perStep(learner, pool.initialParameters(), count, 0)
        const sam = await perStep(learner, pool.initialParameters(), count, 0.05)
        rows.push([backend, kind, sgd.toFixed(2), sam.toFixed(2), (sam / sgd).toFixed(2)])
      } finally {
        await pool.close()
      }
    }
  }
  print('train: 28×28, batch 32, one worker with one thread', rows)
}

async function open(backend, kind, { inputShape, classes }) {
  try {
    return await createLearnerPool({
      backend,
      workers: 1,
      model: modelSchema.parse(kind),
      inputShape,
      classes: classes.length,
      seed: 1,
    })
  } catch (error) {
    if (error instanceof HearsayError && error.code === 'BACKEND') return undefined
    throw error
  }
}

async function perStep(learner, parameters, count, rho) {
  const training = {
    steps: count,
    batch: 32,
    learningRate: 0.01,
    decay: 1,
    momentum: 0,
    weightDecay: 0,
    rho,
    adaptive: false,
  }
  const times = []
  for (let round = 0; round < 4; round++) {
    const { seconds, steps } = await learner.train(parameters, round, training)
    // The first round compiles and warms up.
    if (round > 0) times.push((seconds / steps) * 1000)
  }
  return median(times)
}
