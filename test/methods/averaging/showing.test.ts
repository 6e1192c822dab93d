import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cosines, gains } from '../../../src/methods/averaging/showing.js'

const of = (...values: number[]): Float32Array => Float32Array.from(values)

/** Heads of two numbers around (1, 1), and what a plain mean of a third each makes of them. */
async function cosinesOf(own: Float32Array, first: Float32Array, second: Float32Array): Promise<number[]> {
  const before = of(1, 1)
  const heads = new Map([
    ['a', first],
    ['b', second],
  ])
  const given = new Map([...heads.keys()].map(id => [id, 1 / 3]))
  return [...(await cosines({ own, heads }, before, given)).values()]
}

describe('the cosine with the merged step', () => {
  it('is that of the angle between them, where no head is longer than usual', async () => {
    // Steps (1, 0), (0, 1) and (0, 1) with the merged one at (1/3, 2/3); both lie as far from the own head.
    const [a, b] = await cosinesOf(of(2, 1), of(1, 2), of(1, 2))
    expect(a).toBeCloseTo(2 / Math.sqrt(5), 6)
    expect(b).toBe(a)
  })

  it('takes a head that is longer for one as long as the others', async () => {
    // Its part of the plain step is (−11, 0)/3 and the others' (2, 0)/3: that goes its way.
    const [honest, hostile] = await cosinesOf(of(2, 1), of(2, 1.5), of(-9, 1))
    expect(hostile).toBeLessThan(-0.8)
    expect(honest).toBeGreaterThan(0.5)
  })

  it('is 0 of a head that has not moved, and where nothing has', async () => {
    expect(await cosinesOf(of(2, 1), of(1, 1), of(1, 2))).toEqual([0, expect.any(Number)])
    expect(await cosinesOf(of(1, 1), of(1, 1), of(1, 1))).toEqual([0, 0])
  })

  it('is never beyond 1, whatever the numbers', async () => {
    const head = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 2, maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(head, head, head, async (own, a, b) => {
        for (const value of await cosinesOf(of(...own), of(...a), of(...b)))
          expect(Math.abs(value)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('the gain', () => {
  const own = of(0, 0)
  const heads = new Map([
    ['good', of(1, 1)],
    ['same', of(0, 0)],
    ['bad', of(-4, -4)],
  ])
  const weights = new Map([...heads.keys()].map(id => [id, 0.25]))

  it('is what a step of the weight towards a head does for the loss; the merged head stays as it is', async () => {
    const merged = of(7, 8)
    const loss = async (): Promise<number> => (merged[0]! - 1) ** 2
    const found = await gains({ own, heads }, weights, merged, loss)
    expect(found.loss).toBe(1)
    expect([...found.gains]).toEqual([
      ['good', 1 - 0.75 ** 2],
      ['same', 0],
      ['bad', 1 - 4],
    ])
    expect([...merged]).toEqual([7, 8])
  })

  it('leaves the merged head as it is where the wait is given up', async () => {
    const merged = of(7, 8)
    const loss = async (): Promise<number> => {
      throw new Error('aborted')
    }
    await expect(gains({ own, heads }, weights, merged, loss)).rejects.toThrow('aborted')
    expect([...merged]).toEqual([7, 8])
  })
})
