import { describe, expect, it } from 'vitest'
import { adds, createMaskKey, keyOfMask, maskOf, maskWith } from '../../../src/gossip/masks/mask.js'

const group = new Uint8Array(32).fill(7)
const secret = new Uint8Array(32).fill(5)

describe('a mask', () => {
  it('is the same for two who have each others keys, and another in each group', () => {
    const [a, b] = [createMaskKey(), createMaskKey()]
    const [one, other] = [a.secretWith(b.publicKey)!, b.secretWith(a.publicKey)!]
    expect(one).toEqual(other)
    expect(maskOf(one, group, 40, ['anna', 'bert'])).toEqual(maskOf(other, group, 40, ['bert', 'anna']))
    expect(maskOf(one, group, 40)).not.toEqual(maskOf(one, new Uint8Array(32), 40))
  })

  it('is of one pair: who takes the key of another for its own has none of its masks', () => {
    // Of carl, whose key is anna's, and anna, bert would else add the same mask and take it off.
    expect(adds('bert', 'anna')).not.toBe(adds('bert', 'carl'))
    expect(maskOf(secret, group, 40, ['anna', 'bert'])).not.toEqual(maskOf(secret, group, 40, ['bert', 'carl']))
    expect(maskOf(secret, group, 40, ['anna', 'bert'])).not.toEqual(maskOf(secret, group, 40))
  })

  it('is added by one and taken off by the other: the fixture of ALGORITHMS-2.md 4', () => {
    const masks = { AB: 10, AC: 20, BC: 30 }
    const masked = Object.entries({ A: 1, B: 2, C: 3 }).map(([self, value]) =>
      Object.entries(masks)
        .filter(([pair]) => pair.includes(self))
        .reduce((sum, [pair, mask]) => sum + (adds(self, pair.replace(self, '')) ? mask : -mask), value),
    )
    expect(masked).toEqual([31, 22, -47])
    expect(masked.reduce((sum, value) => sum + value)).toBe(6)
  })

  it('goes on where it was, however it is cut', () => {
    const whole = maskOf(secret, group, 300_000)
    const mask = maskWith(keyOfMask(secret, group))
    const parts = Buffer.concat([3, 61, 0, 299_936].map(bytes => mask.next(bytes)))
    expect(Buffer.compare(parts, whole)).toBe(0)
  })

  it('has no secret with a key that makes each secret 0, nor with bytes that are no key', () => {
    const key = createMaskKey()
    for (const bytes of [new Uint8Array(32), new Uint8Array(31), new Uint8Array()])
      expect(key.secretWith(bytes)).toBeUndefined()
    // Also when it is asked again.
    expect(key.secretWith(new Uint8Array(32))).toBeUndefined()
  })
})
