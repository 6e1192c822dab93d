import type { Libp2p, PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'
import { SampleAnswer } from '../generated/sampling.js'
import type { PeerIdStr } from '../peer-id.js'
import type { RejectionReason } from '../rejection.js'
import { type Calls, createCalls } from '../stream/calls.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { decodeAnswer, decodeCall, encodeCall, type SampledCall } from './call.js'
import { samplingProtocol } from './protocol.js'

/** What the called says: it takes the head, or why not. */
export interface SampledAnswer {
  readonly code: 'READY' | 'PAST' | 'REFUSED'
  /** The last round that it knows of. */
  readonly round: number
}

export interface SamplingInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Whether calls of this peer are answered; the reason to refuse, or undefined. */
  readonly admit: (caller: PeerIdStr) => RejectionReason | undefined
  /** Answers a call of a peer that is admitted. Must be fast. */
  readonly answer: (caller: PeerIdStr, call: SampledCall) => SampledAnswer
  /** @default samplingProtocol.deadlines */
  readonly deadlines?: StreamDeadlines
}

/** Asks peers to take part in a round, and answers them (docs/sampling.md). */
export interface SamplingService extends Pick<Calls, 'start' | 'stop' | 'counters'> {
  /** @returns undefined where it does not answer. @throws the signal's reason */
  ask(to: PeerId, call: SampledCall, signal: AbortSignal): Promise<SampledAnswer | undefined>
}

export function createSampling(init: SamplingInit): (components: { node: Libp2p }) => SamplingService {
  const { runId, admit, answer, deadlines = samplingProtocol.deadlines } = init
  return ({ node }) => {
    const { id, limits } = samplingProtocol
    const calls = createCalls({
      ...{ node, id, limits, deadlines },
      answer(caller, bytes) {
        const call = decodeCall(bytes)
        const isOfRun = equals(call.runId, runId)
        const refusal = isOfRun ? admit(caller) : 'WRONG_RUN'
        if (refusal !== undefined) {
          calls.reject(refusal)
          return SampleAnswer.encode({ code: SampleAnswer.Code.REFUSED, round: 0 })
        }
        const { code, round } = answer(caller, call)
        return SampleAnswer.encode({ code: SampleAnswer.Code[code], round })
      },
    })
    return {
      start: calls.start,
      stop: calls.stop,
      get counters() {
        return calls.counters
      },
      ask: (to, call, signal) => calls.call(to, encodeCall(runId, call), readAnswer, signal),
    }
  }
}

function readAnswer(bytes: Uint8Array): SampledAnswer {
  const { code, round } = decodeAnswer(bytes)
  return { code: code as SampledAnswer['code'], round }
}
