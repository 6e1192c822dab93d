import type { Scalar } from '@tensorflow/tfjs-core'
import { inputsOf } from './inputs.js'
import { type DeviceModel, download, upload } from './models/model.js'
import { orderOf, type Trained, type TrainingJob, trained } from './round.js'
import { takeSteps } from './take-steps.js'
import { tapeGradients, weightsOf } from './tape.js'
import { rowsOf } from './targets.js'
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
  const { targets, plan, book, programs } = job
  const { learningRate } = plan
  const order = orderOf(job)
  upload(model, job.parameters)
  const taken = await takeSteps(
    { weights: weightsOf(model), rules: [plan.rules], book, learningRate },
    {
      model,
      order,
      inputs: inputsOf(job),
      targets,
      frozen: [],
      gradients: (inputs, expected) => {
        const loss = (): Scalar => tf.mean(targets.losses(rowsOf(model.logits(inputs, true)), expected))
        return tapeGradients(loss, model.trainable)
      },
    },
    programs,
    aborted,
  )
  if (taken === undefined) return undefined
  const { sums, ...counts } = taken
  return trained(job, await download(model), { loss: sums[0]![0]! / counts.steps, ...counts })
}
