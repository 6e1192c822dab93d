import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Kept, nothingKept } from '../../../src/methods/index.js'
import { Copies } from '../../../src/node/roads/copies.js'
import { createWholeVectors } from '../../../src/node/roads/whole-vectors.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { bits } from '../../merge/rounds.js'

const size = 24
const layout = layoutOf([{ name: 'dense/kernel', shape: [size] }])
const whole = createWholeVectors({ layout, normLimit: 1e6 })
const copiesFrom = (start: Float32Array, self = 'own'): Copies =>
  new Copies({ self, start, whole, normLimit: 1e6, rounds: 100 })
const vector = fc
  .array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: size, maxLength: size })
  .map(values => Float32Array.from(values))

/** A codec that keeps the largest number alone. */
function largest(values: Float32Array): Float32Array {
  const kept = new Float32Array(values.length)
  const at = values.reduce((best, value, k) => (Math.abs(value) > Math.abs(values[best]!) ? k : best), 0)
  kept[at] = values[at]!
  return kept
}

describe('public copies', () => {
  it('P16: what was said and what is left come to all that was to be said; P15: both ends have the same bits', async () => {
    await fc.assert(
      fc.asyncProperty(vector, fc.array(vector, { minLength: 1, maxLength: 12 }), async (start, vectors) => {
        const [mine, theirs] = [copiesFrom(start), copiesFrom(start, 'other')]
        theirs.begin(['own'])
        const total = new Float64Array(size)
        const lacking = new Float32Array(size)
        for (const values of vectors) {
          await mine.lacking(lacking, values)
          const said = largest(lacking)
          await mine.add(mine.own, said)
          await theirs.add(theirs.of('own')!, said)
          for (let k = 0; k < size; k++) total[k]! += said[k]!
        }
        expect(bits(theirs.of('own')!.values)).toEqual(bits(mine.own.values))
        expect(await theirs.digestOf(theirs.of('own')!)).toEqual(await mine.digestOf(mine.own))
        const last = vectors.at(-1)!
        await mine.lacking(lacking, last)
        for (let k = 0; k < size; k++) expect(total[k]! + lacking[k]!).toBeCloseTo(last[k]! - start[k]!, 2)
      }),
      { numRuns: 30 },
    )
  })

  it('are refused as soon as they are too long, or not finite', async () => {
    const copies = copiesFrom(new Float32Array(size))
    expect(await copies.add(copies.own, new Float32Array(size).fill(1e5))).toBe(true)
    expect(await copies.add(copies.own, new Float32Array(size).fill(3e5))).toBe(false)
    expect(await copies.add(copies.own, new Float32Array(size).fill(Number.NaN))).toBe(false)
  })

  it('are those of neighbours alone', () => {
    const copies = copiesFrom(new Float32Array(size))
    copies.begin(['a', 'b', 'c'])
    copies.keepOnly(new Set(['b']))
    expect(['a', 'b', 'c'].map(peer => copies.of(peer) !== undefined)).toEqual([false, true, false])
  })

  it('are kept with what the method keeps, and come back with the same bits', async () => {
    const copies = copiesFrom(Float32Array.from({ length: size }, (_, k) => Math.sin(k)))
    copies.begin(['b', 'a'])
    await copies.add(copies.of('a')!, new Float32Array(size).fill(0.1))
    copies.of('a')!.round = 7
    const method = { ...nothingKept, numbers: { usual: [1] } }
    const kept = copies.kept(method)
    expect(kept.tensors.map(({ name }) => name)).toEqual(['copy:own', 'copy:a', 'copy:b'])
    const other = copiesFrom(new Float32Array(size))
    const rest: Kept[] = []
    other.restore(kept, 'basel', one => void rest.push(one))
    expect(rest).toEqual([method])
    expect(bits(other.of('a')!.values)).toEqual(bits(copies.of('a')!.values))
    expect(bits(other.own.values)).toEqual(bits(copies.own.values))
    expect([other.of('a')!.round, other.of('b')!.round]).toEqual([7, -1])
    expect(await other.digestOf(other.of('a')!)).toEqual(await copies.digestOf(copies.of('a')!))
  })

  it('are refused where they do not fit', () => {
    const kept = copiesFrom(new Float32Array(size)).kept(nothingKept)
    const wrong =
      (name: string, length: number, copies: readonly number[] = [0], first = 0) =>
      () =>
        copiesFrom(new Float32Array(size)).restore(
          {
            ...kept,
            tensors: [{ name, shape: [length], values: new Float32Array(length).fill(first) }],
            numbers: { copies },
          },
          'basel',
          () => {},
        )
    expect(wrong('copy:own', size)).not.toThrow()
    expect(wrong('copy:own', size + 1)).toThrow(/do not fit/)
    expect(wrong('copy:other', size)).toThrow(/do not fit/)
    expect(wrong('copy:own', size, [0], Number.NaN)).toThrow(/do not fit/)
    expect(wrong('copy:own', size, [0, 1])).toThrow(/do not fit/)
    expect(wrong('copy:own', size, [])).toThrow(/copies/)
    expect(wrong('copy:own', size, [-2])).toThrow(/copies/)
    expect(wrong('copy:own', size, [99])).not.toThrow()
    expect(wrong('copy:own', size, [100])).toThrow(/copies/)
  })

  it('are left as they are where the method refuses what it kept', () => {
    const kept = copiesFrom(new Float32Array(size).fill(2)).kept(nothingKept)
    const copies = copiesFrom(new Float32Array(size))
    copies.begin(['a'])
    const refusing = (): never => {
      throw new RangeError('not mine')
    }
    expect(() => copies.restore(kept, 'basel', refusing)).toThrow('not mine')
    expect(copies.of('a')).toBeDefined()
    expect(bits(copies.own.values)).toEqual(bits(new Float32Array(size)))
  })
})
