import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { random } from '../random.js'
import { type BatchOrder, BatchReader, stepsOf } from './batches.js'
import type { Course, Feed, ThisStep } from './course.js'
import { Descent } from './descent.js'
import { follow } from './graph/follow.js'
import { type DeviceModel, download, upload } from './models/model.js'
import { inputRows, orderOf, type Trained, type TrainingJob, trained } from './round.js'
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
  const course = new TapeCourse(model, job, order)
  try {
    const { whole, inLoop } = await follow(course, descent, stepsOf(order), job.programs, aborted)
    if (!whole) return undefined
    const parameters = await download(model)
    const [losses] = await descent.sums()
    const { samples } = course
    return trained(job, parameters, { loss: losses![0]!, steps: descent.steps, samples, stepsInLoop: inLoop })
  } finally {
    descent.dispose()
  }
}

class TapeCourse implements Course {
  /** Drawn so far. */
  samples = 0
  private readonly reader: BatchReader

  constructor(
    private readonly model: DeviceModel,
    private readonly job: TrainingJob,
    private readonly order: BatchOrder,
  ) {
    this.reader = new BatchReader(order)
  }

  draw(from: number, most: number): Feed {
    const { model, job, order } = this
    const { targets, seed, peer, round } = job
    model.seedDropout(random(seed, 'dropout', peer, round, from))
    const picks = this.reader.read(most)
    const rows = picks[0]!.length
    this.samples += picks.length * rows
    const inputs = inputRows(job, picks, from)
    const all = targetTensor(picks.length * rows, targets, (row, into, at) =>
      targets.write(picks[Math.floor(row / rows)]![row % rows]!, into, at),
    )
    const ofSteps = tf.reshape(all, [picks.length, rows, targets.width])
    return { steps: picks.length, tensors: [inputs.from, inputs.rows, ofSteps], usual: rows === order.batch }
  }

  gradients([from, rows, targets]: readonly Tensor[], thisStep: ThisStep): GradientsAt {
    const { model, job } = this
    const inputs = tf.gather(from!, thisStep(rows!) as Tensor1D)
    const expected = thisStep(targets!) as Tensor2D
    const loss = (): Scalar => tf.mean(job.targets.losses(rowsOf(model.logits(inputs, true)), expected))
    return tapeGradients(loss, model.trainable)
  }
}
