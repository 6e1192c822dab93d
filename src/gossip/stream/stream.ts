import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { createDeadline } from '../../deadline.js'
import { inTurn } from '../../turns.js'

/**
 * Bytes that may have arrived unread before the other side is made to wait. Below the stream's
 * own limit (host/host.ts), above which libp2p resets it.
 */
const highWaterBytes = 256 * 1024

/**
 * First stage of what comes off a stream: its bytes as they arrive. Ends when no more can come, for whatever reason:
 * whether that was too early is for the stages behind it to decide. Unlike the stream's own iterator it slows the
 * sender down when nothing is read, ends on a stream that was reset before the first look at it, and ends with
 * `signal`.
 *
 * @param count - called with the size of everything that arrives
 * @throws the signal's reason
 */
export async function* receive(
  stream: Stream,
  signal: AbortSignal,
  count: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  let arrived: Uint8Array[] = []
  let arrivedBytes = 0
  let ended = false
  let resuming = false
  let wake = (): void => {}

  const onMessage = ({ data }: { data: Uint8Array | Uint8ArrayList }): void => {
    count(data.byteLength)
    arrivedBytes += data.byteLength
    if (data instanceof Uint8Array) arrived.push(data)
    else for (const part of data) arrived.push(part)
    slowDown()
    wake()
  }
  // Not from within `resume()`: it hands out what it has, and yamux then opens the window again even if we paused
  // meanwhile. The stream would count as paused, its sender would not, and the buffer would overflow.
  const slowDown = (): void => {
    if (arrivedBytes > highWaterBytes && !resuming && stream.readStatus === 'readable') stream.pause()
  }
  const onEnd = (): void => {
    ended = true
    wake()
  }
  // 'close' comes at once even where unread bytes are left; 'end' follows when those are read.
  const onClose = (): void => {
    if (stream.readBufferLength === 0) onEnd()
    else wake()
  }
  const onAbort = (): void => wake()

  signal.throwIfAborted()
  if (stream.readableEnded || (stream.status !== 'open' && stream.readBufferLength === 0)) return
  stream.addEventListener('end', onEnd)
  stream.addEventListener('close', onClose)
  stream.addEventListener('message', onMessage)
  signal.addEventListener('abort', onAbort)
  try {
    for (;;) {
      signal.throwIfAborted()
      if (arrived.length > 0) {
        const batch = arrived
        arrived = []
        for (const bytes of batch) {
          arrivedBytes -= bytes.length
          yield bytes
          signal.throwIfAborted()
        }
      } else if (stream.readStatus === 'paused') {
        resuming = true
        stream.resume()
        resuming = false
        slowDown()
      } else if (ended) {
        return
      } else {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  } finally {
    stream.removeEventListener('end', onEnd)
    stream.removeEventListener('close', onClose)
    stream.removeEventListener('message', onMessage)
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * Last stage of what goes onto a stream: writes as fast as the other side reads, then closes our end. Each chunk in its
 * turn of the event loop: libp2p encrypts within `send`, and a socket that takes all it is given would otherwise take
 * a whole window, a megabyte of every stream, before anything else has its turn.
 *
 * @param count - called with the size of everything that is written
 * @throws the signal's reason, or the stream's error when the other side has gone
 */
export function transmit(
  stream: Stream,
  signal: AbortSignal,
  count: (bytes: number) => void = () => {},
): (source: AsyncIterable<Uint8Array | Uint8ArrayList>) => Promise<void> {
  return async source => {
    for await (const chunk of source) {
      signal.throwIfAborted()
      count(chunk.byteLength)
      await inTurn(() => stream.send(chunk))
      while (stream.writableNeedsDrain) await drained(stream, signal)
    }
    await stream.close({ signal })
  }
}

/**
 * Waits until the stream takes bytes again. Not `stream.onDrain()`: in @libp2p/utils 7.4.1 its promise is made once and
 * stays resolved after the first drain, so every later wait returns at once and a slow reader's bytes pile up here.
 */
function drained(stream: Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => (): void => {
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      signal.removeEventListener('abort', onAbort)
      end()
    }
    const onDrain = settle(resolve)
    const onClose = settle(() => reject(new Error('The stream closed while bytes were waiting')))
    const onAbort = settle(() => reject(signal.reason))
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    else if (stream.status !== 'open') onClose()
  })
}

/**
 * Gives the other side `ms` to close its end of a finished stream, or until `signal` ends, then resets it. No stream is
 * left half open.
 */
export async function finish(stream: Stream, ms: number, signal: AbortSignal): Promise<void> {
  if (stream.status !== 'open') return
  const deadline = createDeadline(signal)
  deadline.within(ms, new Error('The other side did not close its end'))
  await new Promise<void>(resolve => {
    function done(): void {
      deadline.clear()
      stream.removeEventListener('close', done)
      resolve()
    }
    stream.addEventListener('close', done)
    deadline.signal.addEventListener('abort', done)
    if (deadline.signal.aborted) done()
  })
  stream.abort(new Error('The other side did not close its end'))
}
