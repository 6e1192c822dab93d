import { type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LogEntry, LogPart } from '../../../src/gossip/generated/log.js'
import {
  createLog,
  createState,
  fieldTiming,
  type HearsayHost,
  type LogInit,
  type LogPlace,
  logProtocol,
  logTopic,
  type ScalarLog,
} from '../../../src/gossip/index.js'
import { encodeRecord } from '../../../src/gossip/log/record.js'
import { connect, never, newKey, startHost, until } from '../hosts.js'

const { Accept, Ignore, Reject } = TopicValidatorResult
const runId = new Uint8Array(32).fill(6)
const topic = logTopic(runId)
const rounds = 10
const model = new Uint8Array(32)
const scalars = Uint8Array.of(1, 200, 64)

interface Logger {
  readonly host: HearsayHost
  readonly log: ScalarLog
  readonly news: string[]
}

/** @param answer - of its state, to requests for the log. @default its own */
async function startLogger(init: Partial<LogInit> = {}, answer?: ScalarLog['part']): Promise<Logger> {
  const privateKey = init.privateKey ?? (await newKey())
  const host = await startHost('memory', privateKey)
  const news: string[] = []
  const log = createLog({
    ...{ runId, rounds, scalars: 3, privateKey, reach: 100 },
    onRecord: (author, round) => news.push(`${author} ${round}`),
    ...init,
  })({ node: host })
  const state = createState({
    ...{ runId, manifest: new Uint8Array(1), head: () => undefined, view: () => new Uint8Array(1) },
    log: answer ?? (behind => log.part(behind)),
  })({ node: host })
  await log.start()
  await state.start()
  onTestFinished(async () => {
    await log.stop()
    await state.stop()
  })
  return { host, log, news }
}

const newAuthor = async (): Promise<PeerId> => peerIdFromPrivateKey(await newKey())
const recordOf = (round: number, bytes = scalars): Uint8Array => encodeRecord({ round, scalars: bytes, model })

let sequence = 0n
/** What gossipsub does with a message whose signature it has checked. */
function hand({ host }: Logger, from: PeerId, data: Uint8Array, sender = host.peerId): Promise<TopicValidatorResult> {
  const validate = host.services.pubsub!.topicValidators.get(topic)!
  const signed = { type: 'signed', from, data, topic, sequenceNumber: ++sequence, signature: new Uint8Array(64) }
  return validate(sender, signed as unknown as Message) as Promise<TopicValidatorResult>
}

describe('a message on the topic of the log', () => {
  it.each<[string, TopicValidatorResult, Uint8Array]>([
    ['OVERSIZE', Reject, new Uint8Array(logProtocol.limits.messageBytes + 1)],
    ['MALFORMED', Reject, Uint8Array.of(0xff)],
    ['MALFORMED', Reject, recordOf(1, Uint8Array.of(1, 128, 2))],
    ['WRONG_SIZE', Reject, recordOf(1, Uint8Array.of(1, 2))],
    ['WRONG_SIZE', Reject, recordOf(1, Uint8Array.of(1, 2, 3, 4))],
    ['FUTURE_ROUND', Reject, recordOf(rounds + 1)],
    ['STALE_ROUND', Ignore, recordOf(0)],
  ])('is refused as %s, with %s, and counted', async (reason, verdict, data) => {
    const peer = await startLogger()
    peer.log.records.beginWith(1)
    expect(await hand(peer, await newAuthor(), data)).toBe(verdict)
    expect(peer.log.counters.rejected).toEqual({ [reason]: 1 })
    expect(peer.log.records.all()).toEqual([])
    expect(await hand(peer, await newAuthor(), recordOf(1))).toBe(Accept)
    expect(peer.news).toHaveLength(1)
  })

  it('is taken once, of members that may take part', async () => {
    const [member, stranger, uninvited] = [await newAuthor(), await newAuthor(), await newAuthor()]
    const peer = await startLogger({ admits: author => (author.equals(uninvited) ? 'never' : 'yes') })
    peer.log.expect([member, uninvited])
    const verdicts = [
      await hand(peer, member, recordOf(2)),
      await hand(peer, member, recordOf(2)),
      await hand(peer, stranger, recordOf(2)),
      await hand(peer, uninvited, recordOf(2)),
    ]
    expect(verdicts).toEqual([Accept, Ignore, Ignore, Ignore])
    expect(peer.log.counters.rejected).toEqual({ DUPLICATE: 1, NOT_A_MEMBER: 1, NOT_ADMITTED: 1 })
  })

  it('of a round too far ahead is not kept, counts against nobody, and tells that its author is there', async () => {
    const [author, peer] = [await newAuthor(), await startLogger({ reach: 4 })]
    expect(await hand(peer, author, recordOf(4))).toBe(Ignore)
    expect(await hand(peer, author, recordOf(3))).toBe(Accept)
    expect(await hand(peer, author, recordOf(rounds, new Uint8Array()))).toBe(Accept)
    expect(peer.log.counters.rejected).toEqual({ TOO_EARLY: 1 })
    expect(peer.log.records.all().map(({ round }) => round)).toEqual([3, rounds])
    expect(peer.news).toEqual([4, 3, rounds].map(round => `${author} ${round}`))
  })

  it('of an author that sends more than it may is refused, and counts against the author alone', async () => {
    const [author, other] = [await newAuthor(), await newAuthor()]
    const peer = await startLogger()
    const verdicts: TopicValidatorResult[] = []
    for (let i = 0; i <= logProtocol.limits.recordsPerSecond + 5; i++) {
      verdicts.push(await hand(peer, author, recordOf(1), i % 2 === 0 ? other : author))
    }
    expect(verdicts).toContain(Reject)
    expect(peer.log.counters.rejected.TOO_OFTEN).toBeGreaterThan(0)
    expect(await hand(peer, other, recordOf(1))).toBe(Accept)
  })
})

describe('the log of another peer', () => {
  it('brings what is missing, by others’ signatures too, and comes back from what was kept', async () => {
    const [one, two, three] = [await startLogger(), await startLogger(), await startLogger()]
    await connect(one.host, two.host)
    await connect(two.host, three.host)
    for (const [round, peer] of [one, two].entries()) await peer.log.publish({ round, scalars, model })
    await two.log.catchUp([one.host.peerId], never)
    await three.log.catchUp([two.host.peerId], never)
    const known = (log: ScalarLog): unknown[] => log.records.all().map(({ author, round }) => [author, round])
    expect(known(three.log)).toEqual([
      [one.host.peerId.toString(), 0],
      [two.host.peerId.toString(), 1],
    ])
    const back = await startLogger()
    back.log.recall(three.log.kept())
    expect(known(back.log)).toEqual(known(three.log))
    // What it passes on is signed by its authors.
    await connect(back.host, one.host)
    const last = await startLogger()
    await connect(last.host, back.host)
    await last.log.catchUp([back.host.peerId], never)
    expect(known(last.log)).toEqual(known(three.log))
    expect(last.log.counters.rejected).toEqual({})
  })

  it('is read entry by entry, and of what is here already no signature is verified', async () => {
    const honest = await startLogger()
    for (const round of [1, 2, 3, 4, 5]) await honest.log.publish({ round, scalars, model })
    const { entries } = LogPart.decode(honest.log.kept())
    // Copies whose signatures are wrong: verified, the first of them would end the answer.
    const copies = entries.map(entry => {
      const { author, message } = LogEntry.decode(entry)
      const broken = Uint8Array.from(message)
      broken[broken.length - 1]! ^= 1
      return LogEntry.encode({ author, message: broken })
    })
    const answer = LogPart.encode({ entries: [entries[0]!, entries[0]!, copies[0]!, ...entries.slice(1), ...copies] })
    let turn = 0
    const turns = new Set<number>()
    const other = await startLogger({}, () => answer)
    const peer = await startLogger({ onRecord: () => turns.add(turn) })
    await connect(peer.host, other.host)
    let isOver = false
    const count = (): void => {
      turn++
      if (!isOver) setImmediate(count)
    }
    count()
    await peer.log.catchUp([other.host.peerId], never)
    isOver = true
    expect(peer.log.records.all().map(({ round }) => round)).toEqual([1, 2, 3, 4, 5])
    expect(peer.log.counters.rejected).toEqual({})
    expect(turns.size).toBe(5)
  })

  it('comes in parts, each behind the last, with what contradicts itself', async () => {
    // Sixty records of 4,096 scalars are a part.
    const format = { scalars: logProtocol.limits.scalars, rounds: 200, reach: 300 }
    const said = (first: number): Uint8Array => new Uint8Array(format.scalars).fill(3).fill(first, 0, 1)
    const privateKey = await newKey()
    const [before, back] = [await startLogger({ ...format, privateKey }), await startLogger({ ...format, privateKey })]
    for (let round = 0; round < 150; round++) await before.log.publish({ round, scalars: said(1), model })
    for (const round of [60, 61, 62]) await back.log.publish({ round, scalars: said(2), model })
    const asked: (LogPlace | undefined)[] = []
    const other = await startLogger(format, behind => {
      asked.push(behind)
      return other.log.part(behind)
    })
    for (const { log } of [before, back]) other.log.recall(log.kept())
    const peer = await startLogger(format)
    await connect(peer.host, other.host)
    await peer.log.catchUp([other.host.peerId], never)
    const known = ({ log }: Logger): unknown[] => log.records.all().map(({ round, scalars: [first] }) => [round, first])
    expect(known(peer)).toEqual(known(other))
    expect(peer.log.records.all()).toHaveLength(153)
    expect(asked.map(place => place?.round)).toEqual([undefined, 58, 114])
  })

  it('of a peer that gives one full part again and again is given up', async () => {
    const format = { scalars: logProtocol.limits.scalars, rounds: 200, reach: 300 }
    const honest = await startLogger(format)
    const said = new Uint8Array(format.scalars).fill(3)
    for (let round = 0; round < 80; round++) await honest.log.publish({ round, scalars: said, model })
    const part = honest.log.part()!
    let asked = 0
    const liar = await startLogger(format, () => {
      asked += 1
      return part
    })
    const peer = await startLogger(format)
    await connect(peer.host, liar.host)
    await peer.log.catchUp([liar.host.peerId], never)
    expect(LogPart.decode(part).more).toBe(true)
    expect(peer.log.records.all()).toHaveLength(LogPart.decode(part).entries.length)
    expect(asked).toBe(2)
  })

  it('of a peer that gives one record a part, and says that there are more, is given up', async () => {
    const honest = await startLogger()
    for (const round of [1, 2, 3]) await honest.log.publish({ round, scalars, model })
    const { entries } = LogPart.decode(honest.log.part()!)
    let asked = 0
    const liar = await startLogger({}, () => LogPart.encode({ entries: [entries[asked++]!], more: true }))
    const peer = await startLogger()
    await connect(peer.host, liar.host)
    await peer.log.catchUp([liar.host.peerId], never)
    expect(peer.log.records.all()).toHaveLength(1)
    expect(asked).toBe(1)
  })

  it('of a peer that takes longer than an answer may, part by part, is kept as far as it came', async () => {
    const format = { scalars: logProtocol.limits.scalars, rounds: 300, reach: 300 }
    const said = new Uint8Array(format.scalars).fill(3)
    const slow = await startLogger(format, behind => {
      // Each part by itself comes in time.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      return slow.log.part(behind)
    })
    for (let round = 0; round < 240; round++) await slow.log.publish({ round, scalars: said, model })
    const state = { ...fieldTiming.state, transferMs: 700 }
    const peer = await startLogger({ ...format, timing: { ...fieldTiming, state } })
    await connect(peer.host, slow.host)
    await peer.log.catchUp([slow.host.peerId], never)
    expect(peer.log.records.all().length).toBeLessThan(240)
  })

  it('that has our own record of a round, of before we were killed, keeps us from contradicting it', async () => {
    const [privateKey, other] = [await newKey(), await startLogger()]
    const before = await startLogger({ privateKey })
    await before.log.publish({ round: 2, scalars, model })
    const kept = before.log.kept()
    other.log.recall(kept)
    before.log.records.beginWith(3)
    before.log.records.beginWith(0)
    before.log.recall(kept)
    await before.log.publish({ round: 2, scalars: Uint8Array.of(7, 7, 7), model })
    expect(before.log.records.all().map(record => [...record.scalars])).toEqual([[...scalars]])
  })

  it('has the latest of our last words, by our own count, which is kept', async () => {
    const [before, back] = [await startLogger(), await startLogger()]
    const last = (log: ScalarLog): number | undefined => log.records.all().at(-1)?.word
    for (const word of [1, 2]) {
      await before.log.publish({ round: rounds, scalars: new Uint8Array(), model: model.slice().fill(word) })
      expect(last(before.log)).toBe(word)
    }
    back.log.recall(before.log.kept())
    expect(last(back.log)).toBe(2)
  })

  it('that holds what no author has signed is given up, and the peer goes on with others', async () => {
    const honest = await startLogger()
    await honest.log.publish({ round: 3, scalars, model })
    const [entry] = LogPart.decode(honest.log.kept()).entries
    const { message } = LogEntry.decode(entry!)
    const broken = Uint8Array.from(message)
    broken[broken.length - 1]! ^= 1
    const author = new Uint8Array((honest.host.peerId as PeerId & { publicKey: { raw: Uint8Array } }).publicKey.raw)
    const lying = LogPart.encode({ entries: [LogEntry.encode({ author, message: broken })] })
    const [liar, peer] = [await startLogger({}, () => lying), await startLogger()]
    await connect(peer.host, liar.host)
    await connect(peer.host, honest.host)
    await peer.log.catchUp([liar.host.peerId], never)
    expect(peer.log.records.all()).toEqual([])
    expect(peer.log.counters.rejected).toEqual({ FORGED: 1 })
    await peer.log.catchUp([liar.host.peerId, honest.host.peerId], never)
    expect(peer.log.records.all().map(({ round }) => round)).toEqual([3])
  })

  it('over the mesh reaches all, and nobody after it has stopped', async () => {
    const [one, two] = [await startLogger(), await startLogger()]
    await connect(one.host, two.host)
    const mesh = (): number => one.host.services.pubsub!.getSubscribers(topic).length
    await until(() => mesh() > 0)
    let round = 0
    await until(() => {
      if (two.news.length === 0 && round < rounds) void one.log.publish({ round: round++, scalars, model })
      return two.news.length > 0
    })
    await two.log.stop()
    await two.log.stop()
    expect(two.log.counters.receivedBytes).toBeGreaterThan(0)
    expect(one.log.counters.sentBytes).toBeGreaterThan(0)
  })
})

it('a log of more scalars than a record holds is not made', () => {
  const init = { runId, rounds, privateKey: undefined as never, reach: 1, onRecord() {} }
  expect(() => createLog({ ...init, scalars: logProtocol.limits.scalars + 1 })).toThrow(RangeError)
  expect(() => createLog({ ...init, runId: new Uint8Array(31), scalars: 1 })).toThrow(RangeError)
})
