import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRoom } from '../../src/data/read/room.js'

describe('Room', () => {
  it('never holds more than its size, or one alone, and everybody has a turn', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 20 }), async amounts => {
        const room = createRoom(10)
        const inside: number[] = []
        let turns = 0
        const one = async (amount: number): Promise<void> => {
          await room.take(amount)
          inside.push(amount)
          expect(inside.length === 1 || inside.reduce((sum, own) => sum + own, 0) <= 10).toBe(true)
          await setImmediate()
          inside.splice(inside.indexOf(amount), 1)
          turns++
          room.give(amount)
        }
        await Promise.all(amounts.map(one))
        expect(turns).toBe(amounts.length)
      }),
    )
  })
})
