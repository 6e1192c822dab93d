import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nothingKept } from '../../../src/methods/index.js'
import { createNews, type News } from '../../../src/node/roads/news.js'

const at = (round: number, step = 0): { round: number; step: number } => ({ round, step })

const newsOf = (moved: number, size = 2, steps = 1): News => createNews({ size, moved, steps })

/** Of heads that lie on a line. */
async function along(news: News, ...places: number[]): Promise<boolean[]> {
  const all: boolean[] = []
  for (const [round, place] of places.entries()) all.push(await news.isNew(at(round), Float32Array.of(place, 0)))
  return all
}

describe('whether a head is news', () => {
  it('is so once it lies far enough from the one heard last, in the ways of usual rounds', async () => {
    // 1 a round: nothing is usual in the first two.
    expect(await along(newsOf(2), 0, 1, 2, 3, 4, 5, 6, 7)).toEqual([true, true, false, false, true, false, false, true])
    // It goes to and fro: every head is as near as those of two rounds.
    expect(await along(newsOf(2), 0, 1, 0, 1, 0, 1, 0, 1)).toEqual([true, true, ...Array(6).fill(false)])
    // It stops: what is usual falls with it, and what was left unsaid becomes news.
    expect(await along(newsOf(2), 0, 1, 2, 2.1, 2.1, 2.1, 2.1)).toEqual([true, true, false, false, false, true, false])
  })

  it('does not depend on the unit, nor on more numbers that stay', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: -8, max: 8 }),
        async (places, power) => {
          const plain = await along(newsOf(2), ...places)
          expect(await along(newsOf(2), ...places.map(place => place * 2 ** power))).toEqual(plain)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('with almost no threshold is every head that is not the very same', async () => {
    expect(await along(newsOf(1e-9), 0, 1, 1.5, 1.5001, 1.5001)).toEqual([true, true, true, true, false])
  })

  it('is the same in all exchanges of a round, and in any behind them', async () => {
    const news = newsOf(2, 2, 3)
    const asked = async (round: number, place: number): Promise<boolean[]> => {
      const all: boolean[] = []
      for (let step = 0; step < 4; step++) all.push(await news.isNew(at(round, step), Float32Array.of(place + step, 0)))
      return all
    }
    expect(await asked(0, 0)).toEqual([true, true, true, true])
    expect(await asked(1, 1)).toEqual([true, true, true, true])
    expect(await asked(2, 2)).toEqual([false, false, false, true])
  })

  it('goes by what all neighbours got in their exchanges, too', async () => {
    const news = newsOf(2)
    expect(await along(news, 0, 1, 2)).toEqual([true, true, false])
    await news.heard()
    expect(await news.isNew(at(3), Float32Array.of(4, 0))).toBe(false)
    expect(await news.isNew(at(4), Float32Array.of(6, 0))).toBe(true)
  })

  it('is whatever comes behind a head that was another’s, or a model that has diverged', async () => {
    const news = newsOf(2)
    await along(news, 0, 1, 2)
    news.replaced()
    expect(await news.isNew(at(3), Float32Array.of(500, 0))).toBe(true)
    // How far that was is not usual.
    expect(await along(news, 501, 502, 503, 504)).toEqual([false, false, true, false])
    expect(await along(news, Number.NaN, 504.5, 505)).toEqual([true, true, false])
  })

  it('goes on with the same answers from what was kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { maxLength: 12 }), async places => {
        const one = newsOf(1.5)
        await along(one, ...places.slice(0, 6))
        const two = newsOf(1.5)
        let rest: unknown
        two.restore(one.kept({ ...nothingKept, numbers: { usual: [1] } }), 'anna', left => {
          rest = left
        })
        expect(rest).toEqual({ tensors: [], numbers: { usual: [1] } })
        expect(await along(two, ...places.slice(6))).toEqual(await along(one, ...places.slice(6)))
      }),
      { numRuns: 50 },
    )
  })

  it('refuses what does not fit, and restores nothing then', async () => {
    const news = newsOf(2)
    await along(news, 0, 1, 2)
    const good = news.kept(nothingKept)
    const [heard, last] = good.tensors
    const longer = { ...heard!, shape: [3], values: new Float32Array(3) }
    for (const kept of [
      { ...good, tensors: [longer, last!] },
      { ...good, tensors: [{ ...heard!, name: 'news:others' }] },
      { ...good, tensors: [{ ...heard!, values: Float32Array.of(Number.NaN, 0) }] },
      { ...good, numbers: {} },
      { ...good, numbers: { moved: [-1] } },
    ]) {
      const fresh = newsOf(2)
      expect(() => fresh.restore(kept, 'anna', () => expect.unreachable())).toThrow(/anna/)
      expect(await along(fresh, 0)).toEqual([true])
    }
    expect(() => newsOf(2).restore(nothingKept, 'anna', rest => expect(rest).toEqual(nothingKept))).not.toThrow()
  })
})
