import { Descent } from '../descent.js'
import { follow } from '../graph/follow.js'
import { type DeviceModel, download, upload } from '../models/model.js'
import type { PrivateSteps } from '../plan.js'
import { checkJob, type Trained, type TrainingJob, trained } from '../round.js'
import { weightsOf } from '../tape.js'
import { PrivateCourse } from './course.js'
import { privateLayersOf } from './layers.js'
import { gradientReport } from './lengths.js'
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
    const repeated = course.isRepeatable ? programs : undefined
    const { whole, inLoop } = await follow(course, descent, privateStepsOf(length, privacy.rate), repeated, aborted)
    if (!whole) return undefined
    const [[loss], within] = (await descent.sums()) as [Float32Array, Float32Array]
    const { samples } = course
    return trained(job, await download(model), {
      // Of no samples it is not a number.
      loss: loss! / samples,
      samples,
      steps: descent.steps,
      stepsInLoop: inLoop,
      lasting: await descent.lasting(),
      ...(samples > 0 && { gradients: gradientReport(within, samples, privacy.clip) }),
    })
  } finally {
    descent.dispose()
  }
}

function checkNumbers({ clip, noise, rate }: PrivateSteps): void {
  const isSound = clip > 0 && Number.isFinite(clip) && noise >= 0 && Number.isFinite(noise) && rate > 0 && rate <= 1
  if (!isSound) throw new RangeError(`private steps with clip ${clip}, noise ${noise} and rate ${rate}`)
}
