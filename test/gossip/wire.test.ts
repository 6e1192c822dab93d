import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agreementTopic } from '../../src/gossip/agreement/protocol.js'
import { decodeStatement, encodeStatement, type Statement } from '../../src/gossip/agreement/statement.js'
import { decodeSum, encodeSum } from '../../src/gossip/agreement/sum.js'
import { digestOf } from '../../src/gossip/digest.js'
import { HandoverReply, HeadHeader } from '../../src/gossip/generated/handover.js'
import { PresenceRecord } from '../../src/gossip/generated/presence.js'
import { decodeHeadHeader } from '../../src/gossip/handover/header.js'
import { decodeReply } from '../../src/gossip/handover/sender.js'
import { createBuffers } from '../../src/gossip/head/buffers.js'
import { headFormat } from '../../src/gossip/head/format.js'
import { encodeHead } from '../../src/gossip/head/payload.js'
import {
  createHandover,
  type Handover,
  type HearsayHost,
  handoverProtocol,
  headsTopic,
  presenceTopic,
} from '../../src/gossip/index.js'
import { maskGroup } from '../../src/gossip/masks/group.js'
import { maskOf, type Pair } from '../../src/gossip/masks/mask.js'
import { masked, maskedLayout, unmask, writeMasked } from '../../src/gossip/masks/masked-head.js'
import { decodePresence, encodePresence, type RoundReport, type Standing } from '../../src/gossip/presence/report.js'
import { decodeExperts, encodeExperts } from '../../src/gossip/publication/expert-list.js'
import { decodePublished, encodePublished, type PublishedFormat } from '../../src/gossip/publication/published-head.js'
import { encodeSigned, readSigned, signMessage } from '../../src/gossip/pubsub/signed-message.js'
import { canonicalManifest, parseManifest, runIdOf } from '../../src/node/index.js'
import { type Layout, layoutOf } from '../../src/tensors/index.js'
import { codecNamed } from '../codec/named.js'
import { connect, never, startHost, until } from './hosts.js'

/*
 * What docs/wire.md promises to others, byte by byte. A failure here is a change that peers of other versions and
 * languages see. Where it is meant, `npx vitest run --project unit test/gossip/wire.test.ts -u` writes the files anew.
 */

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const framed = (bytes: Uint8Array): Uint8Array => lengthPrefixed.encode.single(bytes).subarray()
const unframed = (bytes: Uint8Array): Uint8Array => [...lengthPrefixed.decode([bytes])][0]!.subarray()

const encodingNames = ['f32', 'bf16', 'f16', 'int8', 'qsgd', 'topk', 'topk2bit', 'randk', 'sign'] as const
type Encoding = (typeof encodingNames)[number]
const fixture = (name: string): URL => new URL(`../fixtures/wire/${name}.json`, import.meta.url)
/** The file is what our code makes. */
async function expectMakes(name: string, vectors: object): Promise<void> {
  await expect(`${JSON.stringify(vectors, null, 2)}\n`).toMatchFileSnapshot(fixture(name).pathname)
}
/** The file, for what our code makes of it. */
const vectorsIn = <T>(name: string): T => JSON.parse(readFileSync(fixture(name), 'utf8')) as T

const runId = Uint8Array.from({ length: 32 }, (_, i) => i)

const layout = layoutOf([
  { name: 'dense/kernel', shape: [2, 3] },
  { name: 'dense/bias', shape: [3] },
  { name: 'norm/gamma', shape: [] },
  { name: 'output/bias', shape: [2] },
])
// Zero, ties that go down and up, what half precision has no room for, and what it has only as a subnormal.
const values = Float32Array.of(0, 1, -1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -1 / 3, 100_000, -3e-5, 0.1, 1e-7, 0, 0)

/** The header of one who has nothing new, in f32. */
const still: HeadHeader = {
  ...{ runId, round: 7, step: 1, payloadBytes: 0, still: true },
  layoutDigest: headFormat(layout, codecNamed('f32')).layoutDigest,
}

interface HeadVector {
  readonly safetensorsHeader: string
  readonly layoutDigest: string
  readonly payloadBytes: number
  /** What the sender writes: header, then the payload as one frame. */
  readonly headerFrame: string
  readonly payloadFrame: string
  /** What the receiver reads out of it. */
  readonly decoded: readonly number[]
}

interface HeadVectors {
  readonly runId: string
  /** The whole first frame of one who has nothing new. */
  readonly stillFrame: string
  readonly round: number
  readonly step: number
  readonly layout: readonly { readonly name: string; readonly shape: readonly number[] }[]
  readonly values: readonly number[]
  readonly encodings: Readonly<Record<Encoding, HeadVector>>
}

interface Side {
  readonly host: HearsayHost
  readonly handover: Handover
}

async function startSide(encoding: Encoding, of: Layout = layout): Promise<Side> {
  const host = await startHost()
  const init = { runId, layout: of, codec: codecNamed(encoding), normLimit: 1e6, admit: () => undefined }
  const handover = createHandover(init)({ node: host })
  await handover.start()
  onTestFinished(() => handover.stop())
  return { host, handover }
}

/** Everything that comes on a stream, as it comes. */
function listen(stream: Stream): { bytes: Uint8Array } {
  const heard = { bytes: new Uint8Array(0) }
  stream.addEventListener('message', ({ data }) => {
    heard.bytes = Buffer.concat([heard.bytes, data.subarray()])
  })
  return heard
}

const replyFrame = (code: HandoverReply.Code): Uint8Array => framed(HandoverReply.encode({ code }))

describe('the vectors of a head', () => {
  it('are what our encoders write', async () => {
    const encodings: Record<string, HeadVector> = {}
    for (const encoding of encodingNames) {
      const format = headFormat(layout, codecNamed(encoding))
      const { layoutDigest, payloadBytes } = format
      const payload = await encodeHead(format, values, createBuffers())
      const { handover } = await startSide(encoding)
      encodings[encoding] = {
        safetensorsHeader: Buffer.from(format.header.subarray(8)).toString(),
        layoutDigest: hex(layoutDigest),
        payloadBytes,
        headerFrame: hex(framed(HeadHeader.encode({ runId, round: 7, step: 1, layoutDigest, payloadBytes }))),
        payloadFrame: hex(framed(payload)),
        decoded: [...(await handover.decode(payload))],
      }
    }
    const tensors = layout.tensors.map(({ name, shape }) => ({ name, shape }))
    await expectMakes('heads', {
      runId: hex(runId),
      round: 7,
      step: 1,
      layout: tensors,
      values: [...values],
      encodings,
      stillFrame: hex(framed(HeadHeader.encode(still))),
    })
  })

  it('may be none: nothing is new', () => {
    const { stillFrame } = vectorsIn<HeadVectors>('heads')
    expect(decodeHeadHeader(unframed(bytesOf(stillFrame)))).toEqual(still)
  })

  describe.each(encodingNames)('in %s', encoding => {
    const vectors = vectorsIn<HeadVectors>('heads')
    const vector = vectors.encodings[encoding]
    const { round, step } = vectors

    it('are read as they say', () => {
      expect(decodeHeadHeader(unframed(bytesOf(vector.headerFrame)))).toEqual({
        runId: bytesOf(vectors.runId),
        round,
        step,
        layoutDigest: bytesOf(vector.layoutDigest),
        payloadBytes: vector.payloadBytes,
      })
      const payload = unframed(bytesOf(vector.payloadFrame))
      expect(payload).toHaveLength(vector.payloadBytes)
      const header = payload.subarray(0, 8 + vector.safetensorsHeader.length)
      expect(hex(createHash('sha256').update(header).digest())).toBe(vector.layoutDigest)
    })

    it('are accepted by our receiver from whoever writes them', async () => {
      const { host, handover } = await startSide(encoding, layoutOf(vectors.layout))
      const other = await startHost()
      await connect(other, host)
      const stream = await other.dialProtocol(host.peerId, handoverProtocol.id)
      const heard = listen(stream)
      stream.send(bytesOf(vector.headerFrame))
      const goOn = replyFrame(HandoverReply.Code.CONTINUE)
      await until(() => heard.bytes.length >= goOn.length)
      expect(hex(heard.bytes)).toBe(hex(goOn))
      stream.send(bytesOf(vector.payloadFrame))
      await stream.close()
      const arrived = await handover.take(other.peerId.toString(), round, step, never)
      expect([...arrived]).toEqual(vector.decoded)
      const all = Buffer.concat([goOn, replyFrame(HandoverReply.Code.ACCEPTED)])
      await until(() => heard.bytes.length >= all.length)
      expect(hex(heard.bytes)).toBe(hex(all))
    })

    it('are what our sender writes', async () => {
      const { host, handover } = await startSide(encoding)
      const other = await startHost()
      await connect(host, other)
      const header = bytesOf(vector.headerFrame)
      const all = Buffer.concat([header, bytesOf(vector.payloadFrame)])
      let heard: { readonly bytes: Uint8Array } = { bytes: new Uint8Array(0) }
      await other.handle(handoverProtocol.id, async stream => {
        heard = listen(stream)
        await until(() => heard.bytes.length >= header.length)
        // Not a byte of the payload before it is asked for.
        expect(hex(heard.bytes)).toBe(vector.headerFrame)
        stream.send(replyFrame(HandoverReply.Code.CONTINUE))
        await until(() => heard.bytes.length >= all.length)
        stream.send(replyFrame(HandoverReply.Code.ACCEPTED))
        await stream.close()
      })
      const payload = await handover.encode(values)
      const sent = await handover.send(other.peerId, round, step, payload, never)
      expect(sent).toEqual({ ok: true, bytes: all.length })
      expect(hex(heard.bytes)).toBe(hex(all))
    })
  })
})

describe('the vectors of the replies', () => {
  const codes = Object.values(HandoverReply.Code).filter(
    (code): code is HandoverReply.Code => typeof code === 'string' && code !== HandoverReply.Code.UNKNOWN,
  )

  it('are what our encoder writes', async () => {
    await expectMakes('replies', Object.fromEntries(codes.map(code => [code, hex(replyFrame(code))])))
  })

  it('are read as they say', () => {
    const vectors = vectorsIn<Record<string, string>>('replies')
    expect(Object.keys(vectors)).toEqual(codes)
    for (const [code, frame] of Object.entries(vectors)) expect(decodeReply(unframed(bytesOf(frame)))).toBe(code)
  })
})

describe('the vectors of presence', () => {
  const reports: { name: string; report: RoundReport; waiting: boolean; standing?: Standing }[] = [
    // Before its first round, at the barrier.
    { name: 'basel', report: { round: 0, samples: 512 }, waiting: true },
    {
      name: 'Zürich, 2. Stock',
      report: { round: 3, samples: 300, loss: 0.25, accuracy: 0.875, localDistance: 0.5 },
      waiting: false,
    },
    {
      name: 'basel',
      report: { round: 4, samples: 512, loss: 0.125 },
      waiting: false,
      standing: {
        from: 2,
        share: 1,
        addresses: [multiaddr('/ip4/192.0.2.1/tcp/4001')],
        head: { round: 4, digest: new Uint8Array(32).fill(0xab) },
        sumDigest: new Uint8Array(32).fill(0xcd),
        leaving: true,
      },
    },
    {
      name: 'bern',
      report: { round: 5, samples: 40 },
      waiting: false,
      // With masks.
      standing: {
        from: 0,
        addresses: [],
        head: { round: 5, digest: new Uint8Array() },
        maskKey: new Uint8Array(32).fill(0xef),
        // With training.pace.
        pace: { mostMs: 12_000, sinceMs: 5 },
        leaving: false,
      },
    },
  ]

  it('are what our encoder writes', async () => {
    const records = reports.map(({ name, report, waiting, standing }) => {
      const bytes = encodePresence(name, report, waiting, standing)
      const { addresses, headDigest, invite, sumDigest, maskKey, ...plain } = PresenceRecord.decode(bytes)
      const lists = {
        addresses: addresses.map(hex),
        headDigest: hex(headDigest),
        invite: hex(invite),
        sumDigest: hex(sumDigest),
        maskKey: hex(maskKey),
      }
      return { record: { ...plain, ...lists }, bytes: hex(bytes) }
    })
    await expectMakes('presence', { topic: presenceTopic(runId), records })
  })

  it('are read as they say', () => {
    const { records } = vectorsIn<{ records: { bytes: string }[] }>('presence')
    expect(records).toHaveLength(reports.length)
    records.forEach(({ bytes }, i) => {
      const { name, report, waiting, standing } = reports[i]!
      const decoded = decodePresence(bytesOf(bytes), 10)
      expect(decoded).toMatchObject({ ok: true, waiting, report: { name, ...report, from: standing?.from ?? 0 } })
    })
  })
})

describe('the vectors of agreeing on sums', () => {
  const thirtyTwo = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
  const group = thirtyTwo(2)
  const statements: Statement[] = [
    { kind: 'key', key: thirtyTwo(1) },
    { kind: 'masked', group, commitment: thirtyTwo(3), part: 1, bytes: Uint8Array.of(4, 5, 6) },
    { kind: 'seeds', group, transcript: thirtyTwo(7), seeds: [thirtyTwo(8), thirtyTwo(9)] },
  ]
  const sum = { members: ['12D3KooWA', '12D3KooWB'], total: Uint8Array.of(1, 2, 3) }
  /** Secret 32 times 5, group 32 times 2. */
  const masks = (pair?: Pair): string => hex(maskOf(thirtyTwo(5), group, 40, pair))
  const pair: Pair = ['12D3KooWA', '12D3KooWB']

  it('are what our encoders write', async () => {
    await expectMakes('agreement', {
      topic: agreementTopic(runId),
      statements: statements.map(statement => ({ kind: statement.kind, bytes: hex(encodeStatement(statement)) })),
      agreed: { ...sum, total: hex(sum.total), bytes: hex(encodeSum(sum)) },
      mask: { secret: hex(thirtyTwo(5)), group: hex(group), bytes: masks(), pair, ofPair: masks(pair) },
    })
  })

  it('are read as they say', () => {
    const vectors = vectorsIn<{ statements: { bytes: string }[]; agreed: { bytes: string } }>('agreement')
    expect(vectors.statements.map(({ bytes }) => decodeStatement(bytesOf(bytes)))).toEqual(statements)
    expect(decodeSum(bytesOf(vectors.agreed.bytes), 3)).toEqual(sum)
  })
})

describe('the vectors of masked heads', () => {
  const thirtyTwo = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
  const senders = new Map([
    ['12D3KooWA', thirtyTwo(0xa1)],
    ['12D3KooWB', thirtyTwo(0xb2)],
    ['12D3KooWC', thirtyTwo(0xc3)],
  ])
  const weights = new Map([...senders.keys()].map(peer => [peer, 0.25]))
  const group = maskGroup({ runId, receiver: '12D3KooWR', round: 3, step: 0, senders, weights, least: 3 })!
  /** The secrets of the pairs, in place of those that X25519 would make of the keys. */
  const secrets = { AB: thirtyTwo(1), AC: thirtyTwo(2), BC: thirtyTwo(3) }
  const small = layoutOf([{ name: 'dense/bias', shape: [3] }])
  const heads = { A: [1, -0.5, 64], B: [0.25, 2 ** -24, -100], C: [-3, 1 / 3, 0] }
  type Name = keyof typeof heads
  const weight = 0.25

  async function maskedBy(name: Name): Promise<Uint8Array> {
    const ofPair = Object.entries(secrets).flatMap(([pair, secret]) => {
      const other = pair.replace(name, '')
      return other.length === 1 ? [[hex(senders.get(`12D3KooW${other}`)!), secret] as const] : []
    })
    const known = new Map(ofPair)
    const key = { publicKey: thirtyTwo(0), secretWith: (theirs: Uint8Array) => known.get(hex(theirs)) }
    const layout = maskedLayout(small)
    const into = new Float32Array(layout.size)
    await writeMasked(into, Float32Array.from(heads[name]), { group, self: `12D3KooW${name}`, key, weight })
    return encodeHead(headFormat(layout, masked), into, createBuffers())
  }

  it('are what our encoders write', async () => {
    const payloads = await Promise.all(Object.keys(heads).map(name => maskedBy(name as Name)))
    const sum = new Int32Array(3)
    const came = payloads.map(payload => new Float32Array(payload.slice(-44).buffer))
    await unmask(new Float32Array(3), sum, came, 3 * weight)
    await expectMakes('masks', {
      group: {
        runId: hex(runId),
        receiver: group.receiver,
        round: 3,
        step: 0,
        senders: Object.fromEntries([...senders].map(([peer, key]) => [peer, hex(key)])),
        digest: hex(group.digest),
      },
      secrets: Object.fromEntries(Object.entries(secrets).map(([pair, secret]) => [pair, hex(secret)])),
      masks: Object.fromEntries(
        Object.entries(secrets).map(([pair, secret]) => {
          const [one, other] = [...pair].map(name => `12D3KooW${name}`) as [string, string]
          return [pair, hex(maskOf(secret, group.digest, 12, [one, other]))]
        }),
      ),
      weight,
      heads,
      payloads: Object.fromEntries(Object.keys(heads).map((name, at) => [name, hex(payloads[at]!)])),
      sum: [...sum],
    })
  })

  it('add up to what the heads do in fixed point', () => {
    const { sum } = vectorsIn<{ sum: number[] }>('masks')
    // -100 is cut off at -64.
    const whole = [1 + 0.25 - 3, -0.5 + 2 ** -24 + 1 / 3, 0]
    expect(sum).toEqual([whole[0]! * 2 ** 22, Math.round(-0.125 * 2 ** 24) + 0 + Math.round(2 ** 22 / 3), 0])
  })
})

describe('the vectors of published heads', () => {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => 255 - i)
  const round = 7
  const formatFor = (encoding: Encoding, of: Layout = layout): PublishedFormat => ({
    rounds: 10,
    head: headFormat(of, codecNamed(encoding)),
  })
  const large = layoutOf([{ name: 'dense/kernel', shape: [300, 300] }])
  const topic = headsTopic(runId)
  const invite = Uint8Array.of(1, 2, 3)
  const sumDigest = new Uint8Array(32).fill(0xcd)

  async function publishedIn(encoding: Encoding, of: Layout, numbers: Float32Array): Promise<Uint8Array> {
    const format = formatFor(encoding, of)
    const payload = await encodeHead(format.head, numbers, createBuffers())
    return encodePublished(format, round, payload, await digestOf(payload), { invite, sumDigest })
  }

  interface PublicationVectors {
    readonly topic: string
    readonly round: number
    readonly published: Readonly<Record<Encoding, string>>
    readonly announcement: { readonly message: string }
    readonly experts: string
    readonly signed: {
      readonly seed: string
      readonly author: string
      readonly seqno: string
      readonly message: string
    }
  }

  it('are what our encoders write', async () => {
    const published: Record<string, string> = {}
    for (const encoding of encodingNames) published[encoding] = hex(await publishedIn(encoding, layout, values))
    const privateKey = await generateKeyPairFromSeed('Ed25519', seed)
    const author = peerIdFromPrivateKey(privateKey)
    const data = await publishedIn('int8', layout, values)
    const format = formatFor('int8')
    const payload = await encodeHead(format.head, values, createBuffers())
    const head = { author, round, digest: await digestOf(payload), payload }
    const sequence = 0x1122334455667788n
    const signed = await signMessage(privateKey, author, topic, sequence, data)
    await expectMakes('publication', {
      topic,
      runId: hex(runId),
      round,
      invite: hex(invite),
      sumDigest: hex(sumDigest),
      published,
      announcement: {
        layout: large.tensors.map(({ name, shape }) => ({ name, shape })),
        numbers: 0,
        message: hex(await publishedIn('f32', large, new Float32Array(large.size))),
      },
      experts: hex(encodeExperts([head])),
      signed: {
        seed: hex(seed),
        author: author.toString(),
        seqno: sequence.toString(16),
        message: hex(encodeSigned(signed, topic)),
      },
    })
  })

  it('are read as they say, and by gossipsub’s own rules', async () => {
    const vectors = vectorsIn<PublicationVectors>('publication')
    for (const encoding of encodingNames) {
      const decoded = decodePublished(bytesOf(vectors.published[encoding]), formatFor(encoding))
      const { payloadFrame } = vectorsIn<HeadVectors>('heads').encodings[encoding]
      const payload = unframed(bytesOf(payloadFrame))
      expect(decoded).toMatchObject({ ok: true, record: { round: vectors.round, payload, invite, sumDigest } })
    }
    const announced = decodePublished(bytesOf(vectors.announcement.message), formatFor('f32', large))
    expect(announced).toMatchObject({
      ok: true,
      record: {
        round,
        sumDigest,
        digest: await digestOf(await encodeHead(headFormat(large), new Float32Array(large.size), createBuffers())),
      },
    })
    const { signed } = vectors
    const author = peerIdFromString(signed.author)
    const message = await readSigned(bytesOf(signed.message), author, vectors.topic)
    expect(message).toMatchObject({ sequence: BigInt(`0x${signed.seqno}`), data: bytesOf(vectors.published.int8) })
    const [expert] = decodeExperts(bytesOf(vectors.experts), formatFor('int8').head.payloadBytes)
    expect(expert).toMatchObject({ round, rawKey: author.publicKey!.raw })
    // Sent over a mesh as it is, gossipsub takes it for the author's.
    const [host, other] = [await startHost(), await startHost()]
    await connect(other, host)
    const heard = new Promise<Uint8Array>(resolve => {
      host.services.pubsub!.addEventListener('message', ({ detail }) => resolve(detail.data))
    })
    host.services.pubsub!.subscribe(topic)
    await until(() => other.services.pubsub!.getSubscribers(topic).length > 0)
    const router = other.services.pubsub as unknown as { sendRpc(id: string, rpc: object): boolean }
    router.sendRpc(host.peerId.toString(), {
      subscriptions: [],
      messages: [RPC.Message.decode(bytesOf(signed.message))],
    })
    expect(hex(await heard)).toBe(vectors.published.int8)
  })
})

describe('the vectors of the run id', () => {
  const written = {
    data: 'digits',
    model: { kind: 'mlp', hidden: [16] },
    merge: { rho: 0.1, method: 'dfedsam' },
    limits: { headNorm: 1e21 },
    encoding: 'int8',
  }

  it('are what our hash makes of the canonical manifest', async () => {
    const manifest = parseManifest(written)
    const canonical = Buffer.from(canonicalManifest(manifest)).toString()
    await expectMakes('manifest', { written, canonical, runId: hex(runIdOf(manifest)) })
  })

  it('need no more than a hash of the canonical manifest', () => {
    const { canonical, runId: id } = vectorsIn<{ canonical: string; runId: string }>('manifest')
    expect(createHash('sha256').update(canonical).digest('hex')).toBe(id)
    // It is a manifest too, and the same run's.
    expect(hex(runIdOf(parseManifest(JSON.parse(canonical))))).toBe(id)
  })
})
