import { HearsayError } from '../../dist/index.js'
import { createLearnerPool } from '../../dist/learner/index.js'
import { createMixtureLearner, mixtureModule, mixtureSchema, resolveMixture } from '../../dist/mixture/index.js'
import { headOf, headSection } from '../../dist/tensors/index.js'
import { inTurn, print } from './measure.js'

const inputs = 784
const features = 64
const classes = 10
const batch = 32
const sampleCount = 1024
/** The last one bounded by `topExperts`. */
const crowds = [{ experts: 1 }, { experts: 4 }, { experts: 16 }, { experts: 64 }, { experts: 64, topExperts: 8 }]

/**
 * What a training step of transforms and gate costs by the number of experts, on each backend that works here; beside a
 * step of local training of the same model. Cost may grow with the experts at most linearly; what a step costs anyway is
 * the calls of its operations, which are as many with 64 experts as with one.
 *
 * @param {{ quick: boolean }} options
 */
export async function mixture({ quick }) {
  for (const backend of ['node-gpu', 'node', 'wasm']) {
    try {
      const seconds = await measure(backend, quick ? 3 : 9)
      const title = `mixture: a step of ${features} features, ${classes} classes, batch ${batch}, on ${backend}, one thread`
      print(title, table(seconds))
    } catch (error) {
      if (!(error instanceof HearsayError)) throw error
      console.log(`\nmixture: ${error.message.split(';', 1)[0]}`)
    }
  }
}

async function measure(backend, rounds) {
  const model = { kind: 'mlp', hidden: [features], head: 'output' }
  const pool = await createLearnerPool({
    backend,
    workers: 1,
    threads: 1,
    models: [{ model, inputShape: [inputs] }],
    classes,
    seed: 1,
    modules: [mixtureModule()],
  })
  try {
    const [of] = pool.models
    const data = { samples: noise(), standardisation: { mean: new Float32Array(inputs), std: ones(inputs) } }
    const plan = { length: { epochs: 1 }, batch, learningRate: 0.01, rules: [{ rule: 'momentum', factor: 0.9 }] }
    const parameters = of.initialParameters()
    const steps = sampleCount / batch
    const local = of.learner(data, 0)
    const works = { local: () => local.train(parameters, 0, plan) }
    for (const crowd of crowds) {
      const settings = resolveMixture(
        mixtureSchema.parse({ method: 'mixture', learningRate: 0.01, topExperts: crowd.topExperts }),
      )
      const learner = createMixtureLearner({
        pool,
        model: of,
        data,
        peer: 0,
        seed: 1,
        settings,
        localPlan: () => plan,
        rounds: 1,
      })
      const heads = Array.from({ length: crowd.experts }, (_, i) => ({
        peer: `peer-${i}`,
        round: 0,
        head: headFrom(of),
      }))
      works[nameOf(crowd)] = () => learner.train(0, parameters, heads)
    }
    const seconds = await inTurn(works, rounds)
    return Object.fromEntries(Object.entries(seconds).map(([name, total]) => [name, total / steps]))
  } finally {
    await pool.close()
  }
}

const nameOf = ({ experts, topExperts }) => `${experts}${topExperts === undefined ? '' : `, topExperts: ${topExperts}`}`

function table(seconds) {
  const base = seconds[nameOf(crowds[0])]
  const row = (name, value) => [name, (value * 1000).toFixed(2), (value / base).toFixed(2)]
  return [
    ['experts', 'ms/step', '÷ one expert'],
    ...crowds.map(crowd => row(nameOf(crowd), seconds[nameOf(crowd)])),
    row('local training', seconds.local),
  ]
}

/** Noise with random labels. */
function noise() {
  const labels = new Int32Array(new SharedArrayBuffer(sampleCount * 4))
  for (let i = 0; i < labels.length; i++) labels[i] = Math.floor(Math.random() * classes)
  return { inputs: shared(sampleCount * inputs, () => Math.random() - 0.5), labels, size: sampleCount }
}

function headFrom(model) {
  const head = headOf(model.initialParameters(), headSection(model.layout, model.headLayer))
  return shared(head.length, i => head[i] + (Math.random() - 0.5) / 10)
}

function shared(length, value) {
  const values = new Float32Array(new SharedArrayBuffer(length * 4))
  for (let i = 0; i < length; i++) values[i] = value(i)
  return values
}

const ones = length => new Float32Array(length).fill(1)
