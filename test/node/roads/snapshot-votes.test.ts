import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { type SaidSnapshot, type Standing, snapshotOfMost } from '../../../src/node/roads/snapshot-votes.js'

const peers = await Promise.all(
  Array.from({ length: 5 }, async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))),
)
const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
/** @param ended - the round that the peer says it has ended. @default as soon as it can have that snapshot */
type Said = readonly [round: number, byte: number, ended?: number]
const said = (...all: readonly Said[]): SaidSnapshot[] =>
  all.map(([round, byte, ended = round + 15], i) => ({ peer: peers[i]!, round, digest: digest(byte), ended }))
const own = { round: 16, digest: digest(5) }
const standing = (parts: Partial<Standing> = {}): Standing => ({
  ...{ own, reached: 40, every: 16, isBack: false },
  ...parts,
})
const newcomer = standing({ own: { round: 0, digest: digest(1) }, reached: 0, isBack: true })

describe('which snapshot is taken over', () => {
  it('none where most have the own one, or an older one', () => {
    expect(snapshotOfMost([], standing())).toBeUndefined()
    expect(snapshotOfMost(said([16, 5], [16, 1]), standing())).toBeUndefined()
    expect(snapshotOfMost(said([0, 1], [0, 1], [0, 1]), standing())).toBeUndefined()
  })

  it('that of more than half, with those that have it', () => {
    expect(snapshotOfMost(said([16, 5], [16, 9], [16, 9], [16, 9]), standing())).toEqual({
      round: 16,
      digest: digest(9),
      peers: peers.slice(1, 4),
    })
  })

  it('none at a tie, whose digest ever is smaller, and none that is only the most frequent', () => {
    expect(snapshotOfMost(said([16, 4]), standing())).toBeUndefined()
    expect(snapshotOfMost(said([16, 5], [16, 4], [16, 4]), standing())).toBeUndefined()
    expect(snapshotOfMost(said([16, 4], [16, 4], [16, 3], [16, 2]), standing())).toBeUndefined()
  })

  it('a later one only where its round is not reached yet', () => {
    expect(snapshotOfMost(said([32, 9], [32, 9]), standing({ reached: 40 }))).toBeUndefined()
    expect(snapshotOfMost(said([48, 9], [48, 9]), standing({ reached: 40 }))?.round).toBe(48)
  })

  it('of a peer that begins or comes back, whose own is no vote, that of the only other one', () => {
    expect(snapshotOfMost(said([32, 9]), newcomer)?.round).toBe(32)
    // So far behind that what it has in hand is no beginning of the others' log.
    expect(snapshotOfMost(said([160, 9]), standing({ reached: 60 }))?.round).toBe(160)
    expect(snapshotOfMost(said([48, 9]), standing({ reached: 60 }))?.round).toBe(48)
    expect(snapshotOfMost(said([160, 9]), standing({ reached: 40 }))).toBeUndefined()
  })

  it('never that of one liar among honest peers, of which some have moved on', () => {
    const slow = standing({ own: { round: 0, digest: digest(1) }, reached: 31 })
    expect(snapshotOfMost(said([16, 7], [16, 7], [16, 7], [16, 7], [896, 66, 911]), slow)).toBeUndefined()
    expect(snapshotOfMost(said([32, 7], [48, 8], [896, 66, 911]), slow)).toBeUndefined()
    expect(snapshotOfMost(said([32, 9], [896, 66, 911]), newcomer)).toBeUndefined()
  })

  it('none of a round that is no snapshot’s, or that most have not ended', () => {
    expect(snapshotOfMost(said([33, 9, 60], [33, 9, 60]), newcomer)).toBeUndefined()
    expect(snapshotOfMost(said([896, 9, 40], [896, 9, 40], [32, 8, 911]), newcomer)).toBeUndefined()
    expect(snapshotOfMost(said([32, 9, 40], [32, 9, 40], [896, 8, 911]), newcomer)?.round).toBe(32)
  })

  it('never one without a digest', () => {
    const empty = said([16, 9], [16, 9]).map(one => ({ ...one, digest: new Uint8Array() }))
    expect(snapshotOfMost(empty, standing())).toBeUndefined()
  })
})
