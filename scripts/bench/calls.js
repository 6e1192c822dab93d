// A module for a learner's workers that counts what JavaScript asks TensorFlow for; see mixture.js.
import { tf } from '../../dist/worker/outside.js'

/** Operations, and graphs of many steps, since the first question. */
const counts = { operations: 0, graphs: 0 }
let counting = false

function begin() {
  counting = true
  const engine = tf.engine()
  const { runKernel } = engine
  engine.runKernel = (...call) => {
    counts.operations++
    return runKernel.apply(engine, call)
  }
  const backend = tf.backend()
  const { binding } = backend
  if (binding === undefined) return
  backend.binding = Object.create(binding, {
    runSavedModel: {
      value(...call) {
        counts.graphs++
        return binding.runSavedModel(...call)
      },
    },
  })
}

async function handle() {
  if (!counting) begin()
  return { ...counts }
}

export default { jobs: [{ name: 'bench/calls', handle }] }
