import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { random } from '../random.js'
import { type BatchOrder, BatchReader, stepsOf } from './batches.js'
import type { Course, Feed, ThisStep } from './course.js'
import { Descent } from './descent.js'
import { follow } from './graph/follow.js'
import type { StepInputs } from './inputs.js'
import type { DeviceModel } from './models/model.js'
import type { Trained, TrainingJob } from './round.js'
import type { ChainInit } from './rules/chain.js'
import type { GradientsAt } from './rules/rule.js'
import { type Targets, targetTensor } from './targets.js'
import { tf } from './tensorflow.js'

/** What is trained by TensorFlow.js' tape, batch by batch. */
export interface TapeCourseInit {
  readonly model: Pick<DeviceModel, 'seedDropout'>
  readonly order: BatchOrder
  readonly inputs: StepInputs
  readonly targets: Targets
  /** What a step uses beside the weights that it moves: the same tensors in every step. */
  readonly frozen: readonly Tensor[]
  /** On a mini-batch, each with a row a sample. */
  gradients(inputs: Tensor, targets: Tensor2D): GradientsAt
}

/** What a round's steps came to. */
export interface TakenSteps extends Pick<Trained, 'samples' | 'steps' | 'stepsInLoop' | 'lasting'> {
  /** Of each of a step's figures, over the steps. */
  readonly sums: readonly Float32Array[]
}

/**
 * Takes a round's steps by the tape.
 *
 * @param programs - see {@link TrainingJob.programs}
 * @param aborted - asked before each step
 * @returns nothing when it was aborted
 */
export async function takeSteps(
  init: ChainInit,
  wanted: TapeCourseInit,
  programs: TrainingJob['programs'],
  aborted: () => boolean,
): Promise<TakenSteps | undefined> {
  const descent = new Descent(init)
  const course = new TapeCourse(wanted)
  try {
    const { whole, inLoop } = await follow(course, descent, stepsOf(wanted.order), programs, aborted)
    if (!whole) return undefined
    const { samples } = course
    const lasting = await descent.lasting()
    return { sums: await descent.sums(), samples, steps: descent.steps, stepsInLoop: inLoop, lasting }
  } finally {
    descent.dispose()
  }
}

class TapeCourse implements Course {
  /** Drawn so far. */
  samples = 0
  private readonly reader: BatchReader

  constructor(private readonly init: TapeCourseInit) {
    this.reader = new BatchReader(init.order)
  }

  get kind(): number | undefined {
    const { rows } = this.reader
    return rows === this.init.order.batch ? rows : undefined
  }

  draw(from: number, most: number): Feed {
    const { model, inputs, targets, frozen } = this.init
    const { seed, peer, round } = this.init.order
    model.seedDropout(random(seed, 'dropout', peer, round, from))
    const picks = this.reader.read(most)
    const rows = picks[0]!.length
    this.samples += picks.length * rows
    const { from: all, rows: taken } = inputs(picks, from)
    const expected = targetTensor(picks.length * rows, targets, (row, into, at) =>
      targets.write(picks[Math.floor(row / rows)]![row % rows]!, into, at),
    )
    const ofSteps = tf.reshape(expected, [picks.length, rows, targets.width])
    return { steps: picks.length, tensors: [all, taken, ofSteps, ...frozen] }
  }

  gradients([from, rows, targets]: readonly Tensor[], thisStep: ThisStep): GradientsAt {
    const inputs = tf.gather(from!, thisStep(rows!) as Tensor1D)
    return this.init.gradients(inputs, thisStep(targets!) as Tensor2D)
  }
}
