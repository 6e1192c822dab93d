import { describe, expect, it } from 'vitest'
import { type FieldSummary, fieldResult, testedFigures } from '../../src/watch/index.js'
import { classes, tested } from './tests.js'

describe('the end of a run in the field', () => {
  const run = { rounds: 6, measure: 'accuracy', sentBytes: 0, receivedBytes: 0, rejected: {} } as FieldSummary

  it('says the same of its last test', () => {
    expect(fieldResult(run, { ...tested, untested: [0] }, { classes })).toBe(
      'accuracy 99.7 % (alone 99.1 %), balanced 50.0 %, fraud 0 of 175 after 6 rounds; honest has no test sample and is left out of balanced accuracy; sent 0 B, received 0 B',
    )
    expect(fieldResult(run, undefined, { classes })).toMatch(/^accuracy – after 6 rounds/)
    expect(fieldResult({ ...run, rounds: 1 }, undefined, { classes })).toMatch(/^accuracy – after 1 round;/)
  })

  it('keeps it in figures, classes by name', () => {
    expect(testedFigures(tested, classes)).toEqual({
      accuracy: 0.997,
      macroF1: 0.499,
      balancedAccuracy: 0.5,
      rarestRecall: 0,
      rarest: { class: 'fraud', right: 0, samples: 175 },
      before: { accuracy: 0.991, macroF1: 0.499, balancedAccuracy: 0.75, rarestRecall: 0 },
    })
    expect(testedFigures(undefined, classes)).toEqual({ accuracy: null })
  })

  it('names the primary figure first, and keeps what the last test has of each class', () => {
    const graded = {
      ...tested,
      auroc: 0.93,
      confusion: [
        [9, 1],
        [2, 0],
      ],
    }
    const text = (primary?: 'auroc' | 'rarestRecall') => fieldResult(run, graded, { classes, primary })
    expect(text()).toMatch(/^accuracy 99\.7 % \(alone 99\.1 %\), AUROC 0\.930, balanced 50\.0 %, fraud 0 of 175 after/)
    expect(text('auroc')).toMatch(/^AUROC 0\.930, accuracy 99\.7 % \(alone 99\.1 %\), balanced 50\.0 %, fraud 0 of 175/)
    expect(text('rarestRecall')).toMatch(
      /^rarest class found 0\.0 % \(alone 0\.0 %\), accuracy .*, AUROC 0\.930, balanced 50\.0 % after/,
    )
    expect(testedFigures(graded, classes)).toMatchObject({
      auroc: 0.93,
      confusion: [
        [9, 1],
        [2, 0],
      ],
      byClass: [
        { name: 'honest', samples: 10, precision: 9 / 11, recall: 0.9 },
        { name: 'fraud', samples: 2, precision: 0, recall: 0, f1: 0 },
      ],
    })
  })
})
