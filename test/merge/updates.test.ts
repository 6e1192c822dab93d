import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergedUpdates } from '../../src/merge/index.js'

const vectors = (...all: number[][]): Float32Array[] => all.map(values => Float32Array.from(values))
const lengthsOf = (anchor: Float32Array, all: readonly Float32Array[]): number[] =>
  all.map(values => Math.hypot(...values.map((value, k) => value - anchor[k]!)))

function merged(anchor: Float32Array, all: readonly Float32Array[], share: 'senders' | 'all'): Float32Array {
  const out = new Float32Array(anchor.length)
  const { write } = mergedUpdates(anchor, all, lengthsOf(anchor, all), share)
  for (let k = 0; k < out.length; k++) write(out, k, k + 1)
  return out
}

describe('merged updates', () => {
  it('are for each number the mean of those that sent one, or of all messages', () => {
    const anchor = Float32Array.from([1, 1, 1])
    const all = vectors([4, 1, 1], [1, 1, 4], [4, 1, 1])
    expect([...merged(anchor, all, 'senders')]).toEqual([4, 1, 4])
    expect([...merged(anchor, all, 'all')]).toEqual([3, 1, 2])
  })

  it('shorten whoever said more than half of them to the median length', () => {
    const anchor = new Float32Array(2)
    const all = vectors([1, 0], [0, 2], [600, 800])
    // The longest is cut to 2, the others stay.
    const [first, second] = merged(anchor, all, 'all')
    expect(first).toBeCloseTo((1 + 1.2) / 3, 6)
    expect(second).toBeCloseTo((2 + 1.6) / 3, 6)
  })

  it('leave the anchor where nobody has said anything, and count nobody who has not', () => {
    const anchor = Float32Array.from([1.5, -2])
    expect(merged(anchor, [anchor.slice(), anchor.slice()], 'all')).toEqual(anchor)
    const all = [...vectors([3.5, -2]), anchor.slice(), anchor.slice()]
    expect([...merged(anchor, all, 'all')]).toEqual([3.5, -2])
  })

  it('move no number further than the longest of the others allows, whatever one of three says', () => {
    const number = fc.float({ min: -1e3, max: 1e3, noNaN: true })
    const three = fc.array(fc.array(number, { minLength: 4, maxLength: 4 }), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(three, fc.constantFrom('senders', 'all'), (all, share) => {
        const anchor = new Float32Array(4)
        const [a, b, liar] = vectors(...all)
        const longest = Math.max(...lengthsOf(anchor, [a!, b!]))
        const moved = merged(anchor, [a!, b!, liar!], share as 'all')
        for (const value of moved) expect(Math.abs(value)).toBeLessThanOrEqual(longest * (1 + 1e-6))
      }),
    )
  })
})
