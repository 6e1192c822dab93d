import type { Tensor } from '@tensorflow/tfjs-core'
import {
  answersOf,
  type DeviceModel,
  forwardBatch,
  type InputSource,
  type Targets,
  targetTensor,
  tf,
  upload,
} from '../learner/device.js'
import { headSection } from '../tensors/index.js'
import { uploadMixture, type WeightVectors } from './device.js'
import { forward, type MixtureOutput, type NetSettings } from './forward.js'
import type { HeadGeometry } from './geometry.js'
import type { EvaluateAnswer, PredictAnswer, Score } from './jobs.js'
import { ownHead } from './objective.js'

/** A mixture and samples to look at. Nothing is changed. */
export interface MixtureInputs {
  readonly model: DeviceModel
  readonly geometry: HeadGeometry
  readonly parameters: Float32Array
  readonly source: InputSource
  readonly size: number
  readonly heads: readonly Float32Array[]
  readonly weights: WeightVectors
  readonly settings: NetSettings
}

/** A received head is one dense layer or a few: so many of them count as much as a body. */
const headsPerBody = 8
/** So many tensors as large as all answers of a batch are there at once while they are scored, softmax and masks included. */
const answersAtOnce = 16

/** How good the own head, the mixture and each expert are; nothing when it was aborted. */
export async function evaluate(
  job: MixtureInputs & { readonly targets: Targets; readonly graded: boolean },
  aborted: () => boolean,
): Promise<EvaluateAnswer | undefined> {
  const { size, targets, heads, graded } = job
  const tokens = 1 + heads.length
  const wants = answersOf(targets, graded)
  const rows = await overBatches(job, aborted, ({ alone, prediction, weights }, start, count) => {
    const wanted = targetTensor(count, targets, (row, into, at) => targets.write(start + row, into, at))
    const answers = tf.concat([alone, tf.expandDims(prediction)])
    const tallies = targets.tally(tf.reshape(answers, [tokens + 1, count, targets.width]), wanted)
    const sums = [tallies, tf.sum(tf.mean(byPlace(weights, count), 1), 0)]
    return wants === undefined ? sums : [...sums, wants.of(tf.reshape(prediction, [count, targets.width]))]
  })
  if (rows === undefined) return undefined
  const sums = Array.from({ length: tokens + 1 }, () => [] as number[])
  const gate = Array<number>(tokens).fill(0)
  const outputs = new Float32Array(size * (wants?.width ?? 0))
  let at = 0
  for (const [tallies, listened, answers] of rows as [Float32Array, Float32Array, Float32Array?][]) {
    const width = tallies.length / sums.length
    for (const [i, value] of tallies.entries()) {
      const of = sums[Math.floor(i / width)]!
      of[i % width] = (of[i % width] ?? 0) + value
    }
    for (const [token, weight] of listened.entries()) gate[token]! += weight / size
    outputs.set(answers ?? [], at)
    at += answers?.length ?? 0
  }
  const score = (of: readonly number[]): Score =>
    size === 0 ? { loss: 0, accuracy: 0 } : { loss: of[0]! / size, ...targets.measure(of, size) }
  const [own, ...others] = sums.map(score)
  const mixture = { ...others.pop()!, ...(size > 0 && wants?.grade(outputs)) }
  return { samples: size, own: own!, mixture, experts: others, gate }
}

/** The mixture's answers, and the gate's weights in each; nothing when it was aborted. */
export async function predict(job: MixtureInputs, aborted: () => boolean): Promise<PredictAnswer | undefined> {
  const { geometry, size, heads, settings } = job
  const width = geometry.places * geometry.widths.outputs
  const outputs = new Float32Array(size * width)
  const weights = new Float32Array(size * (1 + heads.length))
  const rows = await overBatches(job, aborted, (output, _, count) => [
    settings.task === 'classes' ? tf.softmax(output.prediction) : tf.clone(output.prediction),
    tf.mean(byPlace(output.weights, count), 1),
  ])
  if (rows === undefined) return undefined
  let [at, weightAt] = [0, 0]
  for (const [answers, gate] of rows as [Float32Array, Float32Array][]) {
    outputs.set(answers, at)
    weights.set(gate, weightAt)
    at += answers.length
    weightAt += gate.length
  }
  return { outputs, width, weights }
}

/** The gate's weights as [samples, places, tokens]. */
function byPlace(weights: Tensor, samples: number): Tensor {
  const tokens = weights.shape[1]!
  return tf.reshape(weights, [samples, weights.size / (samples * tokens), tokens])
}

/**
 * Runs the mixture batch by batch.
 *
 * @param work - what is wanted of a batch; tensors that this function frees
 * @returns the numbers of those tensors, batch by batch
 */
async function overBatches(
  { model, geometry, parameters, source, size, heads, weights, settings }: MixtureInputs,
  aborted: () => boolean,
  work: (output: MixtureOutput, start: number, count: number) => Tensor[],
): Promise<Float32Array[][] | undefined> {
  const { layout } = headSection(model.layout, model.headLayer)
  upload(model, parameters)
  const cut = model.cut()
  const mixture = uploadMixture(weights, layout, heads)
  const answers = (heads.length + 2) * geometry.places * geometry.widths.outputs
  const batch = forwardBatch({
    activations: model.activations * (1 + heads.length / headsPerBody) + answersAtOnce * answers,
  })
  const rows: Float32Array[][] = []
  try {
    for (let start = 0; start < size; start += batch) {
      if (aborted()) return undefined
      const count = Math.min(batch, size - start)
      const tensors = tf.tidy(() => {
        const net = { ...geometry, ...mixture, own: ownHead(model, layout), settings }
        return work(forward(net, cut.features(source.slice(start, count), false)), start, count)
      })
      try {
        rows.push((await Promise.all(tensors.map(tensor => tensor.data()))) as Float32Array[])
      } finally {
        tf.dispose(tensors)
      }
    }
    return rows
  } finally {
    mixture.dispose()
  }
}
