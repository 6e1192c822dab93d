import { describe, expect, it } from 'vitest'
import { random, secretWords, seededWords, uniformOf, type Words } from '../src/random.js'

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

describe('words', () => {
  const first = (words: Words, count = 4): number[] => {
    const drawn = new Uint32Array(count)
    words(drawn)
    return [...drawn]
  }

  it('are those of their seed, purpose and scope, however many are asked for at once', () => {
    const all = seededWords(1, 'noise', 3)
    expect([...first(all), ...first(all)]).toEqual(first(seededWords(1, 'noise', 3), 8))
    expect(first(seededWords(1, 'noise', 4))).not.toEqual(first(seededWords(1, 'noise', 3)))
    expect(first(seededWords(1, 'noise', 3))).toEqual([1871766036, 2452733067, 2909103476, 965638533])
  })

  it('of the system are never the same', () => {
    expect(first(secretWords)).not.toEqual(first(secretWords))
  })

  it('make numbers from 0 to below 1, evenly', () => {
    const uniform = uniformOf(seededWords(2, 'test'))
    const counts = new Array<number>(10).fill(0)
    for (let k = 0; k < 100_000; k++) counts[Math.floor(10 * uniform())]! += 1
    // 10,000 each, standard deviation 95.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(450)
  })
})
