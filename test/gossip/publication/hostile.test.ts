import { type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PublishedHead } from '../../../src/gossip/generated/publication.js'
import { createBuffers } from '../../../src/gossip/head/buffers.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import { encodeHead } from '../../../src/gossip/head/payload.js'
import {
  createState,
  digestOf,
  type HeadAnswers,
  type HearsayHost,
  publicationProtocol,
} from '../../../src/gossip/index.js'
import { decodeExperts, encodeExperts } from '../../../src/gossip/publication/expert-list.js'
import {
  decodePublished,
  encodePublished,
  type PublishedFormat,
} from '../../../src/gossip/publication/published-head.js'
import { encodeSigned, readSigned, signMessage } from '../../../src/gossip/pubsub/signed-message.js'
import { never, newKey, startHost, until } from '../hosts.js'
import {
  connectLine,
  headOf,
  join,
  largeLayout,
  type Publisher,
  runId,
  smallLayout,
  startPublisher,
  topic,
} from './publishers.js'

const { Accept, Ignore, Reject } = TopicValidatorResult
const { limits } = publicationProtocol

const formatOf = (layout: typeof smallLayout): PublishedFormat => ({
  rounds: 10,
  head: headFormat(layout),
})

/** A message with some of its fields replaced. */
async function messageOf(wrong: Partial<PublishedHead> = {}, head = headOf(smallLayout, 1)): Promise<Uint8Array> {
  const format = formatOf(smallLayout)
  const payload = await encodeHead(format.head, head, createBuffers())
  const right = encodePublished(format, 1, payload, await digestOf(payload))
  return PublishedHead.encode({ ...PublishedHead.decode(right), ...wrong })
}

const newAuthor = async (): Promise<PeerId> => peerIdFromPrivateKey(await newKey())

let sequence = 0n
/** What gossipsub does with a message whose signature it has checked. */
function hand(
  { host }: Publisher,
  from: PeerId,
  data: Uint8Array,
  sender = host.peerId,
): Promise<TopicValidatorResult> {
  const validate = host.services.pubsub!.topicValidators.get(topic)!
  const signed = { type: 'signed', from, data, topic, sequenceNumber: ++sequence, signature: new Uint8Array(64) }
  return validate(sender, signed as unknown as Message) as Promise<TopicValidatorResult>
}

const zeros = new Uint8Array(32)

describe('a message on the topic of the heads', () => {
  it.each<[string, TopicValidatorResult, () => Uint8Array | Promise<Uint8Array>]>([
    ['OVERSIZE', Reject, () => new Uint8Array(limits.messageBytes + 1)],
    ['MALFORMED', Reject, () => Uint8Array.of(0xff)],
    ['MALFORMED', Reject, () => messageOf({ layoutDigest: new Uint8Array(33) })],
    ['MALFORMED', Reject, () => messageOf({ invite: new Uint8Array(limits.inviteBytes + 1) })],
    ['MALFORMED', Reject, () => messageOf({ sumDigest: new Uint8Array(31) })],
    ['MALFORMED', Reject, () => messageOf({ sumDigest: new Uint8Array(33) })],
    // It could have been in the message.
    ['MALFORMED', Reject, () => messageOf({ numbers: new Uint8Array(), digest: zeros })],
    ['MALFORMED', Reject, () => messageOf({ digest: zeros })],
    ['FUTURE_ROUND', Ignore, () => messageOf({ round: 10 })],
    ['WRONG_LAYOUT', Reject, () => messageOf({ layoutDigest: zeros })],
    ['WRONG_SIZE', Reject, () => messageOf({ numbers: new Uint8Array() })],
    ['WRONG_SIZE', Reject, () => messageOf({ numbers: new Uint8Array(4 * 651) })],
    ['NOT_FINITE', Reject, () => messageOf({}, headOf(smallLayout, Number.NaN))],
    ['NORM_TOO_LARGE', Reject, () => messageOf({}, headOf(smallLayout, 1e7))],
  ])('is refused as %s, with %s', async (reason, verdict, message) => {
    const peer = await startPublisher()
    expect(await hand(peer, await newAuthor(), await message())).toBe(verdict)
    expect(peer.publication.counters.rejected).toEqual({ [reason]: 1 })
    expect(peer.publication.held().size).toBe(0)
    expect(peer.news).toEqual([])
    expect(await hand(peer, await newAuthor(), await messageOf())).toBe(Accept)
  })

  it('is refused of an author who may not take part, or whose key is of another kind', async () => {
    const verdicts = ['never', 'no', 'yes'] as const
    const authors = await Promise.all(verdicts.map(newAuthor))
    const invites: number[][] = []
    const peer = await startPublisher({
      admits: async (author, invite) => {
        invites.push([...invite])
        return verdicts[authors.findIndex(other => other.equals(author))]!
      },
    })
    const message = await messageOf({ invite: Uint8Array.of(1, 2) })
    const given = await Promise.all(authors.map(author => hand(peer, author, message)))
    expect(given).toEqual([Reject, Ignore, Accept])
    expect(invites).toEqual([1, 2, 3].map(() => [1, 2]))
    const other = peerIdFromPrivateKey(await generateKeyPair('secp256k1'))
    expect(await hand(peer, other, message)).toBe(Reject)
    expect(peer.publication.counters.rejected).toEqual({ NOT_ADMITTED: 2, MALFORMED: 1 })
  })

  it('comes too often after a second’s worth at once; the flood counts against its author alone', async () => {
    const peer = await startPublisher()
    const author = await newAuthor()
    const message = await messageOf()
    const flood = await Promise.all(
      Array.from({ length: 2 * limits.headsPerSecond }, (_, i) =>
        hand(peer, author, message, i % 2 ? author : undefined),
      ),
    )
    expect(flood[0]).toBe(Accept)
    const { TOO_OFTEN, DUPLICATE } = peer.publication.counters.rejected
    expect(TOO_OFTEN! + DUPLICATE! + 1).toBe(flood.length)
    expect(TOO_OFTEN).toBeGreaterThan(0)
    expect(flood.filter(verdict => verdict === Reject).length).toBeLessThan(TOO_OFTEN!)
    expect(flood.slice(1)).not.toContain(Accept)
    // Another's are heard meanwhile.
    expect(await hand(peer, await newAuthor(), message)).toBe(Accept)
  })

  it('counts as several when it is long', async () => {
    const peer = await startPublisher()
    const author = await newAuthor()
    const long = new Uint8Array(limits.messageBytes)
    for (let i = 0; i < 5; i++) await hand(peer, author, long)
    expect(peer.publication.counters.rejected.TOO_OFTEN).toBeGreaterThan(0)
  })

  it('finds room where its author is there and another is gone, the longest first', async () => {
    const [a, b, c, d, e] = (await Promise.all(Array.from({ length: 5 }, newAuthor))) as PeerId[]
    const live = new Set([b!.toString(), c!.toString(), d!.toString()])
    const peer = await startPublisher({ authors: 3, isLive: author => live.has(author) })
    const message = await messageOf()
    const say = (author: PeerId | undefined): Promise<TopicValidatorResult> => hand(peer, author!, message)
    for (const author of [a, b, c]) expect(await say(author)).toBe(Accept)
    // Who is gone itself, or made up, drives out nobody.
    expect(await say(e)).toBe(Ignore)
    expect(await say(d)).toBe(Accept)
    expect([...peer.publication.held().keys()]).toEqual([b, c, d].map(String))
    live.clear()
    live.add(a!.toString())
    expect(await say(a)).toBe(Accept)
    expect([...peer.publication.held().keys()]).toEqual([c, d, a].map(String))
    expect(peer.publication.counters.rejected).toEqual({ TOO_MANY_PEERS: 1 })
  })

  it('wins by its round, in whatever order and however often they come', async () => {
    const peer = await startPublisher()
    const messages = await Promise.all([0, 1, 2, 3].map(round => messageOf({ round }, headOf(smallLayout, round))))
    const orders = fc.shuffledSubarray([0, 1, 2, 3, 0, 1, 2, 3], { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(orders, async order => {
        const author = await newAuthor()
        await Promise.all(order.map(round => hand(peer, author, messages[round]!)))
        const { round, values } = peer.publication.held().get(author.toString())!
        expect([round, values[0]]).toEqual([Math.max(...order), Math.max(...order)])
      }),
      { numRuns: 30 },
    )
  })

  it('that its author has not signed is FORGED', async () => {
    const [peer, friend, rogue] = await Promise.all(Array.from({ length: 3 }, () => startPublisher()))
    await connectLine([peer!, rogue!])
    const router = rogue!.host.services.pubsub as unknown as { sendRpc(id: string, rpc: object): boolean }
    const forged = {
      from: friend!.host.peerId.toMultihash().bytes,
      data: await messageOf(),
      seqno: new Uint8Array(8).fill(0xff),
      topic,
      signature: new Uint8Array(64),
    }
    router.sendRpc(peer!.id, { subscriptions: [], messages: [forged] })
    await until(() => peer!.publication.counters.rejected.FORGED === 1)
    expect(peer!.publication.held().size).toBe(0)
  })
})

/** A host that answers as it is told. */
async function startLiar(heads: Partial<HeadAnswers>): Promise<HearsayHost> {
  const host = await startHost()
  const answers = { experts: () => undefined, expert: async () => undefined, payload: () => undefined, ...heads }
  const init = { runId, manifest: zeros, head: () => undefined, view: () => zeros, heads: answers }
  const state = createState(init)({ node: host })
  await state.start()
  onTestFinished(() => state.stop())
  return host
}

describe('a peer that passes on', () => {
  it.each(['of another digest', 'that does not fit the digest'])(
    'a payload %s is found out, and others asked',
    async how => {
      const layout = largeLayout
      const [author, peer] = await Promise.all([startPublisher({ layout }), startPublisher({ layout })])
      const format = formatOf(layout)
      const payload = await encodeHead(format.head, headOf(layout, 1), createBuffers())
      const bytes = payload.map(byte => byte ^ 1)
      const liar = await startLiar({
        payload: wanted => ({ bytes, digest: how === 'of another digest' ? zeros : wanted, round: 1 }),
      })
      await join(peer.host, author.host)
      await dialTo(peer.host, liar)
      // The author's announcement, that it has made but not sent here yet, comes from the liar, who is asked first.
      const announcement = encodePublished(format, 1, payload, await digestOf(payload))
      expect(await hand(peer, author.host.peerId, announcement, liar.peerId)).toBe(Accept)
      await until(() => peer.publication.counters.rejected.WRONG_DIGEST === 1)
      await author.publication.publish(1, headOf(layout, 1))
      await until(() => peer.publication.held().size === 1)
      expect(peer.publication.counters.rejected).toEqual({ WRONG_DIGEST: 1, DUPLICATE: 1 })
      expect(peer.news).toEqual([`${author.id} 1 1`])
    },
  )

  it.each<[string, (head: Float32Array) => void, (payload: Uint8Array) => void]>([
    ['NOT_FINITE', head => head.fill(Number.NaN, 5, 6), () => {}],
    ['NORM_TOO_LARGE', head => head.fill(1e7, 5, 6), () => {}],
    // Of the right digest, and not of the layout's header.
    ['MALFORMED', () => {}, payload => payload.fill(0x20, 10, 11)],
  ])('what its author should not have announced counts %s, and what was there stays', async (reason, spoil, damage) => {
    const layout = largeLayout
    const [author, peer] = await Promise.all([startPublisher({ layout }), startPublisher({ layout })])
    await join(peer.host, author.host)
    await author.publication.publish(1, headOf(layout, 1))
    await until(() => peer.publication.held().size === 1)
    const format = formatOf(layout)
    const head = headOf(layout, 2)
    spoil(head)
    const bytes = await encodeHead(format.head, head, createBuffers())
    damage(bytes)
    const digest = await digestOf(bytes)
    const liar = await startLiar({ payload: () => ({ bytes, digest, round: 2 }) })
    await dialTo(peer.host, liar)
    expect(await hand(peer, author.host.peerId, encodePublished(format, 2, bytes, digest), liar.peerId)).toBe(Accept)
    await until(() => peer.publication.counters.rejected[reason] === 1)
    expect(peer.publication.held().get(author.id)!.round).toBe(1)
  })

  it('messages that nobody has signed, or lists that are none, is left alone', async () => {
    const key = await newKey()
    const author = peerIdFromPrivateKey(key)
    const data = await messageOf()
    const signed = await signMessage(key, author, topic, 1n, data)
    const list = encodeExperts([
      { author, round: 1, digest: zeros, payload: { length: formatOf(smallLayout).head.payloadBytes } as Uint8Array },
    ])
    const peer = await startPublisher()
    const forged = encodeSigned({ ...signed, sequence: 2n }, topic)
    const answers: [string, Partial<HeadAnswers>, object][] = [
      ['no list', { experts: () => Uint8Array.of(0xff) }, {}],
      ['no heads', {}, {}],
      ['a forged message', { experts: () => list, expert: async () => forged }, { FORGED: 1 }],
      ['noise', { experts: () => list, expert: async () => Uint8Array.of(0xff, 1) }, { FORGED: 2 }],
      ['nothing after all', { experts: () => list }, { FORGED: 2 }],
    ]
    for (const [, heads, rejected] of answers) {
      const liar = await startLiar(heads)
      await dialTo(peer.host, liar)
      expect(await peer.publication.catchUp([liar.peerId], never)).toBe(0)
      expect(peer.publication.counters.rejected).toEqual(rejected)
    }
    const honest = await startLiar({ experts: () => list, expert: async () => encodeSigned(signed, topic) })
    await dialTo(peer.host, honest)
    expect(await peer.publication.catchUp([honest.peerId], never)).toBe(1)
    expect(peer.publication.held().has(author.toString())).toBe(true)
  })
})

async function dialTo(from: HearsayHost, to: HearsayHost): Promise<void> {
  await from.dial(to.getMultiaddrs())
}

describe('hostile bytes', () => {
  const format = formatOf(smallLayout)
  const mutated = (honest: Uint8Array): fc.Arbitrary<Uint8Array> =>
    fc
      .tuple(fc.nat(honest.length - 1), fc.nat(255), fc.nat(honest.length))
      .map(([at, byte, length]) => honest.map((old, i) => (i === at ? byte : old)).subarray(0, length))
  const bytesLike = (honest: Uint8Array): fc.Arbitrary<Uint8Array> =>
    fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated(honest))

  it('never make the decoder of heads throw, and pass it only with what a head has', async () => {
    const honest = await messageOf({ invite: new Uint8Array(40) })
    fc.assert(
      fc.property(bytesLike(honest), bytes => {
        const decoded = decodePublished(bytes, format)
        if (!decoded.ok) return
        expect(decoded.record.round).toBeLessThan(format.rounds)
        expect(decoded.record.payload).toHaveLength(format.head.payloadBytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('never make the decoder of lists throw, however long', async () => {
    const author = await newAuthor()
    const heads = Array.from({ length: 3000 }, (_, round) => ({ author, round, digest: zeros, payload: zeros }))
    const list = encodeExperts(heads)
    expect(list.length).toBeLessThanOrEqual(limits.listBytes)
    const decoded = decodeExperts(list, zeros.length)
    expect(decoded.length).toBeGreaterThanOrEqual(limits.authors)
    expect(decoded[0]).toMatchObject({ round: 2999 })
    expect(decodeExperts(list, 33)).toEqual([])
    expect(decodeExperts(new Uint8Array(limits.listBytes + 1), 32)).toEqual([])
    const short = encodeExperts(heads.slice(0, 3))
    fc.assert(
      fc.property(bytesLike(short), bytes => {
        for (const { rawKey } of decodeExperts(bytes, zeros.length)) expect(rawKey).toHaveLength(32)
      }),
      { numRuns: 1000 },
    )
  })

  it('never pass for what an author has signed', async () => {
    const key = await newKey()
    const author = peerIdFromPrivateKey(key)
    const signed = await signMessage(key, author, topic, 7n, Uint8Array.of(1, 2, 3))
    const honest = encodeSigned(signed, topic)
    expect(await readSigned(honest, author, topic)).toEqual(signed)
    expect(await readSigned(honest, await newAuthor(), topic)).toBeUndefined()
    expect(await readSigned(honest, author, `${topic}0`)).toBeUndefined()
    await fc.assert(
      fc.asyncProperty(bytesLike(honest), async bytes => {
        const read = await readSigned(bytes, author, topic)
        // Fields may be missing in front of or behind what was signed only where nothing of it changes.
        if (read !== undefined) expect(read).toEqual(signed)
      }),
      { numRuns: 300 },
    )
  })

  it('are answered, whatever is asked for', async () => {
    const { publication } = await startPublisher()
    await publication.publish(0, headOf(smallLayout, 0))
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async bytes => {
        expect(await publication.answers.expert(bytes)).toBeUndefined()
        expect(publication.answers.payload(bytes)).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })
})
