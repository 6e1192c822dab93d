import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bf16, f16, int8 } from '../../../src/codec/index.js'
import { HandoverReply, HeadHeader } from '../../../src/gossip/generated/handover.js'
import { decodeReply } from '../../../src/gossip/handover/sender.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import {
  createBuffers,
  createHandover,
  type Handover,
  type HandoverInit,
  type HearsayHost,
  handoverProtocol,
  type RejectedHead,
  type RejectionReason,
} from '../../../src/gossip/index.js'
import { bytesOf, encodeSafetensors, layoutOf } from '../../../src/tensors/index.js'
import { connect, never, startHost, until } from '../hosts.js'

const runId = new Uint8Array(32).fill(7)
const layout = layoutOf([{ name: 'dense/kernel', shape: [100, 10] }])
const format = headFormat(layout)
const head = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(i))
const goodHeader: HeadHeader = {
  runId,
  round: 0,
  step: 0,
  layoutDigest: format.layoutDigest,
  payloadBytes: format.payloadBytes,
}

interface Side {
  readonly host: HearsayHost
  readonly id: string
  readonly handover: Handover
  readonly rejections: RejectedHead[]
}

async function startSide(transport: 'tcp' | 'memory', init: Partial<HandoverInit> = {}): Promise<Side> {
  const host = await startHost(transport)
  const rejections: RejectedHead[] = []
  const handover = createHandover({
    runId,
    layout,
    normLimit: 1000,
    admit: (_sender, round) => (round > 3 ? 'FUTURE_ROUND' : undefined),
    onRejected: rejected => rejections.push(rejected),
    ...init,
  })({ node: host })
  await handover.start()
  onTestFinished(() => handover.stop())
  return { host, id: host.peerId.toString(), handover, rejections }
}

async function startPair(
  receiving: Partial<HandoverInit> = {},
  transport: 'tcp' | 'memory' = 'memory',
): Promise<{ sender: Side; receiver: Side }> {
  const sender = await startSide(transport)
  const receiver = await startSide(transport, receiving)
  await connect(sender.host, receiver.host)
  return { sender, receiver }
}

function openStream(from: HearsayHost, to: HearsayHost): Promise<Stream> {
  return from.dialProtocol(to.peerId, handoverProtocol.id)
}

function framed(bytes: Uint8Array): Uint8Array {
  return lengthPrefixed.encode.single(bytes).subarray()
}

/** What the receiver makes of these bytes, written as they are, and what it answers. */
async function answerTo(sender: Side, receiver: Side, ...writes: Uint8Array[]): Promise<string | undefined> {
  const stream = await openStream(sender.host, receiver.host)
  const parts: Uint8Array[] = []
  stream.addEventListener('message', ({ data }) => parts.push(data.subarray()))
  for (const bytes of writes) if (stream.writeStatus === 'writable') stream.send(bytes)
  await until(() => stream.status !== 'open' || stream.readableEnded)
  stream.abort(new Error('test is over'))
  return [...lengthPrefixed.decode(parts)].map(reply => decodeReply(reply.subarray())).at(-1)
}

function openHandoverStreams(host: HearsayHost): number {
  const streams = host.getConnections().flatMap(connection => connection.streams)
  return streams.filter(stream => stream.protocol === handoverProtocol.id).length
}

describe('nothing new', () => {
  const still = framed(HeadHeader.encode({ ...goodHeader, payloadBytes: 0, still: true }))

  it('is said in place of a head, once, by those whose heads are taken, and costs no payload', async () => {
    const { sender, receiver } = await startPair({ mayBeStill: true })
    const asks = receiver.handover.takeNew(sender.id, 0, 0, never)
    const said = await sender.handover.send(receiver.host.peerId, 0, 0, undefined, never)
    expect(said).toEqual({ ok: true, bytes: still.length })
    expect(await asks).toBeUndefined()
    expect(await answerTo(sender, receiver, still)).toBe('DUPLICATE')
    const ahead = await sender.handover.send(receiver.host.peerId, 4, 0, undefined, never)
    expect(ahead).toMatchObject({ ok: false, reason: 'FUTURE_ROUND' })
    expect(receiver.handover.counters).toMatchObject({ accepted: 0, rejected: { DUPLICATE: 1, FUTURE_ROUND: 1 } })
    // What follows all the same is not read.
    const more = framed(HeadHeader.encode({ ...goodHeader, round: 1, payloadBytes: 0, still: true }))
    expect(await answerTo(sender, receiver, more, framed(new Uint8Array(1000)))).toBe('ACCEPTED')
    const answer = await sender.handover.send(receiver.host.peerId, 0, 0, await sender.handover.encode(head), never)
    expect(answer).toMatchObject({ ok: true })
    expect(await receiver.handover.take(sender.id, 0, 0, never)).toEqual(head)
  })

  it('is refused in a run in which every head is handed over', async () => {
    for (const latestOnly of [false, true]) {
      const { sender, receiver } = await startPair({ latestOnly })
      expect(await answerTo(sender, receiver, still)).toBe('MALFORMED')
    }
  })
})

describe.each(['tcp', 'memory'] as const)('a head over %s', transport => {
  it('arrives bit by bit', async () => {
    const { sender, receiver } = await startPair({}, transport)
    const bits = new Float32Array(layout.size)
    new Uint32Array(bits.buffer).forEach((_, i, words) => {
      words[i] = (i * 2654435761) & 0xbfffffff // every exponent below 2, subnormals and −0 included
    })
    const taking = receiver.handover.take(sender.id, 0, 0, never)
    const sent = await sender.handover.send(receiver.host.peerId, 0, 0, await sender.handover.encode(bits), never)
    const received = await taking
    expect(new Uint8Array(received.buffer, received.byteOffset, received.byteLength)).toEqual(
      new Uint8Array(bits.buffer),
    )
    const headerFrame = framed(HeadHeader.encode(goodHeader)).length
    expect(sent).toEqual({ ok: true, bytes: headerFrame + framed(new Uint8Array(format.payloadBytes)).length })
    expect(receiver.handover.counters).toMatchObject({ accepted: 1, rejected: {}, receivedBytes: sent.bytes })
    expect(sender.handover.counters.sentBytes).toBe(sent.bytes)
    await until(() => openHandoverStreams(sender.host) + openHandoverStreams(receiver.host) === 0)
  })

  it.each([
    ['bf16', bf16, 0.6],
    ['f16', f16, 0.6],
    ['int8', int8, 0.4],
  ] as const)('arrives as %s, rounded, and its memory is used again', async (_, codec, share) => {
    const buffers = createBuffers()
    const [sender, receiver] = await Promise.all([
      startSide(transport, { codec, buffers }),
      startSide(transport, { codec, buffers }),
    ])
    await connect(sender.host, receiver.host)
    const payload = await sender.handover.encode(head)
    const sent = await sender.handover.send(receiver.host.peerId, 0, 0, payload, never)
    const { payloadBytes, arrivedBytes } = headFormat(layout, codec)
    const headerFrame = framed(HeadHeader.encode({ ...goodHeader, payloadBytes })).length
    expect(sent).toEqual({ ok: true, bytes: headerFrame + framed(new Uint8Array(payloadBytes)).length })
    expect(payloadBytes).toBeLessThan(format.payloadBytes * share)
    const arrived = await receiver.handover.take(sender.id, 0, 0, never)
    const worst = arrived.reduce((most, value, i) => Math.max(most, Math.abs(value - head[i]!)), 0)
    expect(worst).toBeGreaterThan(0)
    expect(worst).toBeLessThan(0.5 / 126)
    sender.handover.release(payload)
    receiver.handover.release(arrived)
    receiver.handover.release(new Float32Array(3))
    expect(buffers.take(payloadBytes).buffer).toBe(payload.buffer)
    expect(buffers.takeForHead(arrivedBytes).buffer).toBe(arrived.buffer)
  })

  it('in another encoding than the receiver’s is refused before a number of it is sent', async () => {
    const [sender, receiver] = await Promise.all([
      startSide(transport, { codec: int8 }),
      startSide(transport, { codec: f16 }),
    ])
    await connect(sender.host, receiver.host)
    const sent = await sender.handover.send(receiver.host.peerId, 0, 0, await sender.handover.encode(head), never)
    expect(sent).toMatchObject({ ok: false, reason: 'WRONG_LAYOUT' })
    expect(sent.bytes).toBeLessThan(handoverProtocol.limits.headerBytes)
    await until(() => receiver.rejections.length > 0)
    expect(receiver.handover.counters.rejected).toEqual({ WRONG_LAYOUT: 1 })
  })

  it('of many frames arrives while others go the other way', async () => {
    const large = layoutOf([{ name: 'dense/kernel', shape: [600_000] }])
    const [a, b] = await Promise.all([
      startSide(transport, { layout: large, normLimit: Infinity }),
      startSide(transport, { layout: large, normLimit: Infinity }),
    ])
    await connect(a.host, b.host)
    const fromA = new Float32Array(large.size).map((_, i) => i)
    const fromB = fromA.map(value => -value)
    for (const round of [0, 1]) {
      const sent = await Promise.all([
        a.handover.send(b.host.peerId, round, 0, await a.handover.encode(fromA), never),
        b.handover.send(a.host.peerId, round, 0, await b.handover.encode(fromB), never),
      ])
      expect(sent).toMatchObject([{ ok: true }, { ok: true }])
      const atB = await b.handover.take(a.id, round, 0, never)
      const atA = await a.handover.take(b.id, round, 0, never)
      expect(Buffer.compare(bytesOf(atB), bytesOf(fromA))).toBe(0)
      expect(Buffer.compare(bytesOf(atA), bytesOf(fromB))).toBe(0)
      a.handover.advance(round + 1, 0)
      b.handover.advance(round + 1, 0)
    }
  })
})

describe('a head is refused', () => {
  const send = async (from: Side, to: Side, round = 0, step = 0, values = head) =>
    from.handover.send(to.host.peerId, round, step, await from.handover.encode(values), never)

  it.each<[RejectionReason, Partial<HandoverInit>, number, (values: Float32Array) => void]>([
    ['NOT_A_NEIGHBOUR', { admit: () => 'NOT_A_NEIGHBOUR' }, 0, () => {}],
    ['WRONG_RUN', { runId: new Uint8Array(32).fill(8) }, 0, () => {}],
    ['FUTURE_ROUND', {}, 1e9, () => {}],
    ['WRONG_LAYOUT', { layout: layoutOf([{ name: 'dense/kernel', shape: [10, 100] }]) }, 0, () => {}],
    ['NOT_FINITE', {}, 0, values => values.fill(Number.NaN, 500, 501)],
    ['NOT_FINITE', {}, 0, values => values.fill(Infinity, 999)],
    ['NORM_TOO_LARGE', {}, 0, values => values.fill(1001, 999)],
  ])('as %s', async (reason, init, round, spoil) => {
    const { sender, receiver } = await startPair(init)
    const values = head.slice()
    spoil(values)
    expect(await send(sender, receiver, round, 0, values)).toMatchObject({ ok: false, reason })
    expect(receiver.handover.counters).toMatchObject({ accepted: 0, rejected: { [reason]: 1 } })
    expect(receiver.rejections).toEqual([{ sender: sender.id, reason, round, step: 0 }])
    await until(() => openHandoverStreams(sender.host) + openHandoverStreams(receiver.host) === 0)
  })

  it('as STALE_ROUND once we are past it', async () => {
    const { sender, receiver } = await startPair()
    receiver.handover.advance(2, 1)
    expect(await send(sender, receiver, 2, 0)).toMatchObject({ ok: false, reason: 'STALE_ROUND' })
    expect(await send(sender, receiver, 2, 1)).toMatchObject({ ok: true })
  })

  it('as DUPLICATE when it came before, and while it is arriving', async () => {
    const { sender, receiver } = await startPair()
    expect(await send(sender, receiver)).toMatchObject({ ok: true })
    expect(await send(sender, receiver)).toMatchObject({ ok: false, reason: 'DUPLICATE' })

    const first = await openStream(sender.host, receiver.host)
    const payload = framed(encodeSafetensors({ layout, values: head }))
    first.send(framed(HeadHeader.encode({ ...goodHeader, round: 1 })))
    first.send(payload.subarray(0, 1000))
    await until(() => receiver.handover.counters.receivedBytes > payload.length + 1000)
    expect(await send(sender, receiver, 1)).toMatchObject({ ok: false, reason: 'DUPLICATE' })
    first.send(payload.subarray(1000))
    const received = await receiver.handover.take(sender.id, 1, 0, never)
    expect(received).toEqual(head)
  })

  it('as WRONG_SIZE when it declares or sends anything but the exact size', async () => {
    const { sender, receiver } = await startPair()
    const one = { ...goodHeader, payloadBytes: format.payloadBytes + 1 }
    expect(await answerTo(sender, receiver, framed(HeadHeader.encode(one)))).toBe('WRONG_SIZE')
    const grown = new Uint8Array([...encodeSafetensors({ layout, values: head }), 0])
    const header = framed(HeadHeader.encode(goodHeader))
    expect(await answerTo(sender, receiver, header, framed(grown))).toBe('WRONG_SIZE')
  })

  it('as OVERSIZE_FRAME by the length of a frame alone', async () => {
    const { sender, receiver } = await startPair()
    expect(await answerTo(sender, receiver, Uint8Array.of(0xff, 0xff, 0x03))).toBe('OVERSIZE_FRAME')
    const header = framed(HeadHeader.encode(goodHeader))
    expect(await answerTo(sender, receiver, header, Uint8Array.of(0x81, 0x80, 0x04))).toBe('OVERSIZE_FRAME')
    expect(receiver.handover.counters.rejected).toEqual({ OVERSIZE_FRAME: 2 })
  })

  it('as MALFORMED when it is garbage', async () => {
    const { sender, receiver } = await startPair()
    expect(await answerTo(sender, receiver, framed(new Uint8Array(50).fill(0xab)))).toBe('MALFORMED')
    expect(await answerTo(sender, receiver, Uint8Array.of(0))).toBe('MALFORMED')
    const garbage = framed(new Uint8Array(format.payloadBytes).fill(0x20))
    expect(await answerTo(sender, receiver, framed(HeadHeader.encode(goodHeader)), garbage)).toBe('MALFORMED')
  })

  it('as TIMEOUT when it does not begin, or never ends', async () => {
    const { sender, receiver } = await startPair({ deadlines: { firstByteMs: 50, transferMs: 100 } })
    const header = framed(HeadHeader.encode(goodHeader))
    expect(await answerTo(sender, receiver, header.subarray(0, 10))).toBe('TIMEOUT')
    expect(
      await answerTo(sender, receiver, header, framed(encodeSafetensors({ layout, values: head })).subarray(0, 99)),
    ).toBe('TIMEOUT')
    expect(receiver.handover.counters.rejected).toEqual({ TIMEOUT: 2 })
    await until(() => openHandoverStreams(receiver.host) === 0)
    // What failed did not take the honest head's place.
    expect(await send(sender, receiver)).toMatchObject({ ok: true })
  })

  it('as CUT_OFF when the stream is reset or closed midway', async () => {
    const { sender, receiver } = await startPair()
    for (const end of [(s: Stream) => s.abort(new Error('cut')), (s: Stream) => void s.close()]) {
      const stream = await openStream(sender.host, receiver.host)
      const before = receiver.handover.counters.rejected.CUT_OFF ?? 0
      stream.send(framed(HeadHeader.encode(goodHeader)))
      stream.send(framed(encodeSafetensors({ layout, values: head })).subarray(0, 500))
      end(stream)
      await until(() => receiver.handover.counters.rejected.CUT_OFF === before + 1)
    }
    await until(() => openHandoverStreams(receiver.host) === 0)
  })

  it('as TOO_MANY_ATTEMPTS when it keeps failing', async () => {
    const { sender, receiver } = await startPair()
    const bad = head.slice().fill(Number.NaN, 999)
    for (let i = 0; i < handoverProtocol.limits.attemptsPerHead; i++) {
      expect(await send(sender, receiver, 0, 0, bad)).toMatchObject({ reason: 'NOT_FINITE' })
    }
    expect(await send(sender, receiver)).toMatchObject({ reason: 'TOO_MANY_ATTEMPTS' })
    expect(await send(sender, receiver, 1)).toMatchObject({ ok: true })
  })

  it('as TOO_MANY_STREAMS when one peer opens more than it needs', async () => {
    const { sender, receiver } = await startPair()
    const { streamsPerPeer } = handoverProtocol.limits
    const held: Stream[] = []
    for (let i = 0; i < streamsPerPeer; i++) held.push(await openStream(sender.host, receiver.host))
    await until(() => openHandoverStreams(receiver.host) === streamsPerPeer)
    expect(await send(sender, receiver)).toMatchObject({ ok: false, reason: 'TOO_MANY_STREAMS' })
    for (const stream of held) stream.abort(new Error('let go'))
    await until(() => receiver.handover.counters.rejected.CUT_OFF === streamsPerPeer)
    expect(await send(sender, receiver)).toMatchObject({ ok: true })
  })
})

describe('a receiver', () => {
  it('takes a head that comes in thousands of tiny frames', async () => {
    const { sender, receiver } = await startPair()
    const payload = encodeSafetensors({ layout, values: head })
    const tiny: Uint8Array[] = [framed(HeadHeader.encode(goodHeader))]
    for (const byte of payload) tiny.push(Uint8Array.of(1, byte))
    expect(tiny.length).toBeGreaterThan(4000)
    const taking = receiver.handover.take(sender.id, 0, 0, never)
    expect(await answerTo(sender, receiver, ...tiny)).toBe('ACCEPTED')
    expect(await taking).toEqual(head)
  })

  it('pays next to nothing for a stranger who is connected but no neighbour', async () => {
    const large = layoutOf([{ name: 'dense/kernel', shape: [4_000_000] }])
    const stranger = await startSide('memory', { layout: large })
    const neighbour = await startSide('memory', { layout: large })
    const receiver = await startSide('memory', {
      layout: large,
      admit: sender => (sender === neighbour.id ? undefined : 'NOT_A_NEIGHBOUR'),
    })
    await connect(stranger.host, receiver.host)
    await connect(neighbour.host, receiver.host)
    const payload = await stranger.handover.encode(new Float32Array(large.size))
    for (let i = 0; i < 10; i++) {
      const result = await stranger.handover.send(receiver.host.peerId, 0, i, payload, never)
      expect(result).toMatchObject({ ok: false, reason: 'NOT_A_NEIGHBOUR' })
    }
    expect(receiver.handover.counters.receivedBytes).toBeLessThan(1000)
    const [sent, taken] = await Promise.all([
      neighbour.handover.send(receiver.host.peerId, 0, 0, payload, never),
      receiver.handover.take(neighbour.id, 0, 0, never),
    ])
    expect(sent.ok).toBe(true)
    expect(taken).toHaveLength(large.size)
  })

  it('answers in a code that other versions may extend', () => {
    expect(decodeReply(HandoverReply.encode({ code: HandoverReply.Code.ACCEPTED }))).toBe('ACCEPTED')
    expect(() => decodeReply(new Uint8Array(0))).toThrow('MALFORMED')
    expect(() => decodeReply(Uint8Array.of(0x08, 99))).toThrow('MALFORMED')
  })
})

describe('a sender', () => {
  it('learns quickly that a neighbour is gone', async () => {
    const { sender, receiver } = await startPair({}, 'tcp')
    const addresses = receiver.host.getMultiaddrs().map(address => multiaddr(address.toString()))
    await receiver.host.stop()
    await until(() => sender.host.getConnections().length === 0)
    const payload = await sender.handover.encode(head)
    for (const to of [receiver.host.peerId, addresses]) {
      const result = await sender.handover.send(to, 0, 0, payload, AbortSignal.timeout(4000))
      expect(result).toEqual({ ok: false, reason: 'UNREACHABLE', bytes: 0 })
    }
  })

  it('says so when the other does not speak the protocol', async () => {
    const { sender, receiver } = await startPair()
    await receiver.handover.stop()
    const result = await sender.handover.send(receiver.host.peerId, 0, 0, await sender.handover.encode(head), never)
    expect(result).toEqual({ ok: false, reason: 'UNREACHABLE', bytes: 0 })
  })

  /** A neighbour that speaks the protocol in its own way. */
  async function startWith(answer: (stream: Stream) => void): Promise<{ sender: Side; odd: HearsayHost }> {
    const sender = await startSide('memory', { deadlines: { transferMs: 100 } })
    const odd = await startHost()
    await odd.handle(handoverProtocol.id, stream => {
      stream.addEventListener('message', () => {})
      answer(stream)
    })
    await connect(sender.host, odd)
    return { sender, odd }
  }

  it.each<[string, string, (stream: Stream) => void]>([
    ['never answers', 'TIMEOUT', () => {}],
    ['resets', 'CUT_OFF', stream => stream.abort(new Error('no'))],
    ['closes without an answer', 'CUT_OFF', stream => void stream.close()],
    ['answers garbage', 'MALFORMED', stream => stream.send(Uint8Array.of(2, 0xff, 0xff))],
    ['says CONTINUE again and again', 'MALFORMED', stream => stream.send(Uint8Array.of(2, 8, 1, 2, 8, 1))],
    ['says CONTINUE and no more', 'TIMEOUT', stream => stream.send(Uint8Array.of(2, 8, 1))],
    ['answers at length', 'OVERSIZE_FRAME', stream => stream.send(new Uint8Array(100).fill(99))],
  ])('is not harmed by a neighbour that %s', async (_, reason, answer) => {
    const { sender, odd } = await startWith(answer)
    const result = await sender.handover.send(odd.peerId, 0, 0, await sender.handover.encode(head), never)
    expect(result).toMatchObject({ ok: false, reason })
    await until(() => openHandoverStreams(sender.host) === 0)
  })

  it('stops when its caller says so, whatever it was doing', async () => {
    const { sender, odd } = await startWith(() => {})
    const payload = await sender.handover.encode(head)
    await expect(
      sender.handover.send(odd.peerId, 0, 0, payload, AbortSignal.abort(new Error('before'))),
    ).rejects.toThrow('before')
    const control = new AbortController()
    const sending = sender.handover.send(odd.peerId, 0, 0, payload, control.signal)
    await until(() => openHandoverStreams(odd) === 1)
    control.abort(new Error('round is over'))
    await expect(sending).rejects.toThrow('round is over')
    await until(() => openHandoverStreams(sender.host) === 0)
  })
})

describe('start and stop', () => {
  it('may be called twice, and stop ends what is under way', async () => {
    const { sender, receiver } = await startPair({}, 'tcp')
    await sender.handover.start()
    const stream = await openStream(sender.host, receiver.host)
    await until(() => openHandoverStreams(receiver.host) === 1)
    stream.send(framed(HeadHeader.encode(goodHeader)))
    await Promise.all([receiver.handover.stop(), receiver.handover.stop()])
    await until(() => stream.status !== 'open')
    expect(receiver.handover.counters.rejected).toEqual({})
    await sender.handover.stop()
    expect(await sender.handover.send(receiver.host.peerId, 0, 0, new Uint8Array(1), never)).toMatchObject({
      ok: false,
    })
  })

  it('leave no socket behind', async () => {
    const held = (): string[] => process.getActiveResourcesInfo().filter(name => name.startsWith('TCP'))
    const before = held().length
    const { sender, receiver } = await startPair({}, 'tcp')
    await sender.handover.send(receiver.host.peerId, 0, 0, await sender.handover.encode(head), never)
    await receiver.handover.take(sender.id, 0, 0, never)
    expect(held().length).toBeGreaterThan(before)
    for (const side of [sender, receiver]) {
      await side.handover.stop()
      await side.host.stop()
    }
    await until(() => held().length <= before)
  })
})
