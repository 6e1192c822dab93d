import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyFromSeed, simulatedIdentities } from '../../../src/node/index.js'

describe('the key of 32 bytes', () => {
  it("is libp2p's, to the byte, and signs what libp2p verifies", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), async (seed, data) => {
        const key = keyFromSeed(seed)
        const known = await generateKeyPairFromSeed('Ed25519', seed)
        expect(key.raw).toEqual(known.raw)
        expect(key.publicKey.equals(known.publicKey)).toBe(true)
        expect(await known.publicKey.verify(data, await key.sign(data))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it.each([0, 31, 33])('is none of %i bytes', length => {
    expect(() => keyFromSeed(new Uint8Array(length))).toThrow()
  })
})

describe('the identities of a simulation', () => {
  it('are the same for the same seed, in the order of their ids, and others for another', () => {
    const ids = (seed: number): string[] => simulatedIdentities(seed, 5).map(({ peerId }) => peerId.toString())
    expect(ids(1)).toEqual(ids(1))
    expect(ids(1)).toEqual([...ids(1)].sort())
    expect(ids(1).filter(id => ids(2).includes(id))).toEqual([])
  })
})
