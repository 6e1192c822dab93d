import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createHeadStore,
  type HeadClaim,
  type HeadPosition,
  type StoredHead,
} from '../../../src/gossip/publication/head-store.js'
import { newKey } from '../hosts.js'

const author = peerIdFromPrivateKey(await newKey())
const everybody = (): boolean => true

function positionOf(round: number, sequence = 1, digest = 100 * round + sequence): HeadPosition {
  return { round, sequence: BigInt(sequence), digest: new Uint8Array(32).fill(digest % 256) }
}

function headAt(position: HeadPosition): StoredHead {
  const signed = { author, sequence: position.sequence, data: new Uint8Array(), signature: new Uint8Array() }
  return { ...position, author, signed, payload: new Uint8Array(), values: new Float32Array() }
}

function claimed(claim: ReturnType<ReturnType<typeof createHeadStore>['claim']>): HeadClaim {
  if (typeof claim === 'string') throw new Error(claim)
  return claim
}

describe('the store of published heads', () => {
  it('keeps of each author the newest, whenever the older ones arrive', () => {
    const events = fc.array(fc.record({ round: fc.nat(3), sequence: fc.nat(3), arrives: fc.boolean() }), {
      minLength: 1,
    })
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat(9)), (tried, dice) => {
        const store = createHeadStore(1, everybody)
        const open: { claim: HeadClaim; position: HeadPosition; arrives: boolean }[] = []
        const come = (): void => {
          const { claim, position, arrives } = open.splice(dice.next().value! % open.length, 1)[0]!
          if (arrives) claim.deliver(headAt(position))
          else claim.release()
        }
        const arrived: HeadPosition[] = []
        for (const { round, sequence, arrives } of tried) {
          const position = positionOf(round, sequence)
          const claim = store.claim('a', position)
          if (typeof claim === 'string') continue
          open.push({ claim, position, arrives })
          if (arrives) arrived.push(position)
          if (dice.next().value! > 4) come()
        }
        while (open.length > 0) come()
        const newest = arrived.reduce<HeadPosition | undefined>(
          (best, at) =>
            best === undefined || at.round > best.round || (at.round === best.round && at.sequence > best.sequence)
              ? at
              : best,
          undefined,
        )
        expect(store.head('a')?.round).toBe(newest?.round)
        expect(store.head('a')?.sequence).toBe(newest?.sequence)
      }),
    )
  })

  it('gives a place back, tells of what is superseded, and finds by digest', () => {
    const store = createHeadStore(2, everybody)
    const first = claimed(store.claim('a', positionOf(1)))
    expect(store.claim('a', positionOf(1))).toBe('DUPLICATE')
    expect(store.claim('a', positionOf(0))).toBe('STALE_ROUND')
    expect(store.isNews('a', positionOf(1))).toBe(false)
    expect(store.isNews('a', positionOf(1, 1, 7))).toBe(true)
    first.release()
    expect(store.isNews('a', positionOf(1))).toBe(true)
    const again = claimed(store.claim('a', positionOf(1)))
    const newer = claimed(store.claim('a', positionOf(2)))
    expect([again.superseded.aborted, again.signal.aborted, newer.superseded.aborted]).toEqual([true, false, false])
    expect(newer.deliver(headAt(positionOf(2)))).toBe(true)
    expect(again.deliver(headAt(positionOf(1)))).toBe(false)
    expect(store.withDigest(positionOf(2).digest)?.round).toBe(2)
    expect(store.withDigest(positionOf(1).digest)).toBeUndefined()
    const last = claimed(store.claim('a', positionOf(3)))
    last.release()
    // What is there still counts.
    expect(store.claim('a', positionOf(2))).toBe('DUPLICATE')
    store.keepOnly(new Set(['b', 'c', 'd']))
    expect([store.heads(), last.signal.aborted]).toEqual([[], true])
    expect(last.deliver(headAt(positionOf(3)))).toBe(false)
    for (const member of ['b', 'c', 'd']) claimed(store.claim(member, positionOf(1)))
    expect(store.claim('e', positionOf(1))).toBe('TOO_MANY_PEERS')
  })
})
