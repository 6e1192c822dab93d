import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { classFigures, classQuality, countClasses, countsIn, gradeOf, largestOfRows } from '../../src/data/index.js'

interface Case {
  readonly name: string
  readonly classes: number
  readonly labels: readonly number[]
  readonly probabilities: readonly number[]
  readonly confusion: readonly (readonly number[])[]
  readonly perClass: readonly object[]
}

const names = ['accuracy', 'balancedAccuracy', 'macroF1', 'auroc', 'averagePrecision', 'calibrationError'] as const

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/metrics/sklearn.json', import.meta.url), 'utf8')) as {
  cases: (Case & Record<(typeof names)[number], number>)[]
}

describe('figures of classes are scikit-learn’s', () => {
  it.each(cases)('$name', ({ classes, labels, confusion, perClass, ...expected }) => {
    const probabilities = Float32Array.from(expected.probabilities)
    const said = largestOfRows(probabilities, classes)
    const grade = gradeOf({ probabilities, said, labels, classes })
    const quality = { ...classQuality(countClasses(said, labels, classes)), ...grade }
    for (const name of names) expect(quality[name], name).toBeCloseTo(expected[name], 12)
    expect(quality.confusion).toEqual(confusion)
    for (const [k, figures] of classFigures(countsIn(grade.confusion!)).entries()) {
      for (const [name, value] of Object.entries(figures)) {
        // What is 0 / 0 is null here, and 0 there by zero_division=0.
        expect(value ?? 0, `${name} of class ${k}`).toBeCloseTo((perClass[k] as Record<string, number>)[name]!, 12)
      }
    }
  })
})
