import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core'
import { HearsayError } from '../../errors.js'
import { batches, stepsOf } from '../batches.js'
import { inputsOf, orderOf, settingsOf, type Trained, type TrainingJob, trained } from '../round.js'
import { targetTensor } from '../targets.js'
import { tf } from '../tensorflow.js'
import { stepsAhead } from '../train.js'
import type { DenseModel } from './layers.js'
import { firstOf, type Stack, stackOf, vectorsOf, zerosLike } from './stack.js'
import { rowMultiple, type StackedBatch, stackedStep } from './step.js'

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
 * are. All jobs are of one round and one way of training. Those whose batches have as many rows make a stack: all but
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
  // Those with most steps first: who is done is always at the end of the stack.
  runs.sort((a, b) => b.steps - a.steps || a.place - b.place)
  const [{ job }] = runs as [Run]
  const settings = settingsOf(job)
  const { withGradients } = job.targets
  const vectors = runs.map(({ job }) => job.parameters)
  let parameters = stackOf(layout, vectors)
  let velocity: Stack = settings.momentum > 0 ? zerosLike(parameters) : []
  // Summed on the device and read when a peer is done: reading it every step would make the device wait for us.
  let losses: Tensor = tf.zeros([runs.length])

  /** Lets go of the peers from `first` on, and keeps their outcomes. */
  const retire = async (first: number): Promise<void> => {
    const done = runs.splice(first)
    const sums = await losses.data()
    const values = await vectorsOf(layout, parameters, first)
    for (const [i, { place, job, samples, steps }] of done.entries()) {
      outcomes[place] = attempt(() => trained(job, values[i]!, { loss: sums[first + i]!, samples, steps }))
    }
    if (first === 0) return
    parameters = firstOf(parameters, first)
    velocity = firstOf(velocity, first)
    losses = firstOf([losses], first)[0]!
  }

  try {
    for (let step = 0; ; step++) {
      const active = runs.findIndex(({ steps }) => steps <= step)
      if (active >= 0) await retire(active)
      if (runs.length === 0 || runs.every(({ place }) => aborted(place))) return
      const next = tf.tidy(() => {
        const after = stackedStep(layers, { parameters, velocity }, batchOf(runs, step), settings, withGradients)
        return { ...after, losses: tf.add(losses, after.losses) }
      })
      tf.dispose([...parameters, ...velocity, losses])
      ;({ parameters, velocity, losses } = next)
      if (step % stepsAhead === stepsAhead - 1) await losses.data()
    }
  } finally {
    tf.dispose([...parameters, ...velocity, losses])
  }
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
