import fc from 'fast-check'
import { expect, it } from 'vitest'
import { combinations, valuesOf } from '../../src/sweep/values.js'

it.each([
  [{ from: 0.1, to: 0.3, step: 0.1 }, [0.1, 0.2, 0.3]],
  [{ from: 1, to: 10, step: 4 }, [1, 5, 9]],
  [{ from: -1, to: 1, steps: 3 }, [-1, 0, 1]],
  [{ from: 4, to: 64, steps: 5, scale: 'log' } as const, [4, 8, 16, 32, 64]],
  [{ from: 0.001, to: 0.1, steps: 3, scale: 'log' } as const, [0.001, 0.01, 0.1]],
])('a range %j is written out', (range, values) => {
  expect(valuesOf(range)).toEqual(values)
})

it('a range has its ends, grows, and never leaves them', () => {
  const range = fc.record({
    from: fc.double({ min: 0.001, max: 10, noNaN: true }),
    width: fc.double({ min: 0.001, max: 1000, noNaN: true }),
    steps: fc.integer({ min: 2, max: 50 }),
    scale: fc.constantFrom('linear' as const, 'log' as const),
  })
  fc.assert(
    fc.property(range, ({ from, width, steps, scale }) => {
      const to = from + width
      const values = valuesOf({ from, to, steps, scale }) as number[]
      expect(values).toHaveLength(steps)
      expect(values[0]).toBeCloseTo(from, 9)
      expect(values.at(-1)! / to).toBeCloseTo(1, 9)
      expect(values).toEqual([...values].sort((a, b) => a - b))
    }),
  )
})

it('all combinations are made once, the last field changing first', () => {
  const all = [
    ...combinations([
      ['a', [1, 2]],
      ['b', ['x', 'y']],
    ]),
  ]
  expect(all.map(one => one.map(([path, value]) => `${path}${value}`).join())).toEqual([
    'a1,bx',
    'a1,by',
    'a2,bx',
    'a2,by',
  ])
  expect([...combinations([])]).toEqual([[]])
})
