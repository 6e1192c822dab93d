import { describe, expect, it } from 'vitest'
import { createLearnerPool, modelSchema } from '../../src/learner/index.js'
import { createMixtureLearner, mixtureModule, mixtureSchema, resolveMixture } from '../../src/mixture/index.js'
import { random } from '../../src/random.js'
import { allocate, headSection } from '../../src/tensors/index.js'
import { mostProbable, predict } from '../../src/trained/index.js'
import { keptPeer } from './kept.js'

const backend = 'wasm'

describe('a kept model', () => {
  it('gives probabilities, and is as often right as the learner says', async () => {
    const peer = await keptPeer({ model: { kind: 'cnn', channels: [4], hidden: 6 }, inputShape: [6, 6, 2] })
    const { description, parameters, samples } = peer
    const prediction = await predict(peer, samples, { backend })
    const { outputs, width } = prediction
    expect(width).toBe(3)
    for (let i = 0; i < 5; i++) {
      expect(outputs.subarray(3 * i, 3 * i + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 6)
    }
    const { model, inputShape, standardisation } = description
    const pool = await createLearnerPool({ backend, workers: 1, models: [{ model, inputShape }], classes: 3, seed: 9 })
    const { accuracy } = await pool.models[0].evaluate(parameters, samples, standardisation)
    const before = await pool.memory()
    await pool.models[0].predict(parameters, samples, standardisation)
    expect(await pool.memory()).toEqual(before)
    await pool.close()
    const right = mostProbable(prediction).filter((best, i) => best === samples.labels[i]).length
    expect(right / 5).toBe(accuracy)
  })

  it('gives numbers in their own units', async () => {
    const objective = { kind: 'regression', target: 'price' } as const
    const peer = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, classes: ['price'], objective })
    const { parameters, samples, description } = peer
    const { outputs } = await predict(peer, samples, { backend })
    const { mean, std } = description.standardisation
    for (let i = 0; i < 5; i++) {
      let sum = parameters[3]!
      for (let k = 0; k < 3; k++) sum += (parameters[k]! * (samples.inputs[3 * i + k]! - mean[k]!)) / std[k]!
      expect(outputs[i]).toBeCloseTo(sum * 50 + 1000, 3)
    }
  })

  it('is refused where this version builds another', async () => {
    const peer = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false })
    const description = { ...peer.description, model: modelSchema.parse({ kind: 'mlp', hidden: [4] }) }
    await expect(predict({ ...peer, description }, peer.samples, { backend })).rejects.toThrow(
      'use the version that trained it',
    )
  })
})

describe('a kept mixture', () => {
  it('answers as the mixture that was saved, and says who was listened to', async () => {
    const merge = mixtureSchema.parse({ method: 'mixture' })
    const peer = await keptPeer({ model: { kind: 'cnn', channels: [4], hidden: 6 }, inputShape: [6, 6, 1], merge })
    const { description, parameters, samples } = peer
    const { model, inputShape, standardisation } = description
    const draw = random(2, 'experts')
    const { layout } = headSection(description.layout, 'output')
    const experts = ['12D3anna', '12D3bert'].map(id => {
      const head = allocate(layout)
      for (let i = 0; i < head.length; i++) head[i] = draw.uniform() - 0.5
      return { peer: id, name: id.slice(4), round: 1, head }
    })
    const pool = await createLearnerPool({
      backend,
      workers: 1,
      models: [{ model, inputShape }],
      classes: 3,
      seed: 9,
      modules: [mixtureModule()],
    })
    const learner = createMixtureLearner({
      pool,
      model: pool.models[0],
      data: { samples, standardisation },
      peer: 4,
      seed: 9,
      settings: resolveMixture(merge),
      localPlan: () => ({ length: { epochs: 1 }, batch: 5, learningRate: 0.1, rules: [] }),
      rounds: 3,
    })
    for (let round = 0; round < 3; round++) await learner.train(round, parameters, experts)
    const wanted = await learner.predict(parameters, experts, samples)
    const tensors = structuredClone(learner.kept())
    await pool.close()

    const kept = { description, parameters, method: { tensors, numbers: {} }, heads: [] }
    const said = await predict({ ...kept, heads: experts }, samples, { backend })
    expect(said.outputs).toEqual(wanted.outputs)
    expect(said.listened!.weights).toEqual(wanted.weights)
    expect(said.listened!.heads).toEqual([
      { peer: '12D3anna', name: 'anna' },
      { peer: '12D3bert', name: 'bert' },
    ])
    expect(said.listened!.weights.subarray(0, 3).reduce((a, b) => a + b)).toBeCloseTo(1, 6)
    const own = await predict(kept, samples, { backend })
    expect(own.listened).toEqual({ heads: [], weights: new Float32Array(5).fill(1) })
    const broken = { ...kept, method: { tensors: tensors.slice(1), numbers: {} } }
    await expect(predict(broken, samples, { backend })).rejects.toThrow('the mixture of boston')
  })
})
