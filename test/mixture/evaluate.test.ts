import { expect, it } from 'vitest'
import { classification } from '../../src/data/objective.js'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { buildModel } from '../../src/learner/models/model.js'
import { Residents } from '../../src/learner/residents.js'
import { targetsOf } from '../../src/learner/targets.js'
import { tf } from '../../src/learner/tensorflow.js'
import { evaluate } from '../../src/mixture/evaluate.js'
import { geometryOf } from '../../src/mixture/geometry.js'
import { createMixtureWeights } from '../../src/mixture/weights.js'
import { random } from '../../src/random.js'
import { headSection } from '../../src/tensors/index.js'
import { numbers, settingsOf } from './nets.js'

it('a test of many experts with many classes holds no more at once than is meant to be', async () => {
  await loadWasm()
  const [size, classes, experts] = [256, 1000, 48]
  const draw = random(1, 'many answers')
  const model = await buildModel({ kind: 'mlp', hidden: [8], head: 'output' }, [4], classes, 1)
  const { layout } = headSection(model.layout, model.headLayer)
  const geometry = geometryOf(model.cut(), model.layout)
  const settings = settingsOf({ transform: false })
  const samples = {
    inputs: numbers(draw, size * 4),
    labels: Int32Array.from({ length: size }, () => draw.integer(classes)),
    size,
    standardisation: { mean: new Float32Array(4), std: new Float32Array(4).fill(1) },
  }
  const job = {
    model,
    geometry,
    parameters: model.initial,
    source: new Residents(0).source(0, samples, [4]),
    targets: targetsOf(classification, { key: 0, ...samples }, [4], classes),
    size,
    heads: Array.from({ length: experts }, () => numbers(draw, layout.size)),
    weights: { ...createMixtureWeights(geometry.widths, settings, { seed: 1, peer: 0 }), transforms: [] },
    settings,
    graded: false,
  }
  const before = tf.memory().numBytes
  const { peakBytes } = await tf.profile(() => evaluate(job, () => false) as never)
  // 256 MB of numbers, and the heads.
  expect(peakBytes - before).toBeLessThan(320e6)
  expect(tf.memory().numBytes).toBe(before)
  model.dispose()
})
