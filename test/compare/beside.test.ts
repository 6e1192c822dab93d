import { expect, it } from 'vitest'
import { besideOf } from '../../src/compare/beside.js'
import type { KeptRun } from '../../src/compare/runs.js'

const of = (mean: number, localOnly: number | null) => ({ mean, min: 0, max: 1, localOnly, centralised: null })

function runOf(accuracy: number, balanced: number): KeptRun {
  const beside = { auroc: of(0.5, 0.4), balancedAccuracy: of(balanced, 0.5), macroF1: of(0.1, null) }
  const summary = { accuracy: of(accuracy, 0.75), beside, isUnbalanced: true }
  return { isSimulation: true, summary } as unknown as KeptRun
}

it('beside the quality stand figures that it may hide, and each peer alone, over seeds', () => {
  const beside = besideOf([runOf(0.9, 0.5), runOf(0.9, 0.75)], 'accuracy')
  expect(Object.keys(beside)).toEqual(['auroc', 'balancedAccuracy', 'localOnly'])
  expect(beside).toMatchObject({ balancedAccuracy: { mean: 0.625 }, localOnly: { mean: 0.75, deviation: 0 } })
})

it('where another figure is the quality, accuracy stands beside it', () => {
  const beside = besideOf([runOf(0.9, 0.5)], 'auroc')
  expect(Object.keys(beside)).toEqual(['accuracy', 'balancedAccuracy', 'localOnly'])
  expect(beside.localOnly!.mean).toBe(0.4)
})

it('of a run without a summary there is nothing', () => {
  expect(besideOf([{ isSimulation: true, summary: {} } as unknown as KeptRun], 'accuracy')).toEqual({})
})
