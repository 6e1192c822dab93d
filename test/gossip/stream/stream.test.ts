import type { Stream } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { finish, receive, transmit } from '../../../src/gossip/stream/stream.js'
import { connect, never, startHost, until } from '../hosts.js'

const protocol = '/hearsay/test/1.0.0'

/** Both ends of one stream between two hosts: who opened it, and who was asked. */
async function streamPair(transport: 'tcp' | 'memory' = 'memory'): Promise<{ ours: Stream; theirs: Stream }> {
  const [a, b] = await Promise.all([startHost(transport), startHost(transport)])
  await connect(a, b)
  let theirs: Stream | undefined
  await b.handle(protocol, stream => {
    theirs = stream
  })
  const ours = await a.dialProtocol(b.peerId, protocol)
  await until(() => theirs !== undefined)
  return { ours, theirs: theirs! }
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

async function* chunks(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(bytes).fill(i)
}

describe.each(['tcp', 'memory'] as const)('a stream over %s', transport => {
  it('carries bytes from transmit to receive, counted on both sides', async () => {
    const { ours, theirs } = await streamPair(transport)
    let sent = 0
    let received = 0
    const reading = bytesOf(
      receive(theirs, never, bytes => {
        received += bytes
      }),
    )
    await transmit(ours, never, bytes => {
      sent += bytes
    })(chunks(100, 30_000))
    // Not toEqual: it looks at each of three million numbers.
    expect(Buffer.compare(await reading, await bytesOf(chunks(100, 30_000)))).toBe(0)
    expect(sent).toBe(3_000_000)
    expect(received).toBe(3_000_000)
  })

  it('holds the writer back while nobody reads, time and again', async () => {
    const { ours, theirs } = await streamPair(transport)
    const total = 24 * 2 ** 20
    let sent = 0
    const writing = transmit(ours, never, bytes => {
      sent += bytes
    })(chunks(total / 65536, 65536))
    const reading = receive(theirs, never)[Symbol.asyncIterator]()
    let read = 0
    let ahead = 0
    for (;;) {
      const { done, value } = await reading.next()
      if (done === true) break
      read += value.length
      // A slow reader: the network has all the time it wants to push more.
      if (read % 7 === 0) await new Promise(resolve => setTimeout(resolve, 2))
      ahead = Math.max(ahead, sent - read)
    }
    await writing
    expect(read).toBe(total)
    expect(ahead).toBeLessThan(6 * 2 ** 20)
  })
})

describe('receive', () => {
  it('ends on a stream that was reset before the first look, with what had come before', async () => {
    const { ours, theirs } = await streamPair()
    ours.send(Uint8Array.of(1, 2, 3))
    await until(() => theirs.readBufferLength === 3)
    ours.abort(new Error('changed my mind'))
    await until(() => theirs.status !== 'open')
    expect(await bytesOf(receive(theirs, never))).toEqual(Uint8Array.of(1, 2, 3))
    expect(await bytesOf(receive(theirs, never))).toEqual(new Uint8Array(0))
  })

  it('ends when the connection goes', async () => {
    const { ours, theirs } = await streamPair('tcp')
    const reading = bytesOf(receive(theirs, never))
    ours.send(Uint8Array.of(1))
    ours.abort(new Error('gone'))
    await reading
    expect(theirs.status).not.toBe('open')
  })

  it('rejects with its signal and leaves no listener', async () => {
    const { theirs } = await streamPair()
    const control = new AbortController()
    const reading = bytesOf(receive(theirs, control.signal))
    control.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    expect(theirs.status).toBe('open')
  })
})

describe('transmit', () => {
  it('rejects with its signal while the other side does not read', async () => {
    const { ours, theirs } = await streamPair()
    theirs.pause()
    theirs.addEventListener('message', () => {})
    const control = new AbortController()
    const writing = transmit(ours, control.signal)(chunks(1000, 65536))
    await until(() => ours.writableNeedsDrain)
    control.abort(new Error('enough'))
    await expect(writing).rejects.toThrow('enough')
  })

  it('rejects when the other side resets', async () => {
    const { ours, theirs } = await streamPair()
    theirs.pause()
    theirs.addEventListener('message', () => {})
    const writing = transmit(ours, never)(chunks(1000, 65536))
    await until(() => ours.writableNeedsDrain)
    theirs.abort(new Error('no thanks'))
    await expect(writing).rejects.toThrow()
  })
})

describe('finish', () => {
  it('waits for the other side to close', async () => {
    const { ours, theirs } = await streamPair()
    await ours.close()
    const finishing = finish(ours, 10_000, never)
    await theirs.close()
    await finishing
    expect(ours.status).toBe('closed')
  })

  it('resets a stream that the other side leaves half open', async () => {
    const { ours, theirs } = await streamPair()
    await ours.close()
    await finish(ours, 20, never)
    await until(() => theirs.status === 'reset')
    expect(ours.status).toBe('aborted')
  })

  it('waits as long as it takes where there is no limit, and ends with its signal', async () => {
    const { ours, theirs } = await streamPair()
    await ours.close()
    const end = new AbortController()
    const finishing = finish(ours, Number.POSITIVE_INFINITY, end.signal)
    await new Promise(resolve => setImmediate(resolve))
    expect(ours.status).not.toBe('aborted')
    end.abort()
    await finishing
    await until(() => theirs.status === 'reset')
  })
})
