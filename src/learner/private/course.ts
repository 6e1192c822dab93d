import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { Gaussian } from '../../gaussian.js'
import { secretRandom, secretWords, seededWords, uniformOf } from '../../random.js'
import type { Course, Feed, ThisStep } from '../course.js'
import { forwardBatch } from '../evaluate.js'
import { inputsOf } from '../inputs.js'
import type { DeviceModel } from '../models/model.js'
import { sumOf } from '../norm.js'
import type { PrivateSteps } from '../plan.js'
import type { TrainingJob } from '../round.js'
import type { GradientsAt } from '../rules/rule.js'
import { targetTensor } from '../targets.js'
import { tf } from '../tensorflow.js'
import { clippedSums, figureNames } from './clipped.js'
import { Dropouts } from './dropout.js'
import type { PrivateLayer } from './layers.js'
import { type BatchShape, batchShape, poissonBatches } from './poisson.js'

/** Numbers of noise that are drawn ahead, 4 MB: they are read again soon enough to be in a cache. */
const noiseAhead = 2 ** 20

/**
 * The steps of a private round: g~ = (Σ_r clip_R(∇ℓ_r) + σ·R·N(0, I)) / (q·n), over those that take part. The divisor is
 * what is to be expected and not how many there are, which would tell of them.
 */
export class PrivateCourse implements Course {
  /** Drawn so far. */
  samples = 0
  private readonly batches: Iterator<Int32Array, never, undefined>
  /** Rows of a pass, for the device's memory. */
  private readonly most: number
  private readonly gaussian: Gaussian
  private readonly inputs
  private readonly dropouts: Dropouts
  private next: Int32Array
  /** How many steps' noise is drawn ahead; and its numbers, of each parameter that is trained, until the next draw. */
  private readonly ahead: number
  private readonly noises: readonly Float32Array[]

  constructor(
    private readonly model: DeviceModel,
    private readonly layers: readonly PrivateLayer[],
    private readonly job: TrainingJob,
    private readonly privacy: PrivateSteps,
  ) {
    const { size, seed, peer, round } = job
    const words = (purpose: string) => (privacy.seeded === true ? seededWords(seed, purpose, peer, round) : secretWords)
    this.batches = poissonBatches(size, privacy.rate, uniformOf(words('private/batches')))
    this.gaussian = new Gaussian(words('private/noise'))
    const held = layers.reduce((sum, { held }) => sum + held, model.activations)
    this.most = forwardBatch({ activations: held })
    this.inputs = privacy.seeded === true ? inputsOf(job) : inputsOf(job, job.plan.augment, () => secretRandom)
    this.dropouts = new Dropouts(model, words('private/dropout'))
    this.next = this.batches.next().value
    this.ahead = Math.max(1, Math.floor(noiseAhead / model.layout.size))
    this.noises = model.trainable.map(({ size }) => new Float32Array(this.ahead * size))
  }

  /** May a step be recorded and repeated? */
  get isRepeatable(): boolean {
    return !this.dropouts.any
  }

  /** In a loop the library would begin all passes of a step at once, and hold what each of them computes. */
  get kind(): number | undefined {
    const { passes, rows } = this.shape
    return passes === 1 ? rows : undefined
  }

  draw(from: number, most: number): Feed {
    const { targets } = this.job
    const { passes, rows: ofPass } = this.shape
    const rows = passes * ofPass
    const picks = this.read(Math.min(most, this.ahead))
    const { from: all, rows: taken } = this.inputs(
      picks.map(pick => filled(pick, rows)),
      from,
    )
    const mask = new Float32Array(picks.length * rows)
    for (const [step, pick] of picks.entries()) mask.fill(1, step * rows, step * rows + pick.length)
    const expected = targetTensor(picks.length * rows, targets, (row, into, at) =>
      targets.write(picks[Math.floor(row / rows)]![row % rows] ?? 0, into, at),
    )
    const ofSteps = [
      tf.reshape(expected, [picks.length, rows, targets.width]),
      tf.tensor2d(mask, [picks.length, rows]),
      ...this.noise(picks.length),
    ]
    return { steps: picks.length, tensors: [all, taken, ...ofSteps] }
  }

  gradients([from, rows, targets, mask, ...noise]: readonly Tensor[], thisStep: ThisStep): GradientsAt {
    const { job, model, layers, privacy } = this
    let isAsked = false
    return factor => {
      if (isAsked) throw new Error('a private step asks its samples once')
      isAsked = true
      const [indices, wanted, counts] = [rows!, targets!, mask!].map(tensor => this.passes(thisStep(tensor)))
      const parts = indices!.map((some, pass) => {
        const records = {
          inputs: tf.gather(from!, some as Tensor1D),
          targets: wanted![pass] as Tensor2D,
          mask: counts![pass] as Tensor1D,
        }
        const clipping = { targets: job.targets, clip: privacy.clip }
        return this.dropouts.during(() => tf.tidy(() => clippedSums(model, layers, records, clipping)))
      })
      const scale = factor / (job.size * privacy.rate)
      const gradients = noise.map((ofSteps, i) =>
        tf.mul(tf.add(sumOf(parts.map(({ sums }) => sums[i]!)), thisStep(ofSteps)), scale),
      )
      const figures = figureNames.map(name => sumOf(parts.map(part => part[name])))
      return { figures, gradients }
    }
  }

  /** Of the next draw. */
  private get shape(): BatchShape {
    const { next, job, privacy, most } = this
    return batchShape(next.length, job.size, privacy.rate, most)
  }

  /** The next draws of one kind; one at least. */
  private read(most: number): Int32Array[] {
    const picks: Int32Array[] = []
    const { kind } = this
    do {
      picks.push(this.next)
      this.samples += this.next.length
      this.next = this.batches.next().value
    } while (kind !== undefined && picks.length < most && this.kind === kind)
    return picks
  }

  /**
   * Of each parameter that is trained, [steps, …its shape]. In arrays that are used again: the pages of fresh ones are
   * cleared by the system each time.
   */
  private noise(steps: number): Tensor[] {
    const { clip, noise } = this.privacy
    const all = this.model.trainable.map(({ size }, i) => this.noises[i]!.subarray(0, steps * size))
    // Step by step: a step's noise must not depend on how many are drawn at once, which the time they take decides.
    for (let step = 0; step < steps && noise > 0; step++) {
      for (const values of all) {
        const size = values.length / steps
        this.gaussian.fill(values.subarray(step * size, (step + 1) * size), noise * clip)
      }
    }
    return all.map((values, i) => tf.tensor(values, [steps, ...this.model.trainable[i]!.shape]))
  }

  /** @param tensor - all rows of a step */
  private passes(tensor: Tensor): Tensor[] {
    const passes = Math.ceil(tensor.shape[0]! / this.most)
    return passes === 1 ? [tensor] : tf.split(tensor, passes)
  }
}

/** With the first sample, whatever it is: {@link clippedSums} takes zeros for it. */
function filled(pick: Int32Array, rows: number): Int32Array {
  const all = new Int32Array(rows)
  all.set(pick)
  return all
}
