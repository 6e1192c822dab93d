import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Measured } from '../../../src/methods/roads.js'
import { directionsOf, moveAlong } from '../../../src/methods/scalars/directions.js'
import { replay } from '../../../src/methods/scalars/replay.js'

const settings = { seed: 3, learningRate: 0.1, limit: 1e4 }

/** The direction of one sample, as signs. */
function direction(length: number, peer: string, round: number, sample: number): Float32Array {
  const signs = new Float32Array(length)
  moveAlong(signs, 1, directionsOf(settings.seed, peer, round), sample)
  return signs
}

describe('directions', () => {
  it('are signs, others for another peer, round and sample, and in any part what they are in the whole', () => {
    const length = 1000
    const whole = direction(length, 'a', 0, 0)
    expect(whole.every(sign => Math.abs(sign) === 1)).toBe(true)
    for (const other of [direction(length, 'b', 0, 0), direction(length, 'a', 1, 0), direction(length, 'a', 0, 1)]) {
      // Independent signs: the sum of their products has a deviation of √1000.
      expect(Math.abs(whole.reduce((sum, sign, i) => sum + sign * other[i]!, 0))).toBeLessThan(5 * Math.sqrt(length))
    }
    const parts = new Float32Array(length)
    const key = directionsOf(settings.seed, 'a', 0)
    for (const from of [512, 0, 256, 768]) moveAlong(parts, 1, key, 0, from, Math.min(from + 256, length))
    expect(parts).toEqual(whole)
  })

  it('P53 of a quadratic function the two-point estimate is zᵀ∇F for any ε', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(1e-2, 0.1, 1),
        (numbers, epsilon) => {
          const theta = Float32Array.from(numbers)
          const z = direction(theta.length, 'a', 0, 0)
          const loss = (values: Float32Array): number => values.reduce((sum, value) => sum + value ** 2 / 2, 0)
          const at = (step: number): number => {
            const moved = theta.slice()
            moveAlong(moved, step, directionsOf(settings.seed, 'a', 0), 0)
            return loss(moved)
          }
          const exact = theta.reduce((sum, value, i) => sum + value * z[i]!, 0)
          // Rounding of θ ± εz, of 2⁻²⁴·|θ| a number, is divided by 2ε.
          expect(Math.abs((at(epsilon) - at(-epsilon)) / (2 * epsilon) - exact)).toBeLessThan(1e-4 / epsilon)
        },
      ),
    )
  })
})

describe('replay', () => {
  it('takes the step of the toy: θ = (1, 2), g = z·θ, η 0.1', async () => {
    const z = direction(2, 'a', 0, 0)
    const g = z[0]! + 2 * z[1]!
    const head = Float32Array.of(1, 2)
    await replay(head, 0, [{ peer: 'a', scalars: Float32Array.of(g) }], settings)
    const step = Math.fround(g * Math.fround(Math.fround(0.1) / 1))
    expect(head).toEqual(Float32Array.of(1 - step * z[0]!, 2 - step * z[1]!))
  })

  it('divides by √N, N of all peers together, peers in their order and samples in theirs', async () => {
    const measured: Measured[] = [
      { peer: 'a', scalars: Float32Array.of(1, -2) },
      { peer: 'b', scalars: Float32Array.of(0.5, 3) },
    ]
    const head = Float32Array.from({ length: 700 }, (_, i) => Math.sin(i))
    const wanted = head.slice()
    const scale = Math.fround(Math.fround(0.1) / 2)
    for (const { peer, scalars } of measured) {
      scalars.forEach((scalar, sample) => {
        const z = direction(head.length, peer, 4, sample)
        const step = Math.fround(scalar * scale)
        for (let i = 0; i < wanted.length; i++) wanted[i]! -= step * z[i]!
      })
    }
    await replay(head, 4, measured, settings)
    expect(head).toEqual(wanted)
  })

  it('P25 gives the same bits in any slices: beside others, in one turn or many', async () => {
    const start = Float32Array.from({ length: 5000 }, (_, i) => Math.cos(i))
    const scalars = Float32Array.from({ length: 50 }, (_, i) => Math.sin(i))
    const measured = ['a', 'b', 'c'].map(peer => ({ peer, scalars }))
    const heads = [start.slice(), start.slice()]
    await Promise.all(heads.map(head => replay(head, 1, measured, settings)))
    expect(heads[0]).toEqual(heads[1])
    expect(heads[0]).not.toEqual(start)
  })

  it('bounds what a liar says', async () => {
    const [honest, bounded] = [new Float32Array(300), new Float32Array(300)]
    await replay(honest, 0, [{ peer: 'a', scalars: Float32Array.of(5) }], settings)
    await replay(bounded, 0, [{ peer: 'a', scalars: Float32Array.of(2000) }], { ...settings, limit: 5 })
    expect(bounded).toEqual(honest)
  })

  it('gives others turns between, however many have measured, and comes to what one after the other does', async () => {
    const length = 200
    const scalars = Float32Array.from({ length: 1500 }, (_, i) => Math.sin(i) + 2)
    const measured = ['a', 'b'].map(peer => ({ peer, scalars }))
    let turns = 0
    let isOver = false
    const count = (): void => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    const head = new Float32Array(length)
    await replay(head, 0, measured, settings)
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(2)
    const expected = new Float32Array(length)
    const scale = Math.fround(Math.fround(settings.learningRate) / Math.sqrt(3000))
    for (const { peer } of measured) {
      const key = directionsOf(settings.seed, peer, 0)
      for (const [i, scalar] of scalars.entries()) moveAlong(expected, -Math.fround(scalar * scale), key, i)
    }
    expect(head).toEqual(expected)
  })

  it('does nothing where nobody has measured', async () => {
    const head = Float32Array.of(1, 2)
    await replay(head, 0, [], settings)
    expect(head).toEqual(Float32Array.of(1, 2))
  })
})
