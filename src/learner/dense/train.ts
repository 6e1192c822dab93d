import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { HearsayError } from '../../errors.js'
import type { Layout } from '../../tensors/index.js'
import { batches, stepsOf } from '../batches.js'
import type { Course, Feed, ThisStep } from '../course.js'
import { Descent } from '../descent.js'
import { follow } from '../graph/follow.js'
import { inputsOf, type StepInputs } from '../inputs.js'
import { orderOf, type Trained, type TrainingJob, trained } from '../round.js'
import { tf } from '../tensorflow.js'
import { rowMultiple, type StackedBatch, stackedGradients } from './gradients.js'
import type { DenseModel } from './layers.js'
import { stackOf, vectorsOf } from './stack.js'

interface Run {
  /** Its place in the list of jobs. */
  readonly place: number
  readonly job: TrainingJob
  readonly steps: number
  /** Of its batches on the device. */
  readonly rows: number
  readonly order: Generator<Int32Array, void, undefined>
  readonly inputs: StepInputs
  samples: number
  stepsInLoop: number
}

type Outcomes = (Trained | Error | undefined)[]

/**
 * Trains several peers side by side for one round, each on its own samples from its own parameters, which stay as they
 * are. All jobs are of one round and one plan, but for the vectors of its rules. Those whose batches have as many rows make a stack: all but
 * peers with less than a batch of samples.
 *
 * @param aborted - asked before each step about each job that still runs
 * @returns for each job its outcome; nothing when it was aborted; or the error that only this peer has
 */
export async function trainStacked(
  model: DenseModel,
  jobs: readonly TrainingJob[],
  aborted: (place: number) => boolean,
): Promise<Outcomes> {
  const outcomes: Outcomes = jobs.map(() => undefined)
  const stacks = new Map<number, Run[]>()
  for (const run of runsOf(jobs, outcomes)) stacks.set(run.rows, [...(stacks.get(run.rows) ?? []), run])
  for (const runs of stacks.values()) await trainStack(model, runs, aborted, outcomes)
  return outcomes
}

async function trainStack(
  { layers, layout }: DenseModel,
  runs: Run[],
  aborted: (place: number) => boolean,
  outcomes: Outcomes,
): Promise<void> {
  // Those with most steps first: peers that are done are always at the end of the stack.
  runs.sort((a, b) => b.steps - a.steps || a.place - b.place)
  const [{ job }] = runs as [Run]
  const { learningRate } = job.plan
  const vectors = runs.map(({ job }) => job.parameters)
  const rules = runs.map(({ job }) => job.plan.rules)
  const descent = new Descent({ weights: stackOf(layout, vectors), rules, book: job.book, learningRate })
  const course: Course = {
    // Smaller batches are filled up.
    kind: runs[0]!.rows,
    draw: (from, most) => drawn(runs, from, most),
    gradients: (tensors, thisStep) => {
      const batch = batchOf(tensors, runs.length, thisStep)
      return stackedGradients(layers, descent.weights.variables, batch, job.targets.withGradients)
    },
  }
  const allAborted = (): boolean => runs.every(({ place }) => aborted(place))
  try {
    while (runs.length > 0) {
      const { whole, inLoop } = await follow(course, descent, runs.at(-1)!.steps, job.programs, allAborted)
      if (!whole) return
      for (const run of runs) run.stepsInLoop += inLoop
      const first = runs.findIndex(({ steps }) => steps <= descent.steps)
      await retire(layout, descent, runs.splice(first), first, outcomes)
    }
  } finally {
    tf.dispose([...descent.weights.variables])
    descent.dispose()
  }
}

/** Keeps the outcomes of the peers from `first` on, and goes on without them. */
async function retire(
  layout: Layout,
  descent: Descent,
  done: readonly Run[],
  first: number,
  outcomes: Outcomes,
): Promise<void> {
  const [losses] = await descent.sums()
  const values = await vectorsOf(layout, descent.weights.variables, first)
  for (const [i, { place, job, ...counts }] of done.entries()) {
    const { samples, steps, stepsInLoop } = counts
    const lasting = await descent.lasting(first + i)
    const figures = { loss: losses![first + i]! / steps, samples, steps, stepsInLoop, lasting }
    outcomes[place] = attempt(() => trained(job, values[i]!, figures))
  }
  if (first > 0) descent.narrow(first)
}

function runsOf(jobs: readonly TrainingJob[], outcomes: Outcomes): Run[] {
  return jobs.flatMap((job, place) => {
    const order = attempt(() => orderOf(job))
    if (order instanceof Error) {
      outcomes[place] = order
      return []
    }
    const rows = Math.ceil(Math.min(order.batch, order.size) / rowMultiple) * rowMultiple
    const drawn = { order: batches(order), inputs: inputsOf(job) }
    return [{ place, job, steps: stepsOf(order), rows, ...drawn, samples: 0, stepsInLoop: 0 }]
  })
}

/**
 * What all peers' next batches are taken from: the targets and the rows' weights of each step, and of each peer its
 * inputs and which of them.
 */
function drawn(runs: readonly Run[], from: number, steps: number): Feed {
  const [{ rows, job }] = runs as [Run]
  const { width } = job.targets
  const targets = new Float32Array(steps * runs.length * rows * width)
  const weights = new Float32Array(steps * runs.length * rows)
  const inputs = runs.flatMap((run, peer) => {
    const picks = Array.from({ length: steps }, (_, step) => {
      const indices = run.order.next().value!
      const start = (step * runs.length + peer) * rows
      for (const [row, index] of indices.entries()) run.job.targets.write(index, targets, (start + row) * width)
      weights.fill(1 / indices.length, start, start + indices.length)
      run.samples += indices.length
      return padded(indices, rows)
    })
    const { from: all, rows: taken } = run.inputs(picks, from)
    return [all, taken]
  })
  const ofSteps = [
    tf.tensor3d(targets, [steps, runs.length * rows, width]),
    tf.tensor4d(weights, [steps, runs.length, rows, 1]),
  ]
  return { steps, tensors: [...ofSteps, ...inputs] }
}

/** The batch of one step of a feed. */
function batchOf([targets, weights, ...inputs]: readonly Tensor[], peers: number, thisStep: ThisStep): StackedBatch {
  const parts = Array.from({ length: peers }, (_, peer) => {
    const taken = tf.gather(inputs[2 * peer]!, thisStep(inputs[2 * peer + 1]!) as Tensor1D)
    return tf.reshape(taken, [1, taken.shape[0]!, -1]) as Tensor3D
  })
  return {
    inputs: parts.length === 1 ? parts[0]! : tf.concat(parts),
    targets: thisStep(targets!) as Tensor2D,
    weights: thisStep(weights!) as Tensor3D,
  }
}

/** Filled up with the first sample, which then counts nothing. */
function padded(indices: Int32Array, rows: number): Int32Array {
  if (indices.length === rows) return indices
  const filled = new Int32Array(rows).fill(indices[0]!)
  filled.set(indices)
  return filled
}

/** A peer's own error as its outcome; anything else ends the request. */
function attempt<T>(work: () => T): T | HearsayError {
  try {
    return work()
  } catch (error) {
    if (error instanceof HearsayError) return error
    throw error
  }
}
