import { gradeOf } from '../../dist/data/grade.js'
import { largestOfRows, softmaxRows } from '../../dist/data/probabilities.js'
import { createLearnerPool, parseManifest } from '../../dist/index.js'
import { inTurn, print } from './measure.js'

const samples = 10_000
const tasks = [
  { title: 'MNIST, MLP 784-200-200-10', inputShape: [28, 28, 1], classes: 10 },
  { title: 'a table, MLP 14-200-200-2', inputShape: [14], classes: 2 },
]

/**
 * Testing a model on 10,000 samples, and what the figures that need all its answers (src/data/grade.ts) take of it. In
 * turn, so that a busy moment hits both alike.
 *
 * @param {{ quick: boolean }} options
 */
export async function evaluate({ quick }) {
  const { model } = parseManifest({ model: 'mlp' })
  for (const { title, inputShape, classes } of tasks) {
    const pool = await createLearnerPool({
      backend: 'auto',
      workers: 1,
      threads: 1,
      models: [{ model, inputShape }],
      classes,
      seed: 1,
    })
    const [tested] = pool.models
    const { test, standardisation } = noise(inputShape, classes)
    const parameters = tested.initialParameters()
    const logits = await tested.predict(parameters, test, standardisation)
    const times = await inTurn(
      {
        evaluation: () => tested.evaluate(parameters, test, standardisation),
        grade: () =>
          gradeOf({
            probabilities: softmaxRows(logits, classes),
            said: largestOfRows(logits, classes),
            labels: test.labels,
            classes,
          }),
      },
      quick ? 15 : 60,
    )
    await pool.close()
    const { evaluation, grade } = times
    print(`evaluate: ${title}, 10,000 samples, ${pool.backend.name}, one thread`, [
      ['evaluation', 'of it the grade', 'share'],
      [ms(evaluation), ms(grade), `${((100 * grade) / evaluation).toFixed(1)} %`],
    ])
  }
}

function ms(seconds) {
  return `${(1000 * seconds).toFixed(2)} ms`
}

function noise(inputShape, classes) {
  const length = inputShape.reduce((product, axis) => product * axis, 1)
  const inputs = new Float32Array(new SharedArrayBuffer(4 * samples * length)).map(() => 2 * Math.random() - 1)
  const shared = new Float32Array(new SharedArrayBuffer(inputs.byteLength))
  shared.set(inputs)
  const labels = new Int32Array(new SharedArrayBuffer(4 * samples))
  for (let i = 0; i < samples; i++) labels[i] = Math.floor(Math.random() * classes)
  const channels = inputShape.at(-1)
  return {
    test: { inputs: shared, labels, size: samples },
    standardisation: { mean: new Float32Array(channels), std: new Float32Array(channels).fill(1) },
  }
}
