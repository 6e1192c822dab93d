import { HearsayError } from '../../dist/index.js'
import { createLearnerPool, jobType } from '../../dist/learner/index.js'
import { createMixtureLearner, mixtureModule, mixtureSchema, resolveMixture } from '../../dist/mixture/index.js'
import { headOf, headSection } from '../../dist/tensors/index.js'
import { aimed } from './aims.js'
import { inTurn, print } from './measure.js'

const inputs = 784
const features = 64
const classes = 10
const batch = 32
const sampleCount = 1024
/** The last one bounded by `topExperts`. */
const crowds = [{ experts: 1 }, { experts: 4 }, { experts: 16 }, { experts: 64 }, { experts: 64, topExperts: 8 }]
/** See calls.js. */
const calls = jobType('bench/calls')

/**
 * What a training step of transforms and gate costs by the number of experts, and a test of the mixture and of each
 * expert, on each backend that works here; beside a step of local training of the same model. Cost may grow with the
 * experts at most linearly; the operations that are called are as many with 64 experts as with one.
 *
 * @param {{ quick: boolean }} options
 */
export async function mixture({ quick }) {
  const rows = []
  for (const backend of ['node-gpu', 'node', 'wasm']) {
    try {
      const { measured, local } = await measure(backend, quick ? 3 : 9)
      const title = `mixture: a step of ${features} features, ${classes} classes, batch ${batch}, and a test of ${sampleCount} samples, on ${backend}, one thread`
      print(title, table(measured, local))
      if (backend === 'node') {
        const { graphs, stepsInLoop } = measured.find(({ crowd }) => crowd.experts === 64).training
        const what = "mixture step, 64 experts: graphs called per step, but for a round's first"
        if (stepsInLoop > 0) rows.push(aimed(what, [graphs / stepsInLoop], { most: 1 }))
      }
    } catch (error) {
      if (!(error instanceof HearsayError)) throw error
      console.log(`\nmixture: ${error.message.split(';', 1)[0]}`)
    }
  }
  return rows
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
    modules: [mixtureModule(), new URL('calls.js', import.meta.url)],
  })
  try {
    // Counts from here on, before any graph is loaded.
    await pool.submit(calls, undefined, [])
    const [of] = pool.models
    const data = { samples: noise(), standardisation: { mean: new Float32Array(inputs), std: ones(inputs) } }
    const plan = { length: { epochs: 1 }, batch, learningRate: 0.01, rules: [{ rule: 'momentum', factor: 0.9 }] }
    const parameters = of.initialParameters()
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
      works[`training ${nameOf(crowd)}`] = () => learner.train(0, parameters, heads)
      works[`test ${nameOf(crowd)}`] = () => learner.evaluate(parameters, heads, data.samples)
    }
    const seconds = await inTurn(works, rounds)
    const costOf = async name => ({ seconds: seconds[name], ...(await countedIn(pool, works[name])) })
    const measured = []
    for (const crowd of crowds) {
      const [training, test] = [await costOf(`training ${nameOf(crowd)}`), await costOf(`test ${nameOf(crowd)}`)]
      measured.push({ crowd, training, test })
    }
    return { measured, local: await costOf('local') }
  } finally {
    await pool.close()
  }
}

/** What JavaScript asked of TensorFlow in some work, and how many steps of it were taken many in one call. */
async function countedIn(pool, work) {
  const [before, takenBefore] = [await pool.submit(calls, undefined, []), pool.taken]
  await work()
  const after = await pool.submit(calls, undefined, [])
  return {
    operations: after.operations - before.operations,
    graphs: after.graphs - before.graphs,
    stepsInLoop: pool.taken.stepsInLoop - takenBefore.stepsInLoop,
  }
}

const nameOf = ({ experts, topExperts }) => `${experts}${topExperts === undefined ? '' : `, topExperts: ${topExperts}`}`

function table(measured, local) {
  const steps = sampleCount / batch
  const [base] = measured
  const row = (name, { seconds, operations, graphs, stepsInLoop }) => [
    name,
    ((seconds * 1000) / steps).toFixed(2),
    (seconds / base.training.seconds).toFixed(2),
    (operations / steps).toFixed(1),
    stepsInLoop === 0 ? '' : `${stepsInLoop} of ${steps} in ${graphs}`,
  ]
  return [
    ['experts', 'ms/step', '÷ one expert', 'operations/step', 'steps in graphs', 'test ms', 'operations'],
    ...measured.map(({ crowd, training, test }) => [
      ...row(nameOf(crowd), training),
      (test.seconds * 1000).toFixed(2),
      test.operations,
    ]),
    [...row('local training', local), '', ''],
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
