import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { type SaidSnapshot, snapshotOfMost } from '../../../src/node/roads/snapshot-votes.js'

const peers = await Promise.all(
  Array.from({ length: 5 }, async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))),
)
const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const said = (...all: readonly (readonly [round: number, byte: number])[]): SaidSnapshot[] =>
  all.map(([round, byte], i) => ({ peer: peers[i]!, round, digest: digest(byte) }))
const own = { round: 16, digest: digest(5) }

describe('which snapshot is taken over', () => {
  it('none where most have the own one, or an older one', () => {
    expect(snapshotOfMost([], own, 20)).toBeUndefined()
    expect(snapshotOfMost(said([16, 5], [16, 1]), own, 20)).toBeUndefined()
    expect(snapshotOfMost(said([0, 1], [0, 1], [0, 1]), own, 20)).toBeUndefined()
  })

  it('that of most, with those that have it', () => {
    expect(snapshotOfMost(said([16, 5], [16, 9], [16, 9], [16, 9]), own, 20)).toEqual({
      round: 16,
      digest: digest(9),
      peers: peers.slice(1, 4),
    })
  })

  it('of two halves the same at both', () => {
    const low = { round: 16, digest: digest(4) }
    expect(snapshotOfMost(said([16, 4]), own, 20)?.digest).toEqual(digest(4))
    expect(snapshotOfMost(said([16, 5]), low, 20)).toBeUndefined()
  })

  it('a later one only where its round is not reached yet', () => {
    expect(snapshotOfMost(said([32, 9], [32, 9]), own, 40)).toBeUndefined()
    expect(snapshotOfMost(said([32, 9], [32, 9]), own, 20)?.round).toBe(32)
    // A newcomer with the first, and one other peer.
    expect(snapshotOfMost(said([32, 9]), { round: 0, digest: digest(1) }, 0)?.round).toBe(32)
  })

  it('never one without a digest', () => {
    const empty = said([16, 9], [16, 9]).map(one => ({ ...one, digest: new Uint8Array() }))
    expect(snapshotOfMost(empty, own, 20)).toBeUndefined()
  })
})
