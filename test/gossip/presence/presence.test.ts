import { TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PresenceRecord as Record } from '../../../src/gossip/generated/presence.js'
import {
  createPresence,
  type HearsayHost,
  type Presence,
  type PresenceInit,
  presenceProtocol,
  presenceTopic,
} from '../../../src/gossip/index.js'
import { checkName, decodePresence, encodePresence, type HeardReport } from '../../../src/gossip/presence/report.js'
import { signMessage } from '../../../src/gossip/pubsub/signed-message.js'
import { connect, never, newKey, startHost, until } from '../hosts.js'

const runId = new Uint8Array(32).fill(5)
const otherRun = new Uint8Array(32).fill(6)
const soon = (): AbortSignal => AbortSignal.timeout(20_000)

interface Side {
  readonly host: HearsayHost
  readonly id: string
  readonly presence: Presence
  readonly news: string[]
}

async function startSide(name: string, init: Partial<PresenceInit> = {}): Promise<Side> {
  const host = await startHost()
  const news: string[] = []
  const presence = createPresence({
    runId,
    rounds: 10,
    name,
    repeatMs: 50,
    onReport: (_peer, report) => news.push(`${report.name} ${report.round}`),
    ...init,
  })({ node: host })
  await presence.start()
  onTestFinished(() => presence.stop())
  return { host, id: host.peerId.toString(), presence, news }
}

describe('presence', () => {
  it('reaches everybody along a line of four', async () => {
    const sides = await Promise.all(['basel', 'bern', 'biel', 'brig'].map(name => startSide(name)))
    for (let i = 1; i < sides.length; i++) await connect(sides[i - 1]!.host, sides[i]!.host)
    const ids = sides.map(side => side.id)
    await Promise.all(sides.map(side => side.presence.waitFor(ids, soon())))
    await Promise.all(
      sides.map(({ presence }, i) =>
        presence.publish({ round: i + 1, samples: 100 * i, loss: i / 2, accuracy: 0.5, localDistance: Number.NaN }),
      ),
    )
    await until(() => sides.every(({ presence }) => [...presence.heard().values()].every(report => report.round > 0)))
    for (const { id, presence } of sides) {
      expect([...presence.heard().keys()].sort()).toEqual(ids.filter(other => other !== id).sort())
      expect(presence.counters.sentBytes).toBeGreaterThan(0)
    }
    expect(sides[0]!.presence.heard().get(ids[3]!)).toEqual({
      name: 'brig',
      round: 4,
      samples: 300,
      loss: 1.5,
      accuracy: 0.5,
      localDistance: undefined,
      from: 0,
      share: undefined,
      addresses: [],
      head: undefined,
      leaving: false,
    })
    expect(sides[0]!.news).toContain('brig 0')
    expect(sides[0]!.news).toContain('brig 4')
  })

  it('answers a latecomer, though everybody else has stopped waiting', async () => {
    const early = await startSide('early')
    const other = await startSide('other')
    await connect(early.host, other.host)
    await Promise.all([early.presence.waitFor([other.id], soon()), other.presence.waitFor([early.id], soon())])
    const late = await startSide('late')
    await connect(late.host, early.host)
    await late.presence.waitFor([early.id, other.id], soon())
    expect(late.presence.heard().get(other.id)?.name).toBe('other')
  })

  it('does not wait for itself, and not longer than its signal', async () => {
    const { id, presence } = await startSide('alone')
    await presence.waitFor([id], never)
    const control = new AbortController()
    const waiting = presence.waitFor(['12D3KooWnobody'], control.signal)
    control.abort(new Error('start without them'))
    await expect(waiting).rejects.toThrow('start without them')
    const stopped = presence.waitFor(['12D3KooWnobody'], never)
    await Promise.all([expect(stopped).rejects.toThrow('stopped'), presence.stop()])
    await presence.stop()
    await presence.publish({ round: 1, samples: 1 })
  })

  it('counts what a stranger sends, and shows none of it', async () => {
    const { host, presence } = await startSide('member')
    const friend = await startSide('friend')
    const stranger = await startHost()
    await connect(stranger, host)
    await connect(friend.host, host)
    await presence.waitFor([friend.id], soon())
    presence.expect([friend.host.peerId])
    const pubsub = stranger.services.pubsub!
    const topic = presenceTopic(runId)
    pubsub.subscribe(topic)
    await until(() => pubsub.getSubscribers(topic).length > 0)
    await pubsub.publish(topic, new Uint8Array(100).fill(0xff))
    await pubsub.publish(topic, encodePresence('friend', { round: 1, samples: 1 }, false))
    await until(() => (presence.counters.rejected.NOT_A_MEMBER ?? 0) === 2)
    expect([...presence.heard().keys()]).toEqual([friend.id])
  })

  it('counts what a member sends wrongly, by reason, and passes none of it on', async () => {
    const { host, presence } = await startSide('member')
    const friend = await startSide('friend')
    const rogue = await startHost()
    await connect(rogue, host)
    await connect(friend.host, host)
    presence.expect([friend.host.peerId, rogue.peerId])
    const pubsub = rogue.services.pubsub!
    const topic = presenceTopic(runId)
    pubsub.subscribe(topic)
    await until(() => pubsub.getSubscribers(topic).length > 0)
    const report = (round: number): Uint8Array => encodePresence('rogue', { round, samples: 1 }, false)
    // Who knows that somebody listens has not always a stream to him yet.
    const insist = async (bytes: Uint8Array, until: () => boolean): Promise<void> => {
      while (!until()) {
        await pubsub.publish(topic, bytes)
        await new Promise(resolve => setTimeout(resolve, 100))
      }
    }
    await insist(report(5), () => presence.heard().has(rogue.peerId.toString()))
    const wrong: [string, Uint8Array][] = [
      ['OVERSIZE', new Uint8Array(presenceProtocol.limits.messageBytes + 1)],
      ['MALFORMED', Uint8Array.of(0xff)],
      ['FUTURE_ROUND', report(1e9)],
    ]
    for (const [reason, bytes] of wrong) {
      await insist(bytes, () => (presence.counters.rejected[reason] ?? 0) > 0)
    }
    expect(presence.heard().get(rogue.peerId.toString())?.round).toBe(5)
    // Many at once, each a message of its own, and as if the network had brought them in no time.
    const validate = host.services.pubsub!.topicValidators.get(topic)!
    for (let i = 0; i < 2 * presenceProtocol.limits.reportsPerSecond; i++) {
      const signed = { type: 'signed', from: rogue.peerId, topic, data: report(5), sequenceNumber: BigInt(i) }
      await validate(friend.host.peerId, signed as never)
    }
    expect(presence.counters.rejected.TOO_OFTEN).toBeGreaterThan(0)
    expect(friend.presence.counters.rejected).not.toHaveProperty('MALFORMED')
  })

  it('keeps of each author the latest record, in whatever order and however often they come', async () => {
    const { host, presence } = await startSide('member')
    const validate = host.services.pubsub!.topicValidators.get(presenceTopic(runId))!
    let authors = 0
    const orders = fc.shuffledSubarray([1, 2, 3, 4, 1, 2, 3, 4], { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(orders, async order => {
        authors += 1
        const from = { toString: () => `author ${authors}`, equals: () => false } as unknown as typeof host.peerId
        for (const round of order) {
          const data = encodePresence('author', { round, samples: 1 }, false)
          const sequenceNumber = BigInt(round)
          await validate(from, { type: 'signed', from, topic: '', data, sequenceNumber } as never)
        }
        expect(presence.heard().get(`author ${authors}`)!.round).toBe(Math.max(...order))
      }),
    )
    expect(presence.counters.rejected.STALE_RECORD).toBeGreaterThan(0)
  })

  it('counts those as gone who say nothing for three beats, or say goodbye', async () => {
    const beatMs = 50
    const watcher = await startSide('watcher', { beatMs })
    const talker = await startSide('talker', { beatMs })
    let leaving = false
    const leaver = await startSide('leaver', { standing: () => ({ from: 0, addresses: [], leaving }) })
    for (const { host } of [talker, leaver]) await connect(host, watcher.host)
    const { presence } = watcher
    await presence.until(() => presence.live().includes(talker.id), soon())
    // It repeats itself all the time, where the other has spoken for the last time.
    await leaver.presence.waitFor([watcher.id], soon())
    await presence.until(() => presence.heard().has(leaver.id), soon())
    await presence.until(() => !presence.live().includes(leaver.id), soon())
    await leaver.presence.speak()
    await presence.until(() => presence.live().includes(leaver.id), soon())
    leaving = true
    await leaver.presence.speak()
    await presence.until(() => presence.heard().get(leaver.id)!.leaving, soon())
    expect(presence.live()).not.toContain(leaver.id)
    await talker.presence.stop()
    await presence.until(() => !presence.live().includes(talker.id), soon())
    expect(presence.heard().has(talker.id)).toBe(true)
  })

  it('believes what others pass on only of who may take part, and asks with what the record shows', async () => {
    const shown = Uint8Array.of(1, 2, 3)
    const asked: [string, number[]][] = []
    const middle = await startSide('middle')
    const guest = await startSide('guest', { invite: shown })
    const stranger = await startSide('stranger')
    const member = await startSide('member', {
      admits: async (author, invite) => {
        asked.push([author.toString(), [...invite]])
        if (author.toString() === stranger.id) return 'no'
        return author.toString() === middle.id || invite.length > 0 ? 'yes' : 'never'
      },
    })
    for (const { host } of [guest, stranger, member]) await connect(host, middle.host)
    await member.presence.waitFor([middle.id, guest.id], soon())
    while ((member.presence.counters.rejected.NOT_ADMITTED ?? 0) === 0) {
      await stranger.presence.speak({ asks: true })
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    expect([...member.presence.heard().keys()].sort()).toEqual([middle.id, guest.id].sort())
    expect(asked).toContainEqual([guest.id, [...shown]])
    expect(asked).toContainEqual([stranger.id, []])
    // Of the others nobody asked.
    expect(middle.presence.heard().size).toBe(3)
  })

  it('rejects an invitation that nobody honest would pass on, and only that', async () => {
    const verdicts = ['never', 'no'] as const
    const { host, presence } = await startSide('member', { admits: author => author.toString() as never })
    const validate = host.services.pubsub!.topicValidators.get(presenceTopic(runId))!
    const data = encodePresence('author', { round: 1, samples: 1 }, false)
    const given = await Promise.all(
      verdicts.map(verdict => {
        const from = { toString: () => verdict, equals: () => false } as unknown as typeof host.peerId
        return validate(from, { type: 'signed', from, topic: '', data, sequenceNumber: 1n } as never)
      }),
    )
    expect(given).toEqual([TopicValidatorResult.Reject, TopicValidatorResult.Ignore])
    expect(presence.counters.rejected).toEqual({ NOT_ADMITTED: 2 })
  })

  it('counts what is not signed by the author that it names', async () => {
    const member = await startSide('member')
    const friend = await startSide('friend')
    const rogue = await startSide('rogue')
    for (const { host } of [friend, rogue]) await connect(host, member.host)
    await member.presence.waitFor([friend.id, rogue.id], soon())
    const pubsub = rogue.host.services.pubsub!
    const router = pubsub as unknown as { sendRpc(id: string, rpc: object): boolean }
    const forged = {
      from: friend.host.peerId.toMultihash().bytes,
      data: encodePresence('friend', { round: 9, samples: 1 }, false),
      seqno: new Uint8Array(8).fill(0xff),
      topic: presenceTopic(runId),
      signature: new Uint8Array(64),
    }
    router.sendRpc(member.id, { subscriptions: [], messages: [forged] })
    await until(() => member.presence.counters.rejected.FORGED === 1)
    expect(member.presence.heard().get(friend.id)!.round).toBe(0)
    // The run is not in the record: what an author has signed is for its topic and no other.
    const key = await newKey()
    const author = peerIdFromPrivateKey(key)
    const data = encodePresence('author', { round: 9, samples: 1 }, false)
    const said = { from: author.toMultihash().bytes, data, seqno: new Uint8Array(8).fill(1, 7), topic: forged.topic }
    const signedFor = async (run: Uint8Array): Promise<object> => ({
      ...said,
      signature: (await signMessage(key, author, presenceTopic(run), 1n, data)).signature,
    })
    router.sendRpc(member.id, { subscriptions: [], messages: [await signedFor(otherRun)] })
    await until(() => member.presence.counters.rejected.FORGED === 2)
    expect(member.presence.heard().has(author.toString())).toBe(false)
    router.sendRpc(member.id, { subscriptions: [], messages: [await signedFor(runId)] })
    await until(() => member.presence.heard().has(author.toString()))
    // Afterwards gossipsub is as it was.
    await member.presence.stop()
    router.sendRpc(member.id, { subscriptions: [], messages: [forged] })
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(member.presence.counters.rejected).toEqual({ FORGED: 2 })
  })

  it('lets those who are gone make room for others', async () => {
    const { host, presence } = await startSide('member', { beatMs: 60_000 })
    const validate = host.services.pubsub!.topicValidators.get(presenceTopic(runId))!
    const say = async (author: string, leaving: boolean): Promise<unknown> => {
      const from = { toString: () => author, equals: () => false } as unknown as typeof host.peerId
      const standing = { from: 0, addresses: [], leaving }
      const data = encodePresence('crowd', { round: 1, samples: 1 }, false, standing)
      return validate(from, { type: 'signed', from, topic: '', data, sequenceNumber: 1n } as never)
    }
    for (let i = 0; i < presenceProtocol.limits.peers; i++) await say(`peer ${i}`, i < 5)
    expect(await say('one more', false)).toBe(TopicValidatorResult.Accept)
    expect(presence.heard().size).toBe(presenceProtocol.limits.peers - 4)
    for (let i = 0; i < 4; i++) expect(await say(`more ${i}`, false)).toBe(TopicValidatorResult.Accept)
    expect(await say('too many', false)).toBe(TopicValidatorResult.Ignore)
    expect(presence.counters.rejected).toEqual({ TOO_MANY_PEERS: 1 })
  })

  it('remembers a bounded number of peers while the members are not known', async () => {
    const { host, presence } = await startSide('member')
    const validate = host.services.pubsub!.topicValidators.get(presenceTopic(runId))!
    const data = encodePresence('crowd', { round: 1, samples: 1 }, false)
    for (let i = 0; i < presenceProtocol.limits.peers + 10; i++) {
      const from = { toString: () => `peer ${i}`, equals: () => false } as unknown as typeof host.peerId
      const verdict = await validate(from, { type: 'signed', from, topic: '', data } as never)
      expect(verdict).toBe(
        i < presenceProtocol.limits.peers ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore,
      )
    }
    expect(presence.heard().size).toBe(presenceProtocol.limits.peers)
    expect(presence.counters.rejected).toEqual({ TOO_MANY_PEERS: 10 })
    presence.expect([])
    expect(presence.heard().size).toBe(0)
  })
})

describe('a presence record', () => {
  const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' })
  const figure = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined })

  it('comes back as it was', () => {
    const standings = fc.record({
      from: fc.nat(10),
      share: fc.option(fc.nat(1000), { nil: undefined }),
      addresses: fc
        .array(fc.integer({ min: 1, max: 65_535 }), { maxLength: presenceProtocol.limits.addresses })
        .map(ports => ports.map(port => multiaddr(`/ip4/192.0.2.1/tcp/${port}`))),
      head: fc.option(fc.record({ round: fc.nat(10), digest: fc.uint8Array({ minLength: 32, maxLength: 32 }) }), {
        nil: undefined,
      }),
      leaving: fc.boolean(),
    })
    fc.assert(
      fc.property(
        name,
        fc.nat(10),
        fc.nat(1e6),
        figure,
        figure,
        fc.boolean(),
        standings,
        (name, round, samples, a, b, waiting, standing) => {
          const report = { round, samples, loss: a, accuracy: b, localDistance: a }
          const bytes = encodePresence(name, report, waiting, standing)
          expect(bytes.length).toBeLessThanOrEqual(presenceProtocol.limits.messageBytes)
          const decoded = decodePresence(bytes, 10) as { ok: true; report: HeardReport; waiting: boolean }
          expect(decoded).toMatchObject({ ok: true, waiting })
          const { addresses, ...rest } = decoded.report
          const { addresses: expected, ...others } = standing
          expect(rest).toEqual({ ...report, ...others, name })
          expect(addresses.map(String)).toEqual(expected.map(String))
        },
      ),
    )
  })

  it('leaves out addresses beyond the limits', () => {
    const long = multiaddr(`/dns4/${'a'.repeat(presenceProtocol.limits.addressBytes)}/tcp/1`)
    const short = multiaddr('/ip4/192.0.2.1/tcp/1')
    const addresses = [long, ...Array.from({ length: presenceProtocol.limits.addresses + 2 }, () => short)]
    const bytes = encodePresence('far', { round: 0, samples: 1 }, false, { from: 0, addresses, leaving: false })
    const decoded = decodePresence(bytes, 10) as { report: HeardReport }
    expect(decoded.report.addresses.map(String)).toEqual(
      Array.from({ length: presenceProtocol.limits.addresses }, () => short.toString()),
    )
  })

  it('of hostile bytes never throws', () => {
    const honest = encodePresence('honest', { round: 1, samples: 2, loss: 3, accuracy: 0.4 }, true)
    const mutated = fc
      .tuple(fc.nat(honest.length - 1), fc.nat(255), fc.nat(honest.length))
      .map(([at, byte, length]) => honest.map((old, i) => (i === at ? byte : old)).subarray(0, length))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated), bytes => {
        const decoded = decodePresence(bytes, 10)
        if (decoded.ok) expect(decoded.report.round).toBeLessThanOrEqual(10)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['a name that would move the cursor', { name: 'a\u001b[2J' }],
    ['a name that turns the line round', { name: 'a\u202eb' }],
    ['no name', { name: '' }],
    ['a long name', { name: 'x'.repeat(65) }],
    ['an accuracy above one', { accuracy: 1.01 }],
    ['a loss that is no number', { loss: Number.NaN }],
    ['a negative distance', { localDistance: -1 }],
    ['a training of more than a day', { mostMs: 86_400_001, sinceMs: 0 }],
    ['one that began more than a day ago', { mostMs: 1, sinceMs: 86_400_001 }],
    ['a training that never began', { mostMs: 1 }],
    ['one that takes no time', { sinceMs: 1 }],
  ])('with %s is malformed', (_, wrong) => {
    const good = { round: 1, name: 'good', samples: 1, waiting: false }
    expect(decodePresence(Record.encode(good), 10).ok).toBe(true)
    expect(decodePresence(Record.encode({ ...good, ...wrong }), 10)).toEqual({ ok: false, reason: 'MALFORMED' })
  })

  it('of a longest name fits', () => {
    const report = { round: 2 ** 32 - 1, samples: 2 ** 32 - 1, loss: 1 / 3, accuracy: 1 / 3, localDistance: 1 / 3 }
    const bytes = encodePresence('院'.repeat(presenceProtocol.limits.nameLength), report, true)
    expect(bytes.length).toBeLessThanOrEqual(presenceProtocol.limits.messageBytes)
  })

  it('is not made with a name that others would refuse', () => {
    expect(checkName('St. Elisabeth, Röntgen')).toBe('St. Elisabeth, Röntgen')
    expect(() => checkName('two\nlines')).toThrow('name: "two\\nlines" is not allowed; it must have 1 to 64')
  })
})
