import { setTimeout } from 'node:timers/promises'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { pipe } from 'it-pipe'
import { equals } from 'uint8arrays/equals'
import { createDeadline } from '../../deadline.js'
import { orNothing } from '../bug.js'
import { digestOf } from '../digest.js'
import { StateHeader, StateRequest } from '../generated/state.js'
import { Rejection } from '../rejection.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { frame, unframe } from '../stream/frames.js'
import { finish, receive, transmit } from '../stream/stream.js'
import { relabelled } from '../traffic/metered.js'
import { purposeOfRequest, stateProtocol } from './protocol.js'
import type { StatePayload } from './server.js'

const { limits } = stateProtocol

/** How often a peer is asked that is busy with others. */
export interface BusyPatience {
  readonly tries: number
  /** Between two tries: half as long at least and half as long again at most, so that not all ask again at once. */
  readonly pauseMs: number
}

/** Within a round: some seconds. */
const busyPatience: BusyPatience = { tries: 20, pauseMs: 250 }

/** Why a request for a peer's state failed. */
export class StateRefused extends Error {
  override readonly name = 'StateRefused'

  constructor(readonly code: keyof typeof StateHeader.Code | 'BROKEN' | 'WRONG_DIGEST') {
    super(code)
  }
}

/** What is requested, and how much of it at most. */
export interface StateQuery {
  readonly what: 'MANIFEST' | 'VIEW' | 'HEAD' | 'PAYLOAD' | 'EXPERTS' | 'EXPERT' | 'AGREED' | 'LOG'
  /** Left out, the manifest of whatever run the peer is in. */
  readonly runId?: Uint8Array
  /** Of PAYLOAD: the SHA-256 that it must have, 32 bytes. Nothing is read of another. */
  readonly digest?: Uint8Array
  /** Of EXPERT: the author's Ed25519 public key, 32 bytes. Of LOG: of the last record that is here. */
  readonly author?: Uint8Array
  /** Of LOG: of that record. */
  readonly round?: number
  /** Longest payload that is read. */
  readonly limitBytes: number
}

/**
 * Requests a peer's state. The payload has the digest that the answer names; whether that is the right one is for the
 * caller to check: a manifest's is the run id, a head's is in its owner's signed presence. A PAYLOAD has the requested
 * digest.
 *
 * @throws {@link StateRefused} with the peer's reason, BROKEN when the answer does not hold together, or WRONG_DIGEST
 *   when it is another payload; the signal's reason; libp2p's error when the peer cannot be reached
 */
export async function requestState(
  node: Libp2p,
  to: PeerId | Multiaddr | Multiaddr[],
  { what, runId, digest, author, round = 0, limitBytes }: StateQuery,
  signal: AbortSignal,
  deadlines: StreamDeadlines = stateProtocol.deadlines,
): Promise<StatePayload> {
  signal.throwIfAborted()
  const deadline = createDeadline(signal)
  let stream: Stream | undefined
  try {
    deadline.within(deadlines.dialMs, new Error('it cannot be reached'))
    stream = await node.dialProtocol(to, stateProtocol.id, { signal: deadline.signal })
    relabelled(stream, purposeOfRequest[what])
    deadline.within(deadlines.transferMs, new StateRefused('BROKEN'))
    const request = StateRequest.encode({
      what: StateRequest.What[what],
      runId: Uint8Array.from(runId ?? []),
      digest: Uint8Array.from(digest ?? []),
      author: Uint8Array.from(author ?? []),
      round,
    })
    await pipe([request], frame, transmit(stream, deadline.signal))
    const payload = await pipe(receive(stream, deadline.signal), unframe(limits), gather(limitBytes, digest))
    await finish(stream, deadlines.closeMs, deadline.signal)
    if (!equals(await digestOf(payload.bytes), payload.digest)) {
      throw new StateRefused(digest === undefined ? 'BROKEN' : 'WRONG_DIGEST')
    }
    return payload
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof Rejection ? new StateRefused('BROKEN') : error
  } finally {
    deadline.clear()
    stream?.abort(new Error('The state stream is over'))
  }
}

/** The same, again and again as long as the peer answers others: it answers a few at a time. */
export async function requestWhenFree(
  node: Libp2p,
  to: PeerId | Multiaddr | Multiaddr[],
  question: StateQuery,
  signal: AbortSignal,
  deadlines?: StreamDeadlines,
  { tries, pauseMs } = busyPatience,
): Promise<StatePayload> {
  for (let asked = 1; ; asked++) {
    try {
      return await requestState(node, to, question, signal, deadlines)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof StateRefused) || error.code !== 'TOO_BUSY' || asked === tries) throw error
    }
    await setTimeout(pauseMs * (0.5 + Math.random()), undefined, { signal })
  }
}

function gather(
  limitBytes: number,
  digest?: Uint8Array,
): (source: ReturnType<ReturnType<typeof unframe>>) => Promise<StatePayload> {
  return async source => {
    const head: Uint8Array[] = []
    let header: StateHeader | undefined
    let bytes = new Uint8Array(0)
    let filled = 0
    for await (const piece of source) {
      if (piece.frame === 0) {
        head.push(piece.bytes)
        if (!piece.last) continue
        header = readHeader(Buffer.concat(head), limitBytes)
        if (digest !== undefined && !equals(header.digest, digest)) throw new StateRefused('WRONG_DIGEST')
        bytes = new Uint8Array(header.payloadBytes)
      } else {
        if (filled + piece.bytes.length > bytes.length) throw new StateRefused('BROKEN')
        bytes.set(piece.bytes, filled)
        filled += piece.bytes.length
      }
      if (header !== undefined && filled === header.payloadBytes && piece.last) {
        return { bytes, digest: header.digest, round: header.round }
      }
    }
    throw new StateRefused('BROKEN')
  }
}

function readHeader(bytes: Uint8Array, limitBytes: number): StateHeader {
  const header = orNothing(() => StateHeader.decode(bytes))
  if (header === undefined) throw new StateRefused('BROKEN')
  if (header.code !== StateHeader.Code.HERE) throw new StateRefused(header.code)
  if (header.payloadBytes < 1 || header.payloadBytes > limitBytes || header.digest.length !== 32) {
    throw new StateRefused('BROKEN')
  }
  return header
}
