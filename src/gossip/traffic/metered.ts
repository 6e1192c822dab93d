import type { Metrics, MultiaddrConnection, Stream } from '@libp2p/interface'
import { replaced } from '../host/admission.js'
import { purposeOf } from './purpose-of.js'
import type { Direction, Purpose, Traffic } from './traffic.js'

/** What libp2p's streams and connections have beside their interface (AbstractMessageStream of @libp2p/utils 7). */
interface Inner {
  sendData(data: { readonly byteLength: number }): { readonly sentBytes: number }
  onData(data: { readonly byteLength: number }): void
}

/** Streams that are counted, and how the purpose of each is changed. */
const relabel = new WeakMap<Stream, (purpose: Purpose) => void>()

/** Counts all bytes of a stream, those before too, for another purpose than its protocol's. */
export function relabelled(stream: Stream, purpose: Purpose): void {
  relabel.get(stream)?.(purpose)
}

/**
 * Metrics that count the bytes of a host's connections and streams. By libp2p's own hook for metrics, since it is called
 * for every connection and stream, whoever opens it.
 *
 * @param others - metrics that count something else
 */
export function metered(traffic: Traffic, others: Metrics = unmeasured): Metrics {
  return replaced(others, {
    trackMultiaddrConnection(connection: MultiaddrConnection) {
      others.trackMultiaddrConnection(connection)
      // A relayed connection is a stream of the one to the relay, which has counted it.
      if (!connection.remoteAddr.toString().includes('/p2p-circuit')) meterConnection(traffic, connection)
    },
    trackProtocolStream(stream: Stream) {
      others.trackProtocolStream(stream)
      const purpose = purposeOf(stream.protocol)
      if (purpose !== undefined) meterStream(traffic, stream, purpose)
    },
  })
}

/** At the socket: what it is given, and what it gives. */
function meterConnection(traffic: Traffic, connection: MultiaddrConnection): void {
  const inner = connection as MultiaddrConnection & Inner
  const send = connection.send.bind(connection)
  connection.send = data => {
    traffic.add('sent', 'wire', data.byteLength)
    return send(data)
  }
  // The other side may have begun before this one was asked.
  traffic.add('received', 'wire', connection.readBufferLength)
  const onData = inner.onData.bind(inner)
  inner.onData = data => {
    traffic.add('received', 'wire', data.byteLength)
    onData(data)
  }
}

function meterStream(traffic: Traffic, stream: Stream, first: Purpose): void {
  const inner = stream as Stream & Inner
  let purpose = first
  const counts: Record<Direction, number> = { sent: 0, received: 0 }
  const count = (direction: Direction, bytes: number): void => {
    counts[direction] += bytes
    traffic.add(direction, purpose, bytes)
  }
  relabel.set(stream, to => {
    for (const direction of ['sent', 'received'] as const) {
      traffic.add(direction, purpose, -counts[direction])
      traffic.add(direction, to, counts[direction])
    }
    purpose = to
  })
  // Not `send`: what waits there for the other side is thrown away when it goes.
  const sendData = inner.sendData.bind(inner)
  inner.sendData = data => {
    const result = sendData(data)
    count('sent', result.sentBytes)
    return result
  }
  // Not by a listener: with the first one a stream hands out all that it has kept for its reader.
  const dispatchEvent = stream.dispatchEvent.bind(stream)
  stream.dispatchEvent = event => {
    if (event.type === 'message')
      count('received', (event as unknown as { data: { byteLength: number } }).data.byteLength)
    return dispatchEvent(event)
  }
}

const nothing = {
  update(): void {},
  increment(): void {},
  decrement(): void {},
  reset(): void {},
  observe(): void {},
  timer: () => (): void => {},
}

const register = (): typeof nothing => nothing

/** Metrics of a host of which nobody wants any. */
const unmeasured: Metrics = {
  trackMultiaddrConnection() {},
  trackProtocolStream() {},
  registerMetric: register,
  registerMetricGroup: register,
  registerCounter: register,
  registerCounterGroup: register,
  registerHistogram: register,
  registerHistogramGroup: register,
  registerSummary: register,
  registerSummaryGroup: register,
  createTrace() {},
  traceFunction: <F>(_name: string, traced: F): F => traced,
}
