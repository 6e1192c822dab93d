import { type Buffers, type HearsayHost, requestWhenFree } from '../../gossip/index.js'
import type { Layout } from '../../tensors/index.js'
import type { Manifest } from '../manifest.js'
import { createUpdateExchange, type UpdateExchange, type UpdateExchangeInit } from './update-exchange.js'
import { createWholeVectors, type WholeVectors } from './whole-vectors.js'

export interface UpdatesInit {
  readonly manifest: Pick<Manifest, 'limits'>
  readonly runId: Uint8Array
  /** Layout of what is handed over. */
  readonly layout: Layout
  readonly buffers?: Buffers | undefined
}

/** What a peer has of the anchor that a run's updates are of. */
export interface Updates {
  /** Heads for peers that join or come back, and anchors for those that have another. */
  readonly whole: WholeVectors
  /** @param answers - do neighbours answer requests? */
  createExchange(plain: Omit<UpdateExchangeInit, 'whole' | 'ask'>, answers: boolean): UpdateExchange
}

export function createUpdates({ manifest, runId, layout, buffers }: UpdatesInit, node: HearsayHost): Updates {
  const whole = createWholeVectors({ layout, normLimit: manifest.limits.headNorm, buffers })
  const ask: UpdateExchangeInit['ask'] = (peer, signal) =>
    requestWhenFree(node, peer, { what: 'HEAD', runId, limitBytes: whole.payloadBytes }, signal)
  return {
    whole,
    createExchange: (plain, answers) => createUpdateExchange({ ...plain, whole, ...(answers && { ask }) }),
  }
}
