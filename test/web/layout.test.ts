import { describe, expect, it } from 'vitest'
import type { Placement } from '../../src/report/data.js'
import { layout } from '../../web/parts/layout.js'

const ring = (peers: number): number[] => Array.from({ length: peers }, (_, at) => [at, (at + 1) % peers]).flat()

describe('where peers stand', () => {
  const arrangements: Placement[] = ['circle', 'star', 'line', 'force', { rows: 3, columns: 4 }]
  it.each(arrangements)('%o: all on the paper, each at a place of its own, and there again', arrangement => {
    for (const peers of [1, 2, 12]) {
      const spots = layout(peers, arrangement, ring(peers))
      expect(spots).toHaveLength(peers)
      for (const { x, y } of spots) for (const side of [x, y]) expect(Math.abs(side - 0.5)).toBeLessThanOrEqual(0.5)
      expect(new Set(spots.map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`)).size).toBe(peers)
      expect(layout(peers, arrangement, ring(peers))).toEqual(spots)
    }
  })

  it('are around a circle where a run has more of them than its grid', () => {
    expect(layout(5, { rows: 2, columns: 2 }, [])).toEqual(layout(5, 'circle', []))
  })
})
