import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAuthors } from '../../../src/gossip/access/authors.js'
import { createAccess, createInvite, inviteLimits } from '../../../src/gossip/index.js'

const runId = new Uint8Array(32).fill(3)
const nothing = new Uint8Array()

async function person(): Promise<{ privateKey: Ed25519PrivateKey; peerId: PeerId }> {
  const privateKey = await generateKeyPair('Ed25519')
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey) }
}

const bytesOf = (token: string): Uint8Array => Buffer.from(token, 'base64url')

describe('records of authors who need not be connected', () => {
  it('are believed of founders, and of whoever shows an invitation, until it is over', async () => {
    const [founder, ada, ben] = [await person(), await person(), await person()]
    let now = 1_000_000
    const authors = createAuthors({ runId, founders: [founder.peerId], now: () => now })
    const toAda = { runId, privateKey: founder.privateKey, expiresAt: 2_000_000, invitee: ada.peerId }
    const own = await createInvite(toAda)
    const passedOn = { runId, privateKey: ada.privateKey, expiresAt: 1_500_000, invitee: ben.peerId, parent: own }
    const bens = bytesOf(await createInvite(passedOn))

    expect(authors.admits(founder.peerId, nothing)).toBe('yes')
    expect(await authors.admits(ada.peerId, bytesOf(own))).toBe('yes')
    // Remembered: no promise, and no signature verified again.
    expect(authors.admits(ada.peerId, bytesOf(own))).toBe('yes')
    expect(await authors.admits(ben.peerId, bens)).toBe('yes')
    const inviters = [founder, ada, ben].map(({ peerId }) => authors.inviterOf(peerId.toString()))
    expect(inviters).toEqual([undefined, founder.peerId.toString(), ada.peerId.toString()])
    // Nobody honest passes these on.
    expect(await authors.admits(ben.peerId, nothing)).toBe('never')
    expect(await authors.admits(ben.peerId, bytesOf(own))).toBe('never')
    const forged = bytesOf(own)
    forged[forged.length - 1]! ^= 1
    expect(await authors.admits(ada.peerId, forged)).toBe('never')

    now = 1_500_000
    expect(authors.admits(ben.peerId, bens)).toBe('no')
    expect(authors.admits(ada.peerId, bytesOf(own))).toBe('yes')
    now = 2_000_000
    expect(authors.admits(ada.peerId, bytesOf(own))).toBe('no')
    const fresh = createAuthors({ runId, founders: [founder.peerId], now: () => now })
    expect(await fresh.admits(ada.peerId, bytesOf(own))).toBe('no')
    // A new one holds from the first record that shows it.
    const renewed = bytesOf(await createInvite({ ...toAda, expiresAt: 3_000_000 }))
    expect(await authors.admits(ada.peerId, renewed)).toBe('yes')
  })

  it('never throw, whatever they show', async () => {
    const [founder, guest] = [await person(), await person()]
    const authors = createAuthors({ runId, founders: [founder.peerId], now: Date.now })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2 * inviteLimits.tokenBytes }), async bytes => {
        expect(await authors.admits(guest.peerId, bytes)).toBe('never')
      }),
      { numRuns: 50 },
    )
  })

  it('are believed of whoever is on the list; lists may differ while one is changed', async () => {
    const [ada, ben] = [await person(), await person()]
    const access = createAccess({ policy: { kind: 'allow-list', peers: [ada.peerId] } })
    expect([ada, ben].map(({ peerId }) => access.admitsAuthor(peerId, nothing))).toEqual(['yes', 'no'])
    access.allow([ben.peerId])
    expect([ada, ben].map(({ peerId }) => access.admitsAuthor(peerId, nothing))).toEqual(['no', 'yes'])
    expect(createAccess({ policy: { kind: 'open' } }).admitsAuthor(ada.peerId, nothing)).toBe('yes')
  })
})
