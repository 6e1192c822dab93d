import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SampleAnswer, SampleCall } from '../../../src/gossip/generated/sampling.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import {
  decodeAnswer,
  decodeCall,
  encodeCall,
  type SampledCall,
  viewFromBytes,
  viewToBytes,
} from '../../../src/gossip/sampling/call.js'
import { samplingProtocol } from '../../../src/gossip/sampling/protocol.js'
import type { View } from '../../../src/topology/index.js'

const runId = new Uint8Array(32).fill(7)
const uint31 = fc.nat(2 ** 31 - 1)
const view: fc.Arbitrary<View> = fc
  .uniqueArray(
    fc.tuple(
      fc.string({ minLength: 1, maxLength: 64 }),
      fc.record({
        lastActive: uint31,
        counter: uint31,
        membership: fc.constantFrom('join' as const, 'leave' as const),
      }),
    ),
    { selector: ([peer]) => peer, maxLength: 20 },
  )
  .map(all => new Map(all))
const call: fc.Arbitrary<SampledCall> = fc.record({
  part: fc.constantFrom('AGGREGATOR', 'PARTICIPANT'),
  round: uint31,
  sampled: fc.integer({ min: 1, max: 1000 }),
  view,
})
const good: SampleCall = {
  runId,
  part: SampleCall.Part.AGGREGATOR,
  round: 3,
  sampled: 2,
  peers: ['a', 'b'],
  lastActive: [1, 2],
  memberships: [0, 3],
}

describe('calls of sampling', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(call, one => {
        expect(decodeCall(encodeCall(runId, one))).toEqual({ runId, ...one })
      }),
    )
  })

  it.each<[string, Partial<SampleCall>]>([
    ['another run id', { runId: new Uint8Array(31) }],
    ['no part', { part: SampleCall.Part.UNKNOWN }],
    ['nobody sampled', { sampled: 0 }],
    ['lists of unlike lengths', { lastActive: [1] }],
    ['fewer memberships', { memberships: [1] }],
    ['a peer twice', { peers: ['a', 'a'] }],
    ['a peer without an id', { peers: ['a', ''] }],
    ['an id that is too long', { peers: ['a', 'b'.repeat(65)] }],
    [
      'more peers than a run has',
      {
        peers: Array.from({ length: 1026 }, (_, at) => `p${at}`),
        lastActive: Array.from({ length: 1026 }, () => 0),
        memberships: Array.from({ length: 1026 }, () => 0),
      },
    ],
  ])('with %s are none', (_, change) => {
    expect(() => decodeCall(SampleCall.encode({ ...good, ...change }))).toThrow(Rejection)
  })

  it('may be any bytes, and then are refused or whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        for (const decode of [decodeCall, decodeAnswer]) {
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(Rejection)
          }
        }
      }),
    )
  })

  it('are the same for a view that is kept, in whatever order its peers were heard of', () => {
    fc.assert(
      fc.property(view, view => {
        const kept = viewToBytes(view)
        expect(viewToBytes(new Map([...view].reverse()))).toEqual(kept)
        expect(viewFromBytes(kept)).toEqual(view)
      }),
    )
  })

  it('with the largest view fit a frame', () => {
    const { peers, peerLength } = samplingProtocol.limits
    const largest = new Map(
      Array.from({ length: peers }, (_, at) => [
        `${at}`.padStart(peerLength, 'x'),
        { lastActive: 2 ** 32 - 1, counter: 2 ** 31 - 1, membership: 'leave' as const },
      ]),
    )
    const bytes = encodeCall(runId, { part: 'PARTICIPANT', round: 2 ** 32 - 1, sampled: 2 ** 32 - 1, view: largest })
    expect(bytes.length).toBeLessThan(samplingProtocol.limits.frameBytes)
  })

  it('have an answer that says something', () => {
    const answer = { code: SampleAnswer.Code.PAST, round: 9 }
    expect(decodeAnswer(SampleAnswer.encode(answer))).toEqual(answer)
    expect(() => decodeAnswer(SampleAnswer.encode({ code: SampleAnswer.Code.UNKNOWN, round: 9 }))).toThrow(Rejection)
  })
})
