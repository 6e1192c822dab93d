import { setMaxListeners } from 'node:events'
import type { Connection, Libp2p, Stream, StreamHandlerOptions } from '@libp2p/interface'
import { createTaskSet, type TaskSet } from './task-set.js'

/** Answers the streams of one protocol; `stop` waits for whatever else is in its task set too. */
export interface StreamService extends Pick<TaskSet, 'track' | 'detach'> {
  /** Aborts when the service stops; aborted while it is not started. */
  readonly signal: AbortSignal
  /** Idempotent. */
  start(): Promise<void>
  /** Ends the open streams and waits for them. Idempotent. */
  stop(): Promise<void>
}

export interface StreamServiceInit extends Pick<StreamHandlerOptions, 'maxInboundStreams' | 'runOnLimitedConnection'> {
  readonly node: Pick<Libp2p, 'handle' | 'unhandle'>
  /** The protocol's id. */
  readonly id: string
  /** Answers one stream, and ends when `stopped` aborts. What the other side does wrong must not make it reject. */
  readonly onStream: (stream: Stream, connection: Connection, stopped: AbortSignal) => Promise<void>
  /** The reason with which streams end when the service stops. */
  readonly reason: () => Error
}

/** Creates the service of one protocol on a node. */
export function createStreamService({ node, id, onStream, reason, ...options }: StreamServiceInit): StreamService {
  const { track, detach, settled } = createTaskSet()
  let stopping: AbortController | undefined

  return {
    track,
    detach,
    get signal() {
      return stopping?.signal ?? AbortSignal.abort(reason())
    },
    async start() {
      if (stopping !== undefined) return
      stopping = new AbortController()
      const { signal } = stopping
      // Every stream listens to it, as many as there are neighbours: no leak, whatever Node suspects from 11 on.
      setMaxListeners(0, signal)
      await node.handle(id, (stream, connection) => detach(onStream(stream, connection, signal)), options)
    },
    async stop() {
      if (stopping === undefined) return
      stopping.abort(reason())
      stopping = undefined
      await node.unhandle(id)
      await settled()
    },
  }
}
