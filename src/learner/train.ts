import type { Scalar } from '@tensorflow/tfjs-core'
import { random } from '../random.js'
import { batches, stepsOf } from './batches.js'
import { Descent } from './descent.js'
import { type DeviceModel, download, upload } from './models/model.js'
import { inputsOf, orderOf, type Trained, type TrainingJob, trained } from './round.js'
import type { GradientsAt } from './rules/rule.js'
import { tapeGradients, weightsOf } from './tape.js'
import { rowsOf, targetTensor } from './targets.js'
import { tf } from './tensorflow.js'

/**
 * Trains a peer for one round, any model. Starts from `job.parameters` and leaves them as they are: the caller writes
 * the result back, if it is still wanted.
 *
 * @param aborted - asked before each step
 * @returns nothing when it was aborted
 * @throws {@link HearsayError} `DIVERGED` when a parameter is no longer finite
 */
export async function train(
  model: DeviceModel,
  job: TrainingJob,
  aborted: () => boolean,
): Promise<Trained | undefined> {
  const { plan, book } = job
  const order = orderOf(job)
  upload(model, job.parameters)
  const { learningRate } = plan
  const descent = new Descent({ weights: weightsOf(model), rules: [plan.rules], book, learningRate })
  const drawn = batches(order)
  let samples = 0
  const batch = (step: number): GradientsAt => {
    const indices = drawn.next().value!
    samples += indices.length
    return gradientsOn(model, job, indices, step)
  }
  try {
    if (!(await descent.run(stepsOf(order), batch, aborted))) return undefined
    const parameters = await download(model)
    const [losses] = await descent.sums()
    return trained(job, parameters, { loss: losses![0]!, steps: descent.steps, samples })
  } finally {
    descent.dispose()
  }
}

function gradientsOn(model: DeviceModel, job: TrainingJob, indices: Int32Array, step: number): GradientsAt {
  const { seed, peer, round } = job
  model.seedDropout(random(seed, 'dropout', peer, round, step))
  const inputs = inputsOf(job, indices, step)
  const targets = targetTensor(indices.length, job.targets, (row, into, at) =>
    job.targets.write(indices[row]!, into, at),
  )
  const loss = (): Scalar => tf.mean(job.targets.losses(rowsOf(model.logits(inputs, true)), targets))
  return tapeGradients(loss, model.trainable)
}
