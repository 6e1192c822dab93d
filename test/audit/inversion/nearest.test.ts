import { expect, it } from 'vitest'
import { placesOfNearest } from '../../../src/audit/inversion/nearest.js'

it('is the row of the nearest direction, each once, and never one of zeros', () => {
  const rows = Float32Array.of(1, 0, 0, 5, 0, 0, 3, 3)
  const vectors = [Float32Array.of(7, 1), Float32Array.of(9, 0), Float32Array.of(1, 1.1), Float32Array.of(0, 0.1)]
  expect(placesOfNearest(rows, 4, vectors)).toEqual([0, 3, 1])
})
