import { noise as libraryNoise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { ConnectionEncrypter, MessageStream, PeerId, StreamMuxerFactory, Upgrader } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddrConnectionPair } from '@libp2p/utils'
import fc from 'fast-check'
import { createLibp2p } from 'libp2p'
import { describe, expect, it, onTestFinished } from 'vitest'
import { maxHandshakeBytes, noise } from '../../../src/gossip/noise/noise.js'
import { never, newKey, startHost, until } from '../hosts.js'

interface Side {
  readonly library?: boolean
  readonly muxers?: readonly string[]
}

/** One side's encrypter and identity. */
async function sideOf({ library = false, muxers = ['/yamux/1.0.0'] }: Side = {}): Promise<{
  encrypter: ConnectionEncrypter
  peerId: PeerId
}> {
  const privateKey = await newKey()
  const peerId = peerIdFromPrivateKey(privateKey)
  const factories = new Map<string, StreamMuxerFactory>(
    muxers.map(protocol => [protocol, { protocol, createStreamMuxer: maConn => yamux()().createStreamMuxer(maConn) }]),
  )
  const unused = (): never => {
    throw new Error('An encrypter has no use for this')
  }
  const upgrader: Upgrader = {
    upgradeInbound: unused,
    upgradeOutbound: unused,
    createInboundAbortSignal: unused,
    getConnectionEncrypters: unused,
    getStreamMuxers: () => factories,
  }
  const components = { privateKey, peerId, upgrader, logger: defaultLogger() }
  return { encrypter: (library ? libraryNoise() : noise())(components), peerId }
}

/** Shakes hands over a connection in this process. */
async function secured(dialler: Side = {}, listener: Side = {}, expected?: PeerId, isMuxerAgreedLater = false) {
  const [from, to] = [await sideOf(dialler), await sideOf(listener)]
  const [outbound, inbound] = multiaddrConnectionPair()
  const options = { skipStreamMuxerNegotiation: isMuxerAgreedLater, signal: never }
  const [outer, inner] = await Promise.all([
    from.encrypter.secureOutbound(outbound, { ...options, remotePeer: expected ?? to.peerId }),
    to.encrypter.secureInbound(inbound, options),
  ]).catch(error => {
    outbound.abort(error)
    inbound.abort(error)
    throw error
  })
  onTestFinished(() => outbound.abort(new Error('The test is over')))
  return { outer, inner, from, to, outbound, inbound }
}

/** Everything that arrives from now on. */
function bytesOf(stream: MessageStream): { readonly bytes: Uint8Array } {
  const parts: Uint8Array[] = []
  stream.addEventListener('message', ({ data }) => parts.push(data.subarray()))
  return {
    get bytes() {
      return Buffer.concat(parts)
    },
  }
}

const sides = [
  ['ours and ours', {}, {}],
  ['ours and the library’s', {}, { library: true }],
  ['the library’s and ours', { library: true }, {}],
] as const

describe.each(sides)('a connection between %s', (_, dialler, listener) => {
  it('knows both peers and their multiplexer', async () => {
    const { outer, inner, from, to } = await secured(dialler, listener)
    expect(outer.remotePeer.equals(to.peerId)).toBe(true)
    expect(inner.remotePeer.equals(from.peerId)).toBe(true)
    expect([outer, inner].map(({ streamMuxer }) => streamMuxer?.protocol)).toEqual(['/yamux/1.0.0', '/yamux/1.0.0'])
  })

  it('carries bytes of any number both ways', async () => {
    const { outer, inner } = await secured(dialler, listener)
    const arrived = [bytesOf(inner.connection), bytesOf(outer.connection)] as const
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 65_000, max: 200_000 })))
    let sent = [0, 0]
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 0, max: 1 }), async (lengths, way) => {
        for (const length of lengths) {
          const from = [outer.connection, inner.connection][way]!
          from.send(Uint8Array.from({ length }, (_, i) => sent[way]! + i))
          sent = sent.map((total, i) => (i === way ? total + length : total))
        }
        await until(() => arrived.every(({ bytes }, i) => bytes.length === sent[i]))
      }),
      { numRuns: 8, endOnFailure: true },
    )
    for (const { bytes } of arrived) {
      // Each write counts on from where the last one ended.
      expect(bytes.every((byte, i) => byte === (i & 0xff))).toBe(true)
    }
  })

  it('agrees on the multiplexer later where it is told to', async () => {
    const { outer, inner } = await secured(dialler, listener, undefined, true)
    expect([outer.streamMuxer, inner.streamMuxer]).toEqual([undefined, undefined])
  })

  it('is refused by the dialler when another peer answers', async () => {
    const { peerId } = await sideOf()
    await expect(secured(dialler, listener, peerId)).rejects.toThrow(/another|not match/)
  })

  it('is refused without a common multiplexer', async () => {
    await expect(secured({ ...dialler, muxers: ['/a'] }, { ...listener, muxers: ['/b'] })).rejects.toThrow(
      /muxer|multiplexer/,
    )
  })
})

describe('a connection', () => {
  it('has the first multiplexer of the dialler that both have', async () => {
    const { outer, inner } = await secured({ muxers: ['/a', '/b', '/c'] }, { muxers: ['/c', '/b'] })
    expect([outer, inner].map(({ streamMuxer }) => streamMuxer?.protocol)).toEqual(['/b', '/b'])
  })

  it('ends when a byte was changed, and hands on nothing of it', async () => {
    const { outer, inner, outbound, inbound } = await secured()
    const arrived = bytesOf(inner.connection)
    outer.connection.send(Uint8Array.of(1, 2, 3))
    await until(() => arrived.bytes.length === 3)
    const forged = new Uint8Array(2 + 20)
    forged[1] = 20
    outbound.send(forged)
    await until(() => inner.connection.status === 'aborted')
    expect(arrived.bytes.length).toBe(3)
    expect(inbound.status).toBe('aborted')
    await until(() => outer.connection.status !== 'open')
    expect(() => outer.connection.send(Uint8Array.of(4))).toThrow()
  })

  it('hands on what came before it was closed', async () => {
    const { outer, inner } = await secured()
    const arrived = bytesOf(inner.connection)
    outer.connection.send(new Uint8Array(100_000))
    await outer.connection.close()
    await until(() => inner.connection.status === 'closed')
    expect(arrived.bytes.length).toBe(100_000)
  })

  it('is reset with the connection below', async () => {
    const { outer, inner, outbound } = await secured()
    outbound.abort(new Error('Gone'))
    expect(outer.connection.status).toBe('aborted')
    await until(() => inner.connection.status === 'reset')
  })

  it('makes its writer wait while the connection below does, and keeps what its reader does not take', async () => {
    const { outer, inner } = await secured()
    const arrived = bytesOf(inner.connection)
    inner.connection.pause()
    let sent = 0
    while (outer.connection.send(new Uint8Array(65_536)) && sent < 2 ** 26) sent += 65_536
    sent += 65_536
    expect(outer.connection.writableNeedsDrain).toBe(true)
    expect(arrived.bytes.length).toBe(0)
    inner.connection.resume()
    await until(() => arrived.bytes.length === sent)
    await until(() => !outer.connection.writableNeedsDrain)
  })

  it('is refused for a message of the handshake that is too long', async () => {
    const { encrypter } = await sideOf()
    const [outbound, inbound] = multiaddrConnectionPair()
    onTestFinished(() => outbound.abort(new Error('The test is over')))
    const refused = expect(encrypter.secureInbound(inbound, { signal: never })).rejects.toThrow(/too long/)
    outbound.send(Uint8Array.of((maxHandshakeBytes + 1) >> 8, (maxHandshakeBytes + 1) & 0xff))
    await refused
  })

  it('is given up with the signal', async () => {
    const { encrypter } = await sideOf()
    const [outbound] = multiaddrConnectionPair()
    onTestFinished(() => outbound.abort(new Error('The test is over')))
    const ending = new AbortController()
    const refused = expect(encrypter.secureOutbound(outbound, { signal: ending.signal })).rejects.toThrow('Enough')
    ending.abort(new Error('Enough'))
    await refused
  })
})

describe('a host', () => {
  it('talks over TCP with a host that has the library’s Noise, whoever dials', async () => {
    const ours = await startHost('tcp')
    for (const dialsUs of [true, false]) {
      const foreign = await createLibp2p({
        addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
        transports: [tcp()],
        connectionEncrypters: [libraryNoise()],
        streamMuxers: [yamux()],
        services: { identify: identify() },
      })
      onTestFinished(() => foreign.stop())
      const total = 3_000_000
      let got = 0
      await foreign.handle('/count/1', async stream => {
        for await (const chunk of stream) got += chunk.byteLength
        await stream.close()
      })
      if (dialsUs) await foreign.dial(ours.getMultiaddrs())
      else await ours.dial(foreign.getMultiaddrs())
      await until(() => ours.getConnections(foreign.peerId).length > 0)
      const stream = await ours.dialProtocol(foreign.peerId, '/count/1')
      stream.send(new Uint8Array(total))
      await stream.close()
      await until(() => got === total)
    }
  })
})
