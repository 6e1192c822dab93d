import type { Samples } from '../data/dataset.js'
import { HearsayError } from '../errors.js'
import type { LocalPlan } from '../learner/plan.js'
import { createLearnerPool } from '../learner/pool.js'
import type { BackendName, LearnerPool } from '../learner/types.js'
import { random } from '../random.js'
import type { SpeedLine, SpeedTest } from './speed.js'

/*
 * A program of its own, started by speed.ts with a backend and what to train. Prints JSON lines.
 */

const say = (line: SpeedLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const [name, text] = process.argv.slice(2) as [BackendName, string]
const test = JSON.parse(text) as SpeedTest
const seed = 1

function samplesOf({ inputShape, classes, batch }: SpeedTest): Samples {
  const size = 4 * batch
  const length = inputShape.reduce((product, axis) => product * axis, 1)
  const draw = random(seed, 'speed test')
  const inputs = new Float32Array(new SharedArrayBuffer(size * length * Float32Array.BYTES_PER_ELEMENT))
  const labels = new Int32Array(new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT))
  for (let i = 0; i < inputs.length; i++) inputs[i] = draw.uniform() * 2 - 1
  for (let i = 0; i < size; i++) labels[i] = draw.integer(classes)
  return { inputs, labels, size }
}

/** Samples a second of all workers, each with a peer of its own as in a simulation. */
async function speedOf(pool: LearnerPool): Promise<number> {
  const standardisation = { mean: new Float32Array([0]), std: new Float32Array([1]) }
  const samples = samplesOf(test)
  const steps = (count: number): LocalPlan => {
    return { length: { steps: count }, batch: test.batch, learningRate: 0.05, rules: [] }
  }
  const [model] = pool.models
  const peers = Array.from({ length: pool.workers }, (_, peer) => {
    const learner = model.learner({ samples, standardisation }, peer)
    const parameters = model.initialParameters()
    return (count: number) => learner.train(parameters, 0, steps(count))
  })
  // The first step compiles shaders, uploads data and fills caches.
  await Promise.all(peers.map(train => train(1)))
  const begun = performance.now()
  const until = begun + 1000 * test.seconds
  const trained = await Promise.all(
    peers.map(async train => {
      let count = 0
      // Longer and longer jobs, as a round has many steps: on a slow backend one is enough, on a fast one a hundred.
      for (let length = 1; performance.now() < until; length = Math.min(100, 2 * length)) {
        count += (await train(length)).samples
      }
      return count
    }),
  )
  return trained.reduce((sum, count) => sum + count, 0) / ((performance.now() - begun) / 1000)
}

try {
  const { model, inputShape, ...settings } = test
  const pool = await createLearnerPool({ ...settings, models: [{ model, inputShape }], backend: name, seed })
  try {
    say({ report: pool.backend, workers: pool.workers })
    say({ samplesPerSecond: await speedOf(pool) })
  } finally {
    await pool.close()
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  say({ reason: error instanceof HearsayError ? message.replace(`backend ${name}: `, '') : message.split('\n', 1)[0]! })
}
