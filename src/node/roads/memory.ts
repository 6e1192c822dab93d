import type { EncodingSection } from '../../codec/index.js'
import { type Buffers, type HearsayHost, requestState } from '../../gossip/index.js'
import type { Kept } from '../../methods/index.js'
import { type HeadSection, headOf, type Layout } from '../../tensors/index.js'
import { Copies } from './copies.js'
import {
  createRememberingExchange,
  type RememberingExchange,
  type RememberingExchangeInit,
} from './remembering-exchange.js'
import { createWholeVectors, type WholeVectors } from './whole-vectors.js'

export interface MemoryInit {
  readonly encoding: EncodingSection
  readonly runId: Uint8Array
  /** Layout of what is handed over. */
  readonly layout: Layout
  /** The whole model as it begins; of what travels beside the head, zeros are where all begin. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly normLimit: number
  readonly buffers?: Buffers | undefined
}

/** What a peer remembers of what it has said and heard, where the run has `encoding.memory`. */
export interface Memory {
  /** Heads for peers that join or come back: whole copies. */
  readonly whole: WholeVectors
  /** See {@link Copies}. */
  kept(method: Kept): Kept
  restore(kept: Kept, source: string): Kept
  /** @param answers - do neighbours answer requests? */
  createExchange(
    plain: Omit<RememberingExchangeInit, 'copies' | 'whole' | 'gamma' | 'ask'>,
    answers: boolean,
  ): RememberingExchange
}

export function createMemory(init: MemoryInit, node: HearsayHost): Memory {
  const { encoding, runId, layout, normLimit } = init
  const whole = createWholeVectors(init)
  const start = new Float32Array(layout.size)
  start.set(headOf(init.parameters, init.head))
  const copies = new Copies({ self: node.peerId.toString(), start, whole, normLimit })
  const ask: RememberingExchangeInit['ask'] = (peer, signal) =>
    requestState(node, peer, { what: 'HEAD', runId, limitBytes: whole.payloadBytes }, signal)
  return {
    whole,
    kept: method => copies.kept(method),
    restore: (kept, source) => copies.restore(kept, source),
    createExchange(plain, answers) {
      const { gamma } = encoding
      return createRememberingExchange({ ...plain, copies, whole, gamma, ...(answers && { ask }) })
    },
  }
}
