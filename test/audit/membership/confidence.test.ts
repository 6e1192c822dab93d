import { describe, expect, it } from 'vitest'
import { confidences } from '../../../src/audit/membership/confidence.js'
import { sharedLabels, sharedNumbers } from '../../../src/data/index.js'

const standardisation = { mean: Float32Array.of(0), std: Float32Array.of(1) }

describe('confidence', () => {
  it('is the logit of the own class’s probability, and stays finite where that is 1', () => {
    const labels = sharedLabels(3)
    labels.set([0, 2, 1])
    const samples = { inputs: sharedNumbers(3), labels, size: 3 }
    const logits = Float32Array.of(1, 0, -1, 2, 2, 2, -300, 300, 0)
    const [first, second, sure] = confidences(logits, samples, { kind: 'classification' }, standardisation)
    const p = Math.E / (Math.E + 1 + 1 / Math.E)
    expect(first).toBeCloseTo(Math.log(p / (1 - p)), 5)
    expect(second).toBeCloseTo(Math.log(1 / 3 / (2 / 3)), 6)
    expect(sure).toBe(300)
  })

  it('of a number falls with its error, in the model’s own units', () => {
    const targets = sharedNumbers(2)
    targets.set([110, 130])
    const samples = { inputs: sharedNumbers(2), labels: sharedLabels(2), targets, size: 2 }
    const target = { mean: 100, std: 10 }
    const of = confidences(
      Float32Array.of(1.5, 1),
      samples,
      { kind: 'regression', target: 'x' },
      { ...standardisation, target },
    )
    expect(of[0]).toBeCloseTo(-Math.log(0.25), 5)
    expect(of[1]).toBeCloseTo(-Math.log(4), 5)
  })
})
