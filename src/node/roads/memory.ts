import { type Buffers, type HearsayHost, requestWhenFree } from '../../gossip/index.js'
import type { Kept } from '../../methods/index.js'
import { type HeadSection, headOf, type Layout } from '../../tensors/index.js'
import type { Manifest } from '../manifest.js'
import { Copies } from './copies.js'
import {
  createRememberingExchange,
  type RememberingExchange,
  type RememberingExchangeInit,
} from './remembering-exchange.js'
import { createWholeVectors, type WholeVectors } from './whole-vectors.js'

export interface MemoryInit {
  readonly manifest: Pick<Manifest, 'encoding' | 'exchange' | 'limits' | 'rounds'>
  readonly runId: Uint8Array
  /** Layout of what is handed over. */
  readonly layout: Layout
  /** The whole model as it begins; of what travels beside the head, zeros are where all begin. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly buffers?: Buffers | undefined
}

/** What a peer remembers of what it has said and heard, where the run has `encoding.memory`. */
export interface Memory {
  /** Heads for peers that join or come back: whole copies. */
  readonly whole: WholeVectors
  /** See {@link Copies}. */
  kept(method: Kept): Kept
  restore: Copies['restore']
  /** @param answers - do neighbours answer requests? */
  createExchange(
    plain: Omit<RememberingExchangeInit, 'copies' | 'whole' | 'rounds' | 'every' | 'gamma' | 'ask'>,
    answers: boolean,
  ): RememberingExchange
}

export function createMemory(init: MemoryInit, node: HearsayHost): Memory {
  const { runId, layout, buffers } = init
  const { encoding, exchange, limits, rounds } = init.manifest
  const every = exchange.when === 'every' ? exchange.rounds : 1
  const normLimit = limits.headNorm
  const whole = createWholeVectors({ layout, normLimit, buffers })
  const start = new Float32Array(layout.size)
  start.set(headOf(init.parameters, init.head))
  const copies = new Copies({ self: node.peerId.toString(), start, whole, normLimit, rounds })
  const ask: RememberingExchangeInit['ask'] = (peer, signal) =>
    requestWhenFree(node, peer, { what: 'HEAD', runId, limitBytes: whole.payloadBytes }, signal)
  return {
    whole,
    kept: method => copies.kept(method),
    restore: (...asked) => copies.restore(...asked),
    createExchange(plain, answers) {
      const { gamma } = encoding
      return createRememberingExchange({ ...plain, copies, whole, rounds, every, gamma, ...(answers && { ask }) })
    },
  }
}
