import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fairnessOf } from '../../src/watch/index.js'

const peers = (...values: number[]) => values.map((value, peer) => ({ peer, name: `peer-${peer}`, value }))

describe('fairness over peers', () => {
  it('is the worst peer, the tenth percentile and Jain’s index', () => {
    expect(fairnessOf('accuracy', peers(0.9, 0.5, 0.7))).toEqual({
      figure: 'accuracy',
      worst: { peer: 1, name: 'peer-1', value: 0.5 },
      // A fifth of the way from 0.5 to 0.7.
      percentile10: expect.closeTo(0.54, 12),
      jain: expect.closeTo(2.1 ** 2 / (3 * (0.81 + 0.25 + 0.49)), 12),
    })
  })

  it('of errors the worst is the largest', () => {
    const { worst, percentile10 } = fairnessOf('mae', peers(1, 3, 2))!
    expect([worst.value, percentile10]).toEqual([3, expect.closeTo(2.8, 12)])
  })

  it('needs two peers that have the figure; Jain’s index figures that are not below 0', () => {
    expect(fairnessOf('auroc', peers(0.5))).toBeNull()
    expect(fairnessOf('auroc', peers(0.5, Number.NaN))).toBeNull()
    expect(fairnessOf('accuracy', peers(0.5, -0.25))!.jain).toBeNull()
    expect(fairnessOf('accuracy', peers(0, 0))!.jain).toBeNull()
  })

  it('Jain’s index is from 1/n to 1, and 1 where all are alike', () => {
    const value = fc.double({ min: 1e-3, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 20 }), values => {
        const jain = fairnessOf('accuracy', peers(...values))!.jain!
        expect(jain).toBeGreaterThanOrEqual(1 / values.length)
        expect(jain).toBeLessThanOrEqual(1 + 1e-12)
        expect(fairnessOf('accuracy', peers(...values.map(() => values[0]!)))!.jain).toBeCloseTo(1, 12)
      }),
    )
  })
})
