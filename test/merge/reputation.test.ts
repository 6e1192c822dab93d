import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Repute, reputeAfter, roundsAgainst, roundsMuted, type Showing } from '../../src/merge/index.js'

const showing = fc.record({
  gain: fc.double({ min: -100, max: 100, noNaN: true }),
  cosine: fc.double({ min: -1, max: 1, noNaN: true }),
  loss: fc.double({ min: 0, max: 100, noNaN: true }),
})

/** A run of rounds from 0 on. */
function after(shown: readonly Showing[], mutes: boolean, before?: Repute): Repute {
  return shown.reduce<Repute | undefined>((repute, one, round) => reputeAfter(repute, one, round, mutes), before)!
}

const bad: Showing = { gain: -1, cosine: -0.5, loss: 1 }

describe('a reputation', () => {
  it('has two running means, nine tenths of them old', () => {
    const { gain, cosine } = after(
      [
        { gain: 1, cosine: 0.5, loss: 1 },
        { gain: 0, cosine: -0.5, loss: 1 },
      ],
      false,
    )
    expect([gain, cosine]).toEqual([Math.fround(0.9), Math.fround(0.4)])
  })

  it('mutes after ten rounds on end in which both are negative, for ten rounds', () => {
    const rounds = (count: number): Showing[] => Array(count).fill(bad)
    expect(after(rounds(roundsAgainst - 1), true).mutedUntil).toBe(0)
    // Of rounds 0 to 9: muted in 10 to 19.
    expect(after(rounds(roundsAgainst), true).mutedUntil).toBe(roundsAgainst + roundsMuted)
    expect(after(rounds(50), false)).toMatchObject({ against: 50, mutedUntil: 0 })
  })

  it.each([
    { gain: -1, cosine: 0.5, loss: 1 },
    { gain: 1, cosine: -0.5, loss: 1 },
    { gain: 0, cosine: 0, loss: 1 },
    // A free rider's.
    { gain: -0.09, cosine: -0.5, loss: 1 },
  ])('mutes nobody of whom one mean is not negative: %o', shown => {
    expect(after(Array(100).fill(shown), true)).toMatchObject({ against: 0, mutedUntil: 0 })
  })

  it('stays within what was shown, and is of float32 numbers', () => {
    fc.assert(
      fc.property(fc.array(showing, { minLength: 1, maxLength: 40 }), fc.boolean(), (shown, mutes) => {
        const { gain, cosine, against, mutedUntil } = after(shown, mutes)
        const [least, most] = [Math.min, Math.max].map(of => Math.fround(of(...shown.map(({ gain }) => gain)))) as [
          number,
          number,
        ]
        expect(gain).toBeGreaterThanOrEqual(least - 1e-4)
        expect(gain).toBeLessThanOrEqual(most + 1e-4)
        expect(Math.abs(cosine)).toBeLessThanOrEqual(1)
        for (const value of [gain, cosine, against, mutedUntil]) expect(Math.fround(value)).toBe(value)
        expect(mutedUntil).toBeLessThanOrEqual(shown.length + roundsMuted)
      }),
    )
  })
})
