import { describe, expect, it } from 'vitest'
import { random } from '../src/random.js'

const draws = (generator: ReturnType<typeof random>): number[] => Array.from({ length: 5 }, () => generator.uniform())

describe('random', () => {
  it('gives the same numbers for the same seed, purpose and scope, and others for others', () => {
    const base = draws(random(1, 'batches', 3, 7))
    expect(draws(random(1, 'batches', 3, 7))).toEqual(base)
    for (const other of [random(2, 'batches', 3, 7), random(1, 'init', 3, 7), random(1, 'batches', 37)]) {
      expect(draws(other)).not.toEqual(base)
    }
  })

  it('never changes: a run of last year must come out the same', () => {
    const generator = random(1, 'batches', 0, 0)
    expect(generator.uniform()).toBe(0.8613407754854873)
    expect([...generator.shuffle(Uint32Array.from({ length: 8 }, (_, k) => k))]).toEqual([7, 6, 1, 3, 4, 2, 0, 5])
  })

  it('draws whole numbers evenly and within bounds', () => {
    const generator = random(4, 'test')
    const counts = new Array<number>(6).fill(0)
    for (let k = 0; k < 60_000; k++) counts[generator.integer(6)]! += 1
    // 10,000 each, standard deviation 91.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('shuffles without losing anything', () => {
    const values = Array.from({ length: 100 }, (_, k) => k)
    const shuffled = random(5, 'test').shuffle([...values])
    expect(shuffled).not.toEqual(values)
    expect(shuffled.sort((a, b) => a - b)).toEqual(values)
  })
})
