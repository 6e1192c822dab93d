import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classFigures, countsIn, gradeOf, largestOfRows, softmaxRows } from '../../src/data/index.js'
import { rankingOf } from '../../src/data/ranking.js'

/** Scores of a class beside which there is one other. */
const ranked = (scores: readonly number[], labels: readonly number[]) =>
  rankingOf(Float32Array.from(scores.flatMap(score => [1 - score, score])), labels, { positive: 1, classes: 2 })

const graded = (rows: readonly (readonly number[])[], labels: readonly number[]) => {
  const classes = rows[0]!.length
  const probabilities = softmaxRows(Float32Array.from(rows.flat()), classes)
  return gradeOf({ probabilities, said: largestOfRows(probabilities, classes), labels, classes })
}

/** Quarters and eighths are exact as floats, and tie. */
const sample = fc.tuple(
  fc.integer({ min: 0, max: 8 }).map(n => n / 8),
  fc.integer({ min: 0, max: 1 }),
)
const samples = fc
  .array(sample, { minLength: 2, maxLength: 40 })
  .filter(pairs => new Set(pairs.map(([, label]) => label)).size === 2)
  .map(pairs => ({ scores: pairs.map(([score]) => score), labels: pairs.map(([, label]) => label) }))

describe('AUROC', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    fc.assert(
      fc.property(samples, ({ scores, labels }) => {
        let [sum, pairs] = [0, 0]
        for (const [i, mine] of scores.entries()) {
          for (const [j, other] of scores.entries()) {
            if (labels[i] !== 1 || labels[j] !== 0) continue
            pairs += 1
            sum += mine > other ? 1 : mine === other ? 0.5 : 0
          }
        }
        expect(ranked(scores, labels)!.auroc).toBeCloseTo(sum / pairs, 12)
      }),
    )
  })

  it('and average precision are those of the ranks, whatever the scores', () => {
    fc.assert(
      fc.property(samples, ({ scores, labels }) => {
        const squeezed = scores.map(score => 0.25 + score ** 2 / 4)
        expect(ranked(squeezed, labels)).toEqual(ranked(scores, labels))
      }),
    )
  })

  it('of opposite scores is the rest to 1', () => {
    fc.assert(
      fc.property(samples, ({ scores, labels }) => {
        const opposite = scores.map(score => 1 - score)
        expect(ranked(opposite, labels)!.auroc).toBeCloseTo(1 - ranked(scores, labels)!.auroc, 12)
      }),
    )
  })

  it('is a half where all scores are equal, and average precision the class’s share', () => {
    expect(ranked([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0])).toEqual({ auroc: 0.5, averagePrecision: 0.25 })
  })

  it('needs samples of the class and others', () => {
    expect(ranked([0.1, 0.9], [1, 1])).toBeUndefined()
    expect(ranked([0.1, 0.9], [0, 0])).toBeUndefined()
  })
})

describe('a grade', () => {
  const logits = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 3, maxLength: 3 })
  const tests = fc.array(fc.tuple(logits, fc.nat(2)), { minLength: 1, maxLength: 30 })

  it('has a matrix that counts every sample once, and figures that are shares', () => {
    fc.assert(
      fc.property(tests, pairs => {
        const labels = pairs.map(([, label]) => label)
        const { confusion, ...figures } = graded(
          pairs.map(([row]) => row),
          labels,
        )
        const rows = confusion!.map(row => row.reduce((sum, times) => sum + times, 0))
        expect(rows).toEqual([0, 1, 2].map(k => labels.filter(label => label === k).length))
        const ofClasses = classFigures(countsIn(confusion!)).flatMap(({ samples: _, ...shares }) =>
          Object.values(shares).filter(share => share !== null),
        )
        for (const share of [...Object.values(figures), ...ofClasses]) {
          expect(share).toBeGreaterThanOrEqual(0)
          expect(share).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('of a model that is sure and right has no calibration error; sure and wrong, all of it', () => {
    expect(graded([[50, 0]], [0]).calibrationError).toBeCloseTo(0, 12)
    expect(graded([[50, 0]], [1]).calibrationError).toBeCloseTo(1, 12)
  })

  it('finds how far confidence is from accuracy, bin by bin', () => {
    // Confidence 0.75 twice, one of them right: 0.25 off. Confidence 1, right: 0.
    const grade = graded(
      [
        [Math.log(3), 0],
        [Math.log(3), 0],
        [50, 0],
      ],
      [0, 1, 0],
    )
    expect(grade.calibrationError).toBeCloseTo((2 / 3) * 0.25, 6)
  })

  it('of a model that diverged has the matrix alone, and of too many classes or no samples nothing', () => {
    expect(graded([[Number.NaN, Number.NaN]], [1])).toEqual({
      confusion: [
        [0, 0],
        [1, 0],
      ],
    })
    expect(graded([Array<number>(101).fill(0)], [1])).toEqual({})
    expect(gradeOf({ probabilities: new Float32Array(), said: [], labels: [], classes: 2 })).toEqual({})
  })

  it('without samples of all classes is of those that have some', () => {
    const rows = [
      [2, 0, 1],
      [0, 2, 1],
      [1, 2, 0],
    ]
    expect(graded(rows, [0, 1, 1]).auroc).toBe(1)
    expect(graded(rows, [1, 1, 1])).not.toHaveProperty('auroc')
  })
})
