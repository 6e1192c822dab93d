import { Descent } from '../descent.js'
import { follow } from '../graph/follow.js'
import { type DeviceModel, download, upload } from '../models/model.js'
import type { PrivateSteps } from '../plan.js'
import { checkJob, type Trained, type TrainingJob, trained } from '../round.js'
import { weightsOf } from '../tape.js'
import { PrivateCourse } from './course.js'
import { privateLayersOf } from './layers.js'
import { privateStepsOf } from './poisson.js'
import { privateBook } from './rules.js'

/**
 * Trains a peer for one round by private steps, any model of which the gradient of a single sample is known. As
 * {@link train} otherwise.
 *
 * @throws {@link HearsayError} `MODEL` and `MANIFEST` for a layer or a rule that does not go with them; RangeError for
 *   numbers of the plan that make no sense
 */
export async function trainPrivately(
  model: DeviceModel,
  job: TrainingJob,
  aborted: () => boolean,
): Promise<Trained | undefined> {
  checkJob(job)
  const { plan, book, programs } = job
  const { learningRate, rules, length } = plan
  const privacy = plan.privacy!
  checkNumbers(privacy)
  const course = new PrivateCourse(model, privateLayersOf(model), job, privacy)
  const init = { weights: weightsOf(model), rules: [rules], book: privateBook(book, rules), learningRate }
  upload(model, job.parameters)
  const descent = new Descent(init)
  try {
    const { whole, inLoop } = await follow(course, descent, privateStepsOf(length, privacy.rate), programs, aborted)
    if (!whole) return undefined
    const sums = (await descent.sums()).map(([sum]) => sum!)
    const { samples } = course
    const [loss, gradientLength, clipped] = sums.map(sum => (samples === 0 ? 0 : sum / samples))
    return trained(job, await download(model), {
      loss: loss!,
      samples,
      steps: descent.steps,
      stepsInLoop: inLoop,
      ...(samples > 0 && { gradients: { length: gradientLength!, clipped: clipped! } }),
    })
  } finally {
    descent.dispose()
  }
}

function checkNumbers({ clip, noise, rate }: PrivateSteps): void {
  const isSound = clip > 0 && Number.isFinite(clip) && noise >= 0 && Number.isFinite(noise) && rate > 0 && rate <= 1
  if (!isSound) throw new RangeError(`private steps with clip ${clip}, noise ${noise} and rate ${rate}`)
}
