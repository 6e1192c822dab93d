import type { Activity, View } from '../../topology/index.js'
import { orNothing } from '../bug.js'
import { SampleAnswer, SampleCall } from '../generated/sampling.js'
import type { PeerIdStr } from '../peer-id.js'
import { Rejection } from '../rejection.js'
import { samplingProtocol } from './protocol.js'

const { limits } = samplingProtocol

/** As what a peer is asked to take part in a round. */
export type SampledPart = 'AGGREGATOR' | 'PARTICIPANT'

/** Announces a head, with all that the caller knows of who is there. */
export interface SampledCall {
  readonly part: SampledPart
  readonly round: number
  /** How many train, or have trained, in it. */
  readonly sampled: number
  readonly view: View
}

/** A view as it travels: three lists of one length. */
function encodedView(view: View): Pick<SampleCall, 'peers' | 'lastActive' | 'memberships'> {
  const all = [...view]
  return {
    peers: all.map(([peer]) => peer),
    lastActive: all.map(([, { lastActive }]) => lastActive),
    memberships: all.map(([, { counter, membership }]) => 2 * counter + (membership === 'leave' ? 1 : 0)),
  }
}

/** @throws {@link Rejection} MALFORMED for whatever no honest peer sends */
function decodedView({ peers, lastActive, memberships }: ReturnType<typeof encodedView>): View {
  const isWhole =
    lastActive.length === peers.length &&
    memberships.length === peers.length &&
    new Set(peers).size === peers.length &&
    peers.every(({ length }) => length > 0 && length <= limits.peerLength)
  if (!isWhole) throw new Rejection('MALFORMED')
  return new Map(
    peers.map((peer, at): [PeerIdStr, Activity] => {
      const membership = memberships[at]! % 2 === 1 ? 'leave' : 'join'
      return [peer, { lastActive: lastActive[at]!, counter: Math.floor(memberships[at]! / 2), membership }]
    }),
  )
}

/** A view to be kept: a call that says nothing else. */
export function viewToBytes(view: View): Uint8Array {
  // By their ids: the same view has the same bytes, in whatever order a peer has heard of the others.
  const sorted = new Map([...view].sort(([a], [b]) => (a < b ? -1 : 1)))
  return encodeCall(new Uint8Array(32), { part: 'PARTICIPANT', round: 0, sampled: 1, view: sorted })
}

/** @throws {@link Rejection} MALFORMED for bytes that are none */
export function viewFromBytes(bytes: Uint8Array): View {
  return decodeCall(bytes).view
}

export function encodeCall(runId: Uint8Array, { part, round, sampled, view }: SampledCall): Uint8Array {
  return SampleCall.encode({
    runId: Uint8Array.from(runId),
    part: SampleCall.Part[part],
    round,
    sampled,
    ...encodedView(view),
  })
}

/** @throws {@link Rejection} MALFORMED for whatever no honest peer sends */
export function decodeCall(bytes: Uint8Array): SampledCall & { readonly runId: Uint8Array } {
  const { peers } = limits
  const bounds = { limits: { peers, lastActive: peers, memberships: peers } }
  const call = orNothing(() => SampleCall.decode(bytes, bounds))
  if (call?.runId.length !== 32 || call.part === SampleCall.Part.UNKNOWN || call.sampled < 1) {
    throw new Rejection('MALFORMED')
  }
  const { runId, part, round, sampled } = call
  return { runId, part, round, sampled, view: decodedView(call) }
}

/** @throws {@link Rejection} MALFORMED for whatever no honest peer sends */
export function decodeAnswer(bytes: Uint8Array): SampleAnswer {
  const answer = orNothing(() => SampleAnswer.decode(bytes))
  if (answer === undefined || answer.code === SampleAnswer.Code.UNKNOWN) throw new Rejection('MALFORMED')
  return answer
}
