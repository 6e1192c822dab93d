import { beforeAll, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { Chain } from '../../../src/learner/rules/chain.js'
import { ruleBook } from '../../../src/learner/rules/index.js'
import type { LastingMomentumSpec } from '../../../src/learner/rules/lasting-momentum.js'
import { tapeGradients } from '../../../src/learner/tape.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { aloneAndStacked, peerSize, weightsFrom } from './setting.js'

beforeAll(async () => void (await loadWasm()))

const spec = (along: Float32Array, start = 0): LastingMomentumSpec => ({
  rule: 'lastingMomentum',
  factor: 0.5,
  along,
  start,
})

/** Steps along a slope of 2, wherever; what they come to, and what lasts. */
async function round(y: number, along: Float32Array, learningRate: number, count: number): Promise<number> {
  const weights = weightsFrom([y], [[1]])
  const gradientsAt = tapeGradients(() => tf.sum(tf.mul(weights.variables[0]!, 2)), weights.variables)
  const chain = new Chain({ weights, rules: [[spec(along)]], learningRate, book: ruleBook() })
  for (let step = 0; step < count; step++) tf.tidy(() => void chain.step(weights, gradientsAt))
  for (const { into, values } of await chain.lasting(weights, 0)) into.set(values)
  const [after] = await weights.variables[0]!.data()
  chain.dispose()
  tf.dispose([...weights.variables])
  return after!
}

it('lasting momentum goes on through rounds, whatever their learning rates', async () => {
  const along = new Float32Array(1)
  const { numTensors } = tf.memory()
  // M = 1, 1.5 ; y = 0 − 0.5·(1 + 1.5).
  expect(await round(0, along, 0.5, 2)).toBe(-1.25)
  expect([...along]).toEqual([1.5])
  // M = 1.75, 1.875 ; y = −1.25 − 0.25·(1.75 + 1.875).
  expect(await round(-1.25, along, 0.25, 2)).toBe(-2.15625)
  expect([...along]).toEqual([1.875])
  expect(tf.memory().numTensors).toBe(numTensors)
})

it('lasting momentum begins at zero where its vector does not reach, and leaves the rest of it as it was', async () => {
  const weights = weightsFrom([0, 0, 0], [[1], [2]])
  const { variables } = weights
  const gradientsAt = tapeGradients(() => tf.add(tf.sum(variables[0]!), tf.sum(variables[1]!)) as never, variables)
  const along = Float32Array.of(1, 3)
  const chain = new Chain({ weights, rules: [[spec(along, 1)]], learningRate: 1, book: ruleBook() })
  tf.tidy(() => void chain.step(weights, gradientsAt))
  expect([...(await variables[0]!.data())]).toEqual([-0.5])
  expect([...(await variables[1]!.data())]).toEqual([-1, -2])
  const lasting = await chain.lasting(weights, 0)
  expect(lasting.map(({ into, values }) => [into, [...values]])).toEqual([[along, [1, 2]]])
  chain.dispose()
  tf.dispose([...variables])
})

it('lasting momentum of a stack is each peer’s', () => {
  const alongs = [0, 1].map(peer => Float32Array.from({ length: peerSize }, (_, k) => Math.cos(k + 5 * peer)))
  const { alone, stacked } = aloneAndStacked(peer => [spec(alongs[peer]!)])
  expect(stacked).toEqual(alone)
})
