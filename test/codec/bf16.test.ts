import { describe, expect, it } from 'vitest'
import { bf16 } from '../../src/codec/index.js'
import { codecContract } from './contract.js'
import { once } from './vectors.js'

codecContract(bf16, value => Math.max(Math.abs(value) * 2 ** -8, 2 ** -134))

describe('bf16', () => {
  it('rounds to nearest, ties to even, and never to infinity', () => {
    expect(once(bf16, 1 + 2 ** -8)).toBe(1)
    expect(once(bf16, 1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6)
    expect(once(bf16, 1 + 2 ** -8 + 2 ** -20)).toBe(1 + 2 ** -7)
    expect(once(bf16, -(1 + 2 ** -8 + 2 ** -20))).toBe(-(1 + 2 ** -7))
    expect(once(bf16, 3.4028234663852886e38)).toBe(3.3895313892515355e38)
    expect(once(bf16, -3.4028234663852886e38)).toBe(-3.3895313892515355e38)
    expect(once(bf16, -0)).toBe(-0)
  })
})
