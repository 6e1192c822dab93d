import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/tensors/index.js'
import { simulated, temporaryFolder } from '../e2e/hearsay.js'
import { eventsSoFar, lastModel, manifestFile, only } from '../e2e/peers.js'
import { churn, churning } from './churn.js'

const fields = {
  ...churning,
  rounds: 20,
  training: { batch: 64, learningRate: 0.01, decay: 1 },
  merge: { method: 'one-byte', samples: 300, snapshot: 4 },
}
const { peers, rounds } = fields

/** A trained body of 256 features that stays as it is, with a head of zeros: 2,570 numbers, 10,280 bytes. */
async function frozenModel(): Promise<string> {
  const hidden = 256
  const trained = { peers: 4, rounds: 4, topology: 'full', model: { kind: 'mlp', hidden: [hidden] } }
  const { parameters } = await simulated([await manifestFile(trained)])
  const [bytes] = parameters.values()
  const body = decodeSafetensors(bytes!, 'the trained model').values.slice(0, (64 + 1) * hidden)
  const values = new Float32Array(body.length + (hidden + 1) * 10)
  values.set(body)
  const dense = (name: string, units: number, trainable: boolean, activation: string) => ({
    class_name: 'Dense',
    config: { name, units, trainable, activation, use_bias: true },
  })
  const flatten = { class_name: 'Flatten', config: { name: 'flatten', batch_input_shape: [null, 8, 8, 1] } }
  const layers = [flatten, dense('features', hidden, false, 'relu'), dense('classifier', 10, true, 'softmax')]
  const shapes = {
    'features/kernel': [64, hidden],
    'features/bias': [hidden],
    'classifier/kernel': [hidden, 10],
    'classifier/bias': [10],
  }
  const weights = Object.entries(shapes).map(([name, shape]) => ({ name, shape, dtype: 'float32' }))
  const modelTopology = { class_name: 'Sequential', config: { name: 'frozen', layers }, keras_version: '2.4.0' }
  const weightsManifest = [{ paths: ['weights.bin'], weights }]
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'weights.bin'), new Uint8Array(values.buffer))
  const path = join(folder, 'model.json')
  await writeFile(path, JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }))
  return path
}

describe('one byte a gradient', () => {
  it(`P25 ${peers} processes, of which every second round one is killed and comes back, end with one model`, async () => {
    const manifest = await manifestFile(fields)
    const folders = await churn(manifest, { peers, rounds, every: 2, victim: time => (time + peers - 2) % peers })
    const models = await Promise.all(folders.map(lastModel))
    expect(new Set(models).size).toBe(1)
    for (const out of folders) expect(only(eventsSoFar(out), 'evaluated').at(-1)!.accuracy).toBeGreaterThan(0.5)
  })

  it('comes within 3 points of SGD on the digits, and a peer says less than one head', async () => {
    const run = { peers: 4, evaluation: { every: 80 } }
    const scalars = { method: 'one-byte', samples: 32 }
    const sgd = await simulated([await manifestFile({ ...run, rounds: 80, merge: 'dfedavg', topology: 'full' })])
    const bytes = await simulated([
      await manifestFile({ ...run, rounds: 80, merge: scalars, training: { learningRate: 0.03, decay: 1, batch: 64 } }),
    ])
    const figures = { sgd: sgd.summary.accuracy.mean, oneByte: bytes.summary.accuracy.mean }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    expect(figures.oneByte).toBeGreaterThan(figures.sgd - 0.03)
    expect(80 * scalars.samples).toBeLessThan(4 * 650)
    expect(bytes.summary.consensusDistance).toBe(0)
  })

  it('trains a head to within 2 points of SGD, with a 10,000th of the bytes a step', async () => {
    const run = { peers: 4, share: 'head', model: { path: await frozenModel(), head: 'classifier' } }
    const sgd = await simulated([
      await manifestFile({ ...run, rounds: 60, merge: 'dfedavg', topology: 'full', evaluation: { every: 60 } }),
    ])
    const scalars = { method: 'one-byte', samples: 128 }
    const training = { learningRate: 0.03, decay: 1, batch: 64 }
    const bytes = await simulated([
      await manifestFile({ ...run, rounds: 140, merge: scalars, training, evaluation: { every: 140 } }),
    ])
    const figures = { sgd: sgd.summary.accuracy.mean, oneByte: bytes.summary.accuracy.mean }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    expect(figures.oneByte).toBeGreaterThan(figures.sgd - 0.02)
    expect(bytes.summary.model.shared * 4).toBeGreaterThan(10_000)
  })
})
