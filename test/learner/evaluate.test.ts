import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gradeOf, largestOfRows, loadDataset, softmaxRows, takeSamples } from '../../src/data/index.js'
import { createLearnerPool, type LearnerPool } from '../../src/learner/index.js'

let pool: LearnerPool

beforeAll(async () => {
  pool = await createLearnerPool({
    backend: 'wasm',
    workers: 1,
    models: [{ model: { kind: 'logistic', head: 'output' }, inputShape: [8, 8, 1] }],
    classes: 10,
    seed: 1,
  })
})
afterAll(() => pool.close())

describe('an evaluation', () => {
  it('is graded where it is asked to be, by the answers that the model gives; and keeps no tensor', async () => {
    const { test } = await loadDataset({ set: 'digits' }, 1)
    const standardisation = { mean: new Float32Array(1), std: new Float32Array([1]) }
    const [model] = pool.models
    const parameters = model.initialParameters()
    const plain = await model.evaluate(parameters, test, standardisation)
    const before = await pool.memory()
    const graded = await model.evaluate(parameters, test, standardisation, { graded: true })
    expect(await pool.memory()).toEqual(before)
    const logits = await model.predict(parameters, test, standardisation)
    const said = largestOfRows(logits, 10)
    const grade = gradeOf({ probabilities: softmaxRows(logits, 10), said, labels: test.labels, classes: 10 })
    expect(test.size).toBeGreaterThan(256)
    expect(graded).toEqual({ ...plain, ...grade })
    expect(plain).not.toHaveProperty('auroc')
    expect(plain.confusion).toEqual(grade.confusion)
    const right = grade.confusion!.reduce((sum, row, k) => sum + row[k]!, 0)
    expect(right / test.size).toBeCloseTo(plain.accuracy, 6)
    const none = await model.evaluate(parameters, takeSamples(test, new Uint32Array()), standardisation, {
      graded: true,
    })
    expect(none).toEqual({ loss: 0, accuracy: 0, samples: 0 })
  })
})
