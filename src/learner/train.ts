import type { Scalar } from '@tensorflow/tfjs-core'
import { random } from '../random.js'
import { batches } from './batches.js'
import { type DeviceModel, download, upload } from './models/model.js'
import { inputsOf, orderOf, settingsOf, type Trained, type TrainingJob, trained } from './round.js'
import { type StepSettings, type StepTarget, trainingStep } from './step.js'
import { rowsOf, targetTensor } from './targets.js'
import { tf } from './tensorflow.js'

/**
 * A GPU takes steps faster than it does them. So many may wait for it: enough to keep it busy, few enough that their
 * memory is bounded and an aborted job ends soon.
 */
export const stepsAhead = 32

/**
 * Trains a peer for one round, any model. Starts from `job.parameters` and leaves them as they are: the caller writes
 * the result back, if it is still wanted.
 *
 * @param aborted - asked before each step
 * @returns nothing when it was aborted
 * @throws {@link HearsayError} `RUN` when a parameter is no longer finite
 */
export async function train(
  model: DeviceModel,
  job: TrainingJob,
  aborted: () => boolean,
): Promise<Trained | undefined> {
  const { seed, peer, round } = job
  const order = orderOf(job)
  const settings = settingsOf(job)
  upload(model, job.parameters)
  const velocity =
    settings.momentum > 0 ? tf.tidy(() => model.trainable.map(v => tf.variable(tf.zerosLike(v), false))) : []
  const target: StepTarget = { variables: model.trainable, tracked: model.tracked, velocity }
  // Summed on the device and read once: reading it every step would make the device wait for us.
  let total = tf.scalar(0)
  let steps = 0
  let samples = 0
  try {
    for (const indices of batches(order)) {
      if (aborted()) return undefined
      model.seedDropout(random(seed, 'dropout', peer, round, steps))
      const sum: Scalar = tf.tidy(() => tf.add(total, stepOn(model, job, indices, steps, target, settings)))
      total.dispose()
      total = sum
      steps++
      samples += indices.length
      if (steps % stepsAhead === 0) await total.data()
    }
    const parameters = await download(model)
    return trained(job, parameters, { loss: (await total.data())[0]!, steps, samples })
  } finally {
    total.dispose()
    tf.dispose(velocity)
  }
}

function stepOn(
  model: DeviceModel,
  job: TrainingJob,
  indices: Int32Array,
  step: number,
  target: StepTarget,
  settings: StepSettings,
): Scalar {
  const inputs = inputsOf(job, indices, step)
  const targets = targetTensor(indices.length, job.targets, (row, into, at) =>
    job.targets.write(indices[row]!, into, at),
  )
  const objective = (): Scalar => tf.mean(job.targets.losses(rowsOf(model.logits(inputs, true)), targets))
  return trainingStep(objective, target, settings)
}
