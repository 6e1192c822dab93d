import type { Tensor3D } from '@tensorflow/tfjs-core'
import { HearsayError } from '../../errors.js'
import type { Layout } from '../../tensors/index.js'
import { batches, stepsOf } from '../batches.js'
import { Descent } from '../descent.js'
import { inputsOf, orderOf, type Trained, type TrainingJob, trained } from '../round.js'
import type { GradientsAt } from '../rules/rule.js'
import { targetTensor } from '../targets.js'
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
  samples: number
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
  const batch = (step: number): GradientsAt =>
    stackedGradients(layers, descent.weights.variables, batchOf(runs, step), job.targets.withGradients)
  const allAborted = (): boolean => runs.every(({ place }) => aborted(place))
  try {
    while (runs.length > 0) {
      if (!(await descent.run(runs.at(-1)!.steps, batch, allAborted))) return
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
  for (const [i, { place, job, samples, steps }] of done.entries()) {
    outcomes[place] = attempt(() => trained(job, values[i]!, { loss: losses![first + i]!, samples, steps }))
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
    return [{ place, job, steps: stepsOf(order), rows, order: batches(order), samples: 0 }]
  })
}

function batchOf(runs: readonly Run[], step: number): StackedBatch {
  const picks = runs.map(run => {
    const indices = run.order.next().value!
    run.samples += indices.length
    return indices
  })
  const [{ rows }] = runs as [Run]
  const parts = runs.map(({ job }, i) => tf.reshape(inputsOf(job, padded(picks[i]!, rows), step), [rows, -1]))
  const features = parts[0]!.shape[1]!
  const targets = targetTensor(runs.length * rows, runs[0]!.job.targets, (row, into, at) => {
    const peer = Math.floor(row / rows)
    const index = picks[peer]![row % rows]
    if (index !== undefined) runs[peer]!.job.targets.write(index, into, at)
  })
  const weights = new Float32Array(runs.length * rows)
  for (const [peer, { length }] of picks.entries()) weights.fill(1 / length, peer * rows, peer * rows + length)
  return {
    inputs: tf.reshape(parts.length === 1 ? parts[0]! : tf.concat(parts), [runs.length, rows, features]) as Tensor3D,
    targets,
    weights: tf.tensor3d(weights, [runs.length, rows, 1]),
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
