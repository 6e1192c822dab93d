// Training steps of one model on one backend, as many as asked for: the counterpart of torch/train.py, line by line.
//   node steps.js MODEL BATCH BACKEND THREADS        THREADS 0: all cores
//   <- {"steps": 40, "rho": 0}                       "isPrivate": true for private steps of as many samples in the mean
//   -> {"seconds": 0.05, "cpuSeconds": 0.05}
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLearnerPool, HearsayError, parseManifest } from '../../dist/index.js'
import { answerLines } from './child.js'
import { classes, modelSection, models } from './models.js'

const [name, batch, backend, threads] = process.argv.slice(2)
const { inputShape } = models[name]
/** As in torch/train.py. */
const sampleCount = 2048

const folder = mkdtempSync(join(tmpdir(), 'hearsay-bench-'))
try {
  const { model } = parseManifest({ model: modelSection(name, folder) })
  const pool = await createLearnerPool({
    backend,
    workers: 1,
    threads: Number(threads),
    models: [{ model, inputShape }],
    classes,
    seed: 1,
  })
  rmSync(folder, { recursive: true })
  const [trained] = pool.models
  const { device } = pool.backend
  if (backend === 'webgpu' && device.kind === 'cpu') unavailable(`only a software adapter (${device.name})`)
  const learner = trained.learner(noise(), 0)
  let round = 0
  await answerLines({ device: device.name, parameters: trained.layout.size }, async ({ steps, rho, isPrivate }) => {
    // Noise with random labels cannot be learnt; long training on it would only wander off.
    const parameters = trained.initialParameters()
    const plan = {
      length: { steps },
      batch: Number(batch),
      learningRate: 0.01,
      rules: rho > 0 ? [{ rule: 'sam', rho, adaptive: false }] : [],
      ...(isPrivate && { privacy: { clip: 1, noise: 1, rate: batch / sampleCount } }),
    }
    const before = process.cpuUsage()
    const { seconds } = await learner.train(parameters, round++, plan)
    const { user, system } = process.cpuUsage(before)
    return { seconds, cpuSeconds: (user + system) / 1e6 }
  })
  await pool.close()
} catch (error) {
  if (!(error instanceof HearsayError)) throw error
  unavailable(error.message)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function unavailable(reason) {
  process.stdout.write(`${JSON.stringify({ unavailable: reason })}\n`, () => process.exit())
}

function noise() {
  const length = inputShape.reduce((product, axis) => product * axis, 1)
  const inputs = new Float32Array(new SharedArrayBuffer(4 * sampleCount * length))
  const labels = new Int32Array(new SharedArrayBuffer(4 * sampleCount))
  for (let i = 0; i < inputs.length; i++) inputs[i] = 2 * Math.random() - 1
  for (let i = 0; i < sampleCount; i++) labels[i] = Math.floor(Math.random() * classes)
  const channels = inputShape.at(-1)
  return {
    samples: { inputs, labels, size: sampleCount },
    standardisation: { mean: new Float32Array(channels), std: new Float32Array(channels).fill(1) },
  }
}
