import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sortingNetwork } from '../../src/merge/network.js'
import { mixRanks, rankShares } from '../../src/merge/ranks.js'
import { inPieces } from '../../src/turns.js'
import { bits, placed, vectors } from './rounds.js'

const asked = fc
  .record({
    count: fc.integer({ min: 1, max: 17 }),
    // Some tiles and pieces, and what is left over.
    length: fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(255, 256, 257, 1000, 4095, 4096, 4097, 9000)),
    seed: fc.nat(),
    first: fc.nat(),
    ranks: fc.nat(),
    isInside: fc.array(fc.boolean(), { minLength: 18, maxLength: 18 }),
    ties: fc.boolean(),
  })
  .map(({ count, length, seed, first, ranks, isInside, ties }) => {
    const from = first % count
    const models = vectors(count, length, seed).map((values, peer) =>
      placed(ties ? values.map(value => Math.round(2 * value)) : values, isInside[peer]!),
    )
    return {
      models,
      ranks: [from, from + 1 + (ranks % (count - from))] as const,
      out: placed(new Float32Array(length), isInside[17]!),
    }
  })

/** A plain loop. Zeros of either sign are equal. */
function reference(models: readonly Float32Array[], [first, last]: readonly [number, number]): Float32Array {
  return models[0]!.map((_, at) => {
    const some = models
      .map(values => values[at]!)
      .sort((a, b) => a - b)
      .slice(first, last)
    return some.reduce((sum, value) => sum + value, 0) / (last - first)
  })
}

const unsigned = (values: Float32Array): Float32Array => values.map(value => value + 0)

describe('means of ranks', () => {
  it('are those of a plain loop, to the last bit, for any number of vectors', () => {
    fc.assert(
      fc.property(asked, ({ models, ranks, out }) => {
        mixRanks(out, models, ranks)
        expect(bits(unsigned(out))).toEqual(bits(unsigned(reference(models, ranks))))
      }),
    )
  })

  it('in slices have the bits of one go, also when written over one of the vectors', () => {
    fc.assert(
      fc.property(asked, fc.nat(), ({ models, ranks, out }, cut) => {
        mixRanks(out, models, ranks)
        const [over] = models
        const middle = cut % (over!.length + 1)
        mixRanks(over!, models, ranks, 0, middle)
        mixRanks(over!, models, ranks, middle)
        expect(bits(over!)).toEqual(bits(out))
      }),
    )
  })

  it('tell which share of them comes from each vector', async () => {
    const models = [
      [9, 9, 9, 9],
      [1, 2, 1, 2],
      [0, 3, 0, 3],
    ].map(values => Float32Array.from(values))
    expect(await rankShares(models, [1, 2], inPieces)).toEqual([0, 0.5, 0.5])
    await fc.assert(
      fc.asyncProperty(asked, async ({ models, ranks }) => {
        if (models[0]!.length === 0) return
        const shares = await rankShares(models, ranks, inPieces)
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
      }),
    )
  })

  it('share what is taken of equal numbers, zeros of either sign among them', async () => {
    const sharesOf = (columns: readonly number[], ranks: readonly [number, number]): Promise<number[]> =>
      rankShares(
        columns.map(value => Float32Array.of(value, value)),
        ranks,
        inPieces,
      )
    expect(await sharesOf([4, 4, 4], [1, 2])).toEqual([1 / 3, 1 / 3, 1 / 3].map(share => expect.closeTo(share, 9)))
    expect(await sharesOf([0, -0, 7, 7, 9], [1, 4])).toEqual(
      [1 / 6, 1 / 6, 1 / 3, 1 / 3, 0].map(share => expect.closeTo(share, 9)),
    )
    expect(await sharesOf([1, 5, 5, 9], [1, 3])).toEqual([0, 0.5, 0.5, 0])
  })

  it('are right for more counts of vectors than sorters are kept', () => {
    for (const count of [...Array(20).keys(), ...Array(20).keys()]) {
      const models = vectors(count + 1, 3)
      const out = new Float32Array(3)
      mixRanks(out, models, [0, count + 1])
      expect(bits(unsigned(out))).toEqual(bits(unsigned(reference(models, [0, count + 1]))))
    }
  })
})

it('a sorting network sorts whatever of zeros and ones it is given, and so everything (Knuth’s principle)', () => {
  for (let count = 1; count <= 12; count++) {
    const pairs = sortingNetwork(count)
    for (let set = 0; set < 2 ** count; set++) {
      const numbers = Array.from({ length: count }, (_, place) => (set >> place) & 1)
      for (const [low, high] of pairs) {
        if (numbers[low]! > numbers[high]!) [numbers[low], numbers[high]] = [numbers[high]!, numbers[low]!]
      }
      expect(numbers).toEqual([...numbers].sort())
    }
  }
})
