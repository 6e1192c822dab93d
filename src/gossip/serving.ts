import { setMaxListeners } from 'node:events'
import type { Connection, Libp2p, Stream, StreamHandlerOptions } from '@libp2p/interface'

/** What answers the streams of one protocol, and whatever else is to end with it. */
export interface Serving {
  /** Ends when it is stopped; while it does not run, it has ended. */
  readonly signal: AbortSignal
  /** Twice is once. */
  start(): Promise<void>
  /** Ends what is under way, and waits for it. Twice is once. */
  stop(): Promise<void>
  /** `stop` waits for this too. */
  track<T>(work: Promise<T>): Promise<T>
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
  const underWay = new Set<Promise<unknown>>()
  let stopping: AbortController | undefined

  function track<T>(work: Promise<T>): Promise<T> {
    underWay.add(work)
    const done = (): void => void underWay.delete(work)
    work.then(done, done)
    return work
  }

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
      await Promise.allSettled(underWay)
    },
  }
}
