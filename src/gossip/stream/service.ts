import { setMaxListeners } from 'node:events'
import type { Connection, Libp2p, Stream, StreamHandlerOptions } from '@libp2p/interface'
import { createUnderWay, type UnderWay } from './task-set.js'

/** What answers the streams of one protocol; `stop` waits for whatever else is tracked too. */
export interface Serving extends Pick<UnderWay, 'track'> {
  /** Ends when it is stopped; while it does not run, it has ended. */
  readonly signal: AbortSignal
  /** Twice is once. */
  start(): Promise<void>
  /** Ends what is under way, and waits for it. Twice is once. */
  stop(): Promise<void>
}

export interface ServingInit extends Pick<StreamHandlerOptions, 'maxInboundStreams' | 'runOnLimitedConnection'> {
  readonly node: Pick<Libp2p, 'handle' | 'unhandle'>
  /** The protocol's id. */
  readonly id: string
  /** Answers one stream, and ends when `stopped` does. Must not reject. */
  readonly onStream: (stream: Stream, connection: Connection, stopped: AbortSignal) => Promise<void>
  /** Why streams end when it is stopped. */
  readonly reason: () => Error
}

/** Serves one protocol on a node. */
export function createServing({ node, id, onStream, reason, ...options }: ServingInit): Serving {
  const { track, ended } = createUnderWay()
  let stopping: AbortController | undefined

  return {
    track,
    get signal() {
      return stopping?.signal ?? AbortSignal.abort(reason())
    },
    async start() {
      if (stopping !== undefined) return
      stopping = new AbortController()
      const { signal } = stopping
      // Every stream listens to it, as many as there are neighbours: no leak, whatever Node suspects from 11 on.
      setMaxListeners(0, signal)
      await node.handle(id, (stream, connection) => track(onStream(stream, connection, signal)), options)
    },
    async stop() {
      if (stopping === undefined) return
      stopping.abort(reason())
      stopping = undefined
      await node.unhandle(id)
      await ended()
    },
  }
}
