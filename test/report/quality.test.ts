import { expect, it } from 'vitest'
import { qualityOf } from '../../src/report/quality.js'

const of = (mean: number, localOnly: number | null = null, centralised: number | null = null) => ({
  ...{ mean, min: mean - 0.1, max: mean + 0.1 },
  ...{ localOnly, centralised },
})

const unbalanced = {
  accuracy: { ...of(0.8, 0.7, 0.9), ofMean: null },
  beside: { auroc: of(0.59, 0.5), balancedAccuracy: of(0.5), rarestRecall: of(0.1), macroF1: of(0.4) },
  rarest: { class: 'yes', samples: 8 },
  isUnbalanced: true,
}

it('of unbalanced classes, what accuracy may hide stands at the head, and what peers have alone', () => {
  expect(qualityOf(unbalanced, { measure: 'accuracy', primary: 'accuracy' })).toEqual([
    ['accuracy', '80.0 % (70.0 % to 90.0 %)'],
    ['AUROC', '0.590 (0.490 to 0.690)'],
    ['balanced', '50.0 % (40.0 % to 60.0 %)'],
    ['yes (8) found', '10.0 % (0.0 % to 20.0 %)'],
    ['each alone', 'accuracy 70.0 %, AUROC 0.500'],
    ['all data in one place', 'accuracy 90.0 %'],
  ])
})

it('the figure that the manifest puts first comes first, in baselines too', () => {
  const rows = qualityOf(unbalanced, { measure: 'accuracy', primary: 'auroc' })
  expect(rows.map(([name]) => name).slice(0, 3)).toEqual(['AUROC', 'accuracy', 'balanced'])
  expect(rows).toContainEqual(['each alone', 'AUROC 0.500, accuracy 70.0 %'])
})

it('of one peer in the field, its own figures and what it had before the merge', () => {
  const confusion = [
    [3, 1],
    [1, 3],
  ]
  const summary = { accuracy: 0.75, auroc: 0.8, rarestRecall: 0.75, before: { accuracy: 0.5 }, confusion }
  expect(qualityOf(summary, { measure: 'accuracy', primary: 'accuracy' })).toEqual([
    ['accuracy', '75.0 % (alone 50.0 %)'],
    ['AUROC', '0.800'],
    ['rarest class found', '75.0 %'],
  ])
})

it('is nothing while there is none', () => {
  expect(qualityOf({}, { measure: 'r2', primary: 'mae' })).toEqual([])
})
