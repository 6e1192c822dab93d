import type { Tensor } from '@tensorflow/tfjs-core'
import { type Random, random } from '../random.js'
import type { TrainingJob } from './round.js'
import type { Augmentation } from './spec.js'
import { tf } from './tensorflow.js'

/** Where the inputs of some mini-batches are taken from, and which they are there. */
export interface InputRows {
  /** [any, …inputShape]. Free within a tidy. */
  readonly from: Tensor
  /** [steps, rows] */
  readonly rows: Tensor
}

/**
 * The inputs of mini-batches of one size in a row, within a tidy.
 *
 * @param picks - the samples of each
 * @param step - of the first
 */
export type StepInputs = (picks: readonly Int32Array[], step: number) => InputRows

/**
 * A job's inputs.
 *
 * @param augment - how they are varied
 * @param drawOf - by what, in each step
 */
export function inputsOf(
  { source, plan, seed, peer, round }: TrainingJob,
  augment: Augmentation | undefined = plan.augment,
  drawOf: (step: number) => Pick<Random, 'integer'> = step => random(seed, 'augment', peer, round, step),
): StepInputs {
  if (augment !== undefined) return drawnInputs((indices, step) => source.augmented(indices, augment, drawOf(step)))
  const taken = drawnInputs(source.take)
  return (picks, step) => {
    const whole = source.whole()
    return whole === undefined ? taken(picks, step) : keptInputs(whole)(picks, step)
  }
}

/** Of samples that all lie on the device. @param whole - a row a sample; not the caller's */
export function keptInputs(whole: Tensor): StepInputs {
  return picks => {
    const rows = picks[0]!.length
    const at = new Int32Array(picks.length * rows)
    for (const [i, indices] of picks.entries()) at.set(indices, i * rows)
    return { from: whole, rows: tf.tensor2d(at, [picks.length, rows], 'int32') }
  }
}

/** Batches that are made when they are needed. */
function drawnInputs(take: (indices: Int32Array, step: number) => Tensor): StepInputs {
  return (picks, step) => {
    const rows = picks[0]!.length
    const from = tf.concat(picks.map((indices, i) => take(indices, step + i)))
    const at = Int32Array.from({ length: picks.length * rows }, (_, row) => row)
    return { from, rows: tf.tensor2d(at, [picks.length, rows], 'int32') }
  }
}
