import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { restoreSecret, splitSecret } from '../../../src/gossip/masks/shamir.js'

const split = fc
  .record({
    secret: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    places: fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 2, maxLength: 20 }),
  })
  .chain(({ secret, places }) =>
    fc.record({
      secret: fc.constant(secret),
      places: fc.constant(places),
      threshold: fc.integer({ min: 1, max: places.length }),
      chosen: fc.shuffledSubarray(places, { minLength: 1 }),
    }),
  )

describe('shares of a secret', () => {
  it('restore it, any of them and in any order, if they are enough', () => {
    fc.assert(
      fc.property(split, ({ secret, places, threshold, chosen }) => {
        fc.pre(chosen.length >= threshold)
        const shares = splitSecret(secret, threshold, places)
        const some = new Map(chosen.map(place => [place, shares[places.indexOf(place)]!]))
        expect(restoreSecret(some)).toEqual(secret)
      }),
    )
  })

  it('tell nothing of it if they are one too few: for each secret there are as many polynomials', () => {
    // With the third share unknown, each of its 256 values makes another secret: all are possible, each once.
    const places = [1, 2, 3]
    const [one, two] = splitSecret(Uint8Array.of(77), 3, places)
    const secrets = Array.from({ length: 256 }, (_, byte) =>
      restoreSecret(
        new Map([
          [1, one!],
          [2, two!],
          [3, Uint8Array.of(byte)],
        ]),
      ),
    )
    expect(new Set(secrets.map(([byte]) => byte)).size).toBe(256)
  })

  it('are in the field of AES: 0x53 times 0xca is 1', () => {
    // Of a line through the secret 0 with the slope 0xca, the share at 0x53 is the product.
    const [share] = splitSecret(Uint8Array.of(0), 2, [0x53, 1], () => Uint8Array.of(0xca))
    expect([...share!]).toEqual([1])
  })

  it('are refused where they make no sense', () => {
    const secret = Uint8Array.of(1)
    expect(() => splitSecret(secret, 3, [1, 2])).toThrow(RangeError)
    expect(() => splitSecret(secret, 1, [0])).toThrow(RangeError)
    expect(() => splitSecret(secret, 1, [256])).toThrow(RangeError)
  })
})
