import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classQuality, countClasses, errorQuality, imageQuality, sumErrors } from '../../src/data/index.js'

const quality = (pairs: readonly (readonly [said: number, so: number])[], classes: number) =>
  classQuality(
    countClasses(
      pairs.map(([said]) => said),
      pairs.map(([, so]) => so),
      classes,
    ),
  )
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value)

describe('of classes', () => {
  it('99.7 % of right answers may be none of 175 frauds', () => {
    const found = quality([...times(58_158, [0, 0] as const), ...times(175, [0, 1] as const)], 2)
    expect(found.accuracy).toBeCloseTo(0.997, 4)
    // Recalls 1 and 0; F1 of the honest 2·58158 / (58333 + 58158), of the frauds 0.
    expect(found).toMatchObject({
      balancedAccuracy: 0.5,
      rarestRecall: 0,
      rarest: { class: 1, right: 0, samples: 175 },
      isUnbalanced: true,
      macroF1: (2 * 58_158) / (58_333 + 58_158) / 2,
    })
  })

  it('are counted from the confusion matrix', () => {
    // Rows so, columns said: [[3, 1, 0], [0, 2, 0], [1, 1, 2]].
    const pairs: [number, number][] = [
      ...times<[number, number]>(3, [0, 0]),
      [1, 0],
      ...times<[number, number]>(2, [1, 1]),
      [0, 2],
      [1, 2],
      ...times<[number, number]>(2, [2, 2]),
    ]
    const found = quality(pairs, 3)
    expect(found.accuracy).toBe(7 / 10)
    expect(found.balancedAccuracy).toBeCloseTo((3 / 4 + 1 + 2 / 4) / 3, 12)
    expect(found.macroF1).toBeCloseTo((6 / 8 + 4 / 6 + 4 / 6) / 3, 12)
    expect(found.rarest).toEqual({ class: 1, right: 2, samples: 2 })
    expect(found.rarestRecall).toBe(1)
    expect(found).not.toHaveProperty('untested')
  })

  it('without a sample are left out of balanced accuracy, and named', () => {
    const found = quality(
      [
        [0, 0],
        [1, 0],
        [2, 2],
      ],
      4,
    )
    expect(found).toMatchObject({ balancedAccuracy: (1 / 2 + 1) / 2, rarest: { class: 2 }, untested: [1, 3] })
  })

  it('are unbalanced where the rarest has less than half of an equal share', () => {
    const of = (...samples: number[]) =>
      quality(
        samples.flatMap((n, k) => times(n, [k, k] as const)),
        samples.length,
      )
    expect(of(75, 25).isUnbalanced).toBe(false)
    expect(of(76, 24).isUnbalanced).toBe(true)
    expect(of(10, 10, 10, 5).isUnbalanced).toBe(false)
    expect(of(100, 0).isUnbalanced).toBe(false)
  })

  it('of no samples at all have no figures but accuracy 0', () => {
    expect(quality([], 2)).toEqual({ accuracy: 0 })
  })

  it('all figures are shares, and 1 where all is right', () => {
    const pair = fc.tuple(fc.nat(4), fc.nat(4))
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 50 }), pairs => {
        const { accuracy, macroF1, balancedAccuracy, rarestRecall } = quality(pairs, 5)
        for (const share of [accuracy, macroF1!, balancedAccuracy!, rarestRecall!]) {
          expect(share).toBeGreaterThanOrEqual(0)
          expect(share).toBeLessThanOrEqual(1)
        }
        const right = quality(
          pairs.map(([, so]) => [so, so]),
          5,
        )
        expect(right).toMatchObject({ accuracy: 1, macroF1: 1, balancedAccuracy: 1, rarestRecall: 1 })
      }),
    )
  })
})

describe('of numbers', () => {
  it('R² and errors are those of the definition, in the target’s units', () => {
    const targets = [2, 4, 6, 8]
    const answers = [3, 4, 5, 10]
    const found = errorQuality(sumErrors(answers, targets), 4)
    expect(found.accuracy).toBeCloseTo(1 - (1 + 0 + 1 + 4) / (9 + 1 + 1 + 9), 12)
    expect(found.mae).toBeCloseTo(4 / 4, 12)
    expect(found.rmse).toBeCloseTo(Math.sqrt(6 / 4), 12)
    // Sums in units of 10.
    const tens = sumErrors(
      answers.map(v => v / 10),
      targets.map(v => v / 10),
    )
    expect(errorQuality(tens, 4, 10).rmse).toBeCloseTo(Math.sqrt(6 / 4), 12)
    expect(errorQuality(tens, 4, 10).mae).toBeCloseTo(1, 12)
  })

  it('of years R² does not drown in their squares', () => {
    const targets = [2001.001, 2001.002, 2001.003]
    expect(errorQuality(sumErrors([2001.001, 2001.002, 2001.002], targets), 3).accuracy).toBeCloseTo(0.5, 6)
  })

  it('that do not vary R² is 0, and of none everything', () => {
    expect(errorQuality(sumErrors([1, 2], [5, 5]), 2)).toMatchObject({ accuracy: 0, mae: 3.5 })
    expect(errorQuality(sumErrors([], []), 0)).toEqual({ accuracy: 0 })
  })
})

describe('of images', () => {
  it('the mean of their PSNR, each cut off at 100 dB', () => {
    // Errors 0.1 and 0 in each pixel: 20 dB and 100 dB.
    expect(imageQuality([0.1, 0.1, 1, 1], [0, 0, 1, 1], 2).accuracy).toBeCloseTo(60, 9)
    expect(imageQuality([], [], 4)).toEqual({ accuracy: 0 })
  })
})
