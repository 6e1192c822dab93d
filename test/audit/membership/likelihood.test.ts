import { describe, expect, it } from 'vitest'
import { likelihoodRatios, type ShadowView } from '../../../src/audit/membership/likelihood.js'
import { separationOf } from '../../../src/audit/membership/roc.js'
import { random } from '../../../src/random.js'

/** Shadows two by two, each pair with every record in one of them. */
function shadowsOf(confidence: (record: number, isIn: number) => number, records: number, pairs: number): ShadowView[] {
  return Array.from({ length: 2 * pairs }, (_, shadow) => {
    const isIn = Uint8Array.from({ length: records }, (_, record) => ((record >> (shadow >> 1)) + shadow) & 1)
    return { isIn, confidences: Float64Array.from(isIn, (is, record) => confidence(record, is)) }
  })
}

describe('the likelihood ratio', () => {
  it('is that of the two normals, by hand', () => {
    // In: 3 and 5 for record 0, 2 and 4 for record 1; out: 0 and 2, −1 and 1. All deviations are 1, so variances are 2.
    const view = (isIn: number[], confidences: number[]): ShadowView => ({
      isIn: Uint8Array.from(isIn),
      confidences: Float64Array.from(confidences),
    })
    const shadows = [view([1, 1], [3, 2]), view([0, 0], [0, -1]), view([1, 1], [5, 4]), view([0, 0], [2, 1])]
    const [first, second] = likelihoodRatios(Float64Array.of(4, 0), shadows)
    expect(first).toBeCloseTo((3 ** 2 - 0) / 4, 12)
    expect(second).toBeCloseTo((0 - 3 ** 2) / 4, 12)
  })

  it('finds members that a threshold does not, where records differ more than membership does', () => {
    const { uniform } = random(3, 'lira')
    const records = 200
    const hard = Float64Array.from({ length: records }, () => 20 * uniform())
    const seen = (record: number, isIn: number): number => hard[record]! + isIn + 0.5 * uniform()
    const isMember = (record: number): number => (record < 100 ? 1 : 0)
    const own = hard.map((_, record) => seen(record, isMember(record)))
    const ratios = likelihoodRatios(own, shadowsOf(seen, records, 4))
    const apart = (scores: Float64Array): number => separationOf(scores.subarray(0, 100), scores.subarray(100)).auc
    expect(apart(ratios)).toBeGreaterThan(0.95)
    expect(apart(own)).toBeLessThan(0.7)
  })
})
