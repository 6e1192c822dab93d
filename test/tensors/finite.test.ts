import { expect, it } from 'vitest'
import { areFinite } from '../../src/tensors/index.js'

it('a vector is finite unless one of its numbers, wherever it stands, is not', () => {
  expect(areFinite(new Float32Array(0))).toBe(true)
  expect(areFinite(Float32Array.of(0, -0, 3.4028235e38, -3.4028235e38, 1e-45))).toBe(true)
  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const place of [0, 3, 6]) expect(areFinite(new Float32Array(7).fill(broken, place, place + 1))).toBe(false)
  }
})
