import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createGaps } from '../../src/tensors/gaps.js'

it('gives no byte twice, and all as one once everything was given back, in any order', () => {
  const wish = fc.record({ bytes: fc.integer({ min: 1, max: 300 }), victim: fc.nat(), isTaking: fc.boolean() })
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 4 }), fc.array(wish), (growths, wishes) => {
      const gaps = createGaps()
      let total = 0
      for (const bytes of growths) {
        gaps.give(total, bytes)
        total += bytes
      }
      const blocks: { start: number; bytes: number }[] = []
      for (const { bytes, victim, isTaking } of wishes) {
        if (isTaking) {
          const start = gaps.take(bytes)
          if (start === undefined) continue
          expect(start >= 0 && start + bytes <= total).toBe(true)
          for (const other of blocks) {
            expect(start >= other.start + other.bytes || start + bytes <= other.start).toBe(true)
          }
          blocks.push({ start, bytes })
        } else {
          const [given] = blocks.splice(victim % Math.max(1, blocks.length), 1)
          if (given !== undefined) gaps.give(given.start, given.bytes)
        }
      }
      for (const { start, bytes } of blocks) gaps.give(start, bytes)
      expect(gaps.take(total + 1)).toBeUndefined()
      if (total > 0) expect(gaps.take(total)).toBe(0)
    }),
  )
})

it('takes the first gap that is large enough', () => {
  const gaps = createGaps()
  gaps.give(0, 100)
  expect([10, 20, 10, 20].map(bytes => gaps.take(bytes))).toEqual([0, 10, 30, 40])
  gaps.give(0, 10)
  gaps.give(10, 20)
  expect([20, 10, 41, 40].map(bytes => gaps.take(bytes))).toEqual([0, 20, undefined, 60])
})
