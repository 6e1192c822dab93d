// The matrix products of one step of dense layers, and nothing else; and how fast multiplications and additions can be.
//   node products.js BACKEND THREADS
//   -> {"flops": {"step": 2.8e7, "large": 2.1e9}}    of one time; "large": a product of 1024 by 1024; "registers" on wasm
//   <- {"work": "step", "times": 40}
//   -> {"seconds": 0.05}
import { closeBackend, loadBackend } from '../../dist/learner/backend/load.js'
import { tf } from '../../dist/learner/tensorflow.js'
import { answerLines } from './child.js'
import { dense } from './models.js'
import { registers } from './registers.js'

const [backend, threads] = process.argv.slice(2)
await loadBackend(backend, Number(threads))

/** What a step multiplies: forward, for the weights' gradients, and for what goes back to the layer before. */
function stepProducts({ units, batch }) {
  return units.slice(1).flatMap((outputs, layer) => {
    const inputs = units[layer]
    return [[batch, inputs, outputs], [inputs, batch, outputs], ...(layer > 0 ? [[batch, outputs, inputs]] : [])]
  })
}

const works = {
  step: productsOf(stepProducts(dense)),
  large: productsOf([[1024, 1024, 1024]]),
  ...(backend === 'wasm' && { registers: await registers() }),
}
const flops = Object.fromEntries(Object.entries(works).map(([work, { flops }]) => [work, flops]))
await answerLines({ flops }, async ({ work, times }) => {
  const startedAt = performance.now()
  await works[work].run(times)
  return { seconds: (performance.now() - startedAt) / 1000 }
})
closeBackend()

function productsOf(shapes) {
  const pairs = shapes.map(([rows, inner, columns]) => [
    tf.randomNormal([rows, inner]),
    tf.randomNormal([inner, columns]),
  ])
  return {
    flops: shapes.reduce((sum, [rows, inner, columns]) => sum + 2 * rows * inner * columns, 0),
    async run(times) {
      for (let time = 0; time < times; time++) {
        const made = pairs.map(([left, right]) => tf.matMul(left, right))
        if (time === times - 1) await made.at(-1).data()
        for (const product of made) product.dispose()
      }
    },
  }
}
