import { peerIdFromString } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MaskAnswer, MaskShares } from '../../../src/gossip/generated/masks.js'
import type { HearsayHost } from '../../../src/gossip/index.js'
import { sharesProtocol } from '../../../src/gossip/masks/protocol.js'
import {
  createShareService,
  decodeMaskAnswer,
  decodeMaskShares,
  type ShareService,
  type SharesInit,
} from '../../../src/gossip/masks/shares.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import { connect, never, startHost } from '../hosts.js'

const thirtyTwo = (byte: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(byte)
const sealed = (byte: number): Uint8Array<ArrayBuffer> => new Uint8Array(48).fill(byte)
const runId = thirtyTwo(7)
const at = { round: 3, step: 0, group: thirtyTwo(1) }
const good: MaskShares = { runId, ...at, came: [], sealed: [sealed(1), sealed(2)] }

async function startService(init: Partial<SharesInit> = {}): Promise<{ host: HearsayHost; service: ShareService }> {
  const host = await startHost()
  const service = createShareService({ runId, admit: () => undefined, answer: () => undefined, ...init })({
    node: host,
  })
  await service.start()
  onTestFinished(() => service.stop())
  return { host, service }
}

describe('messages of shares', () => {
  it('are read as they were written', () => {
    expect(decodeMaskShares(MaskShares.encode(good))).toEqual(good)
    const answer: MaskAnswer = { code: MaskAnswer.Code.PARTS, parts: [thirtyTwo(1), new Uint8Array(), thirtyTwo(2)] }
    expect(decodeMaskAnswer(MaskAnswer.encode(answer))).toEqual(answer)
  })

  it.each<[string, Partial<MaskShares>]>([
    ['another run id', { runId: new Uint8Array(31) }],
    ['no group', { group: new Uint8Array() }],
    ['no shares', { sealed: [] }],
    ['a share of another length', { sealed: [sealed(1), new Uint8Array(47)] }],
    ['more shares than a group has', { sealed: Array.from({ length: 255 }, () => sealed(1)) }],
    ['more places', { came: Array.from({ length: 256 }, (_, place) => place) }],
  ])('with %s are none', (_, change) => {
    expect(() => decodeMaskShares(MaskShares.encode({ ...good, ...change }))).toThrow(Rejection)
  })

  it('that are answers are bounded likewise', () => {
    for (const parts of [[new Uint8Array(31)], Array.from({ length: 255 }, () => thirtyTwo(1))]) {
      expect(() => decodeMaskAnswer(MaskAnswer.encode({ code: MaskAnswer.Code.PARTS, parts }))).toThrow(Rejection)
    }
  })

  it('may be any bytes, and then are refused or whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        for (const decode of [decodeMaskShares, decodeMaskAnswer]) {
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(Rejection)
          }
        }
      }),
    )
  })

  it('of the largest group fit a frame', () => {
    const all = Array.from({ length: 255 }, (_, place) => place)
    const largest = { ...good, came: all, sealed: Array.from({ length: 254 }, () => sealed(1)) }
    expect(MaskShares.encode(largest).length).toBeLessThan(sharesProtocol.limits.frameBytes)
  })
})

describe('the service of shares', () => {
  it('takes a sender’s shares once, and gives them to whoever waits for them', async () => {
    const [one, two] = [await startService(), await startService()]
    await connect(one.host, two.host)
    const waiting = two.service.take(one.host.peerId.toString(), 3, 0, never)
    expect(await one.service.hand(two.host.peerId, at, good.sealed, never)).toBe(true)
    expect(await waiting).toMatchObject({ group: at.group, sealed: good.sealed })
    // Its answer may have been lost.
    expect(await one.service.hand(two.host.peerId, at, good.sealed, never)).toBe(true)
    expect(two.service.counters.rejected).toEqual({})
    const others = [[sealed(9)], [...good.sealed].reverse(), [...good.sealed, sealed(3)]]
    for (const other of others) expect(await one.service.hand(two.host.peerId, at, other, never)).toBe(false)
    expect(await one.service.hand(two.host.peerId, { ...at, group: thirtyTwo(2) }, good.sealed, never)).toBe(false)
    expect(two.service.counters.rejected).toEqual({ DUPLICATE: 4 })
    expect(await two.service.take(one.host.peerId.toString(), 3, 0, never)).toMatchObject({ sealed: good.sealed })
    two.service.advance(4, 0)
    expect(await one.service.hand(two.host.peerId, at, good.sealed, never)).toBe(false)
    expect(two.service.counters.rejected).toEqual({ DUPLICATE: 4, STALE_ROUND: 1 })
  })

  it('refuses strangers, other runs and what is no message, and counts it', async () => {
    const [one, two, other] = [
      await startService(),
      await startService({ admit: (_, round) => (round > 5 ? 'FUTURE_ROUND' : undefined) }),
      await startService({ runId: thirtyTwo(8) }),
    ]
    await connect(one.host, two.host)
    await connect(other.host, two.host)
    expect(await one.service.hand(two.host.peerId, { ...at, round: 6 }, good.sealed, never)).toBe(false)
    expect(await other.service.hand(two.host.peerId, at, good.sealed, never)).toBe(false)
    expect(await one.service.hand(two.host.peerId, at, [new Uint8Array(3)], never)).toBe(false)
    // Nobody answers for a group it has not masked for.
    expect(await one.service.ask(two.host.peerId, at, { came: [0, 1, 2], sealed: good.sealed }, never)).toBeUndefined()
    expect(two.service.counters.rejected).toEqual({
      FUTURE_ROUND: 1,
      WRONG_RUN: 1,
      MALFORMED: 1,
      NOT_A_NEIGHBOUR: 1,
    })
  })

  it('answers, and has no answer of who is not there', async () => {
    const parts = [thirtyTwo(3), new Uint8Array()]
    const [one, two] = [await startService(), await startService({ answer: () => parts })]
    await connect(one.host, two.host)
    const question = { came: [0, 1, 2], sealed: good.sealed }
    const answer = await one.service.ask(two.host.peerId, at, question, never)
    expect(answer!.map(part => Uint8Array.from(part))).toEqual(parts)
    await two.service.stop()
    expect(await one.service.ask(two.host.peerId, at, question, never)).toBeUndefined()
    const nobody = peerIdFromString('12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5')
    expect(await one.service.ask(nobody, at, question, never)).toBeUndefined()
  })
})
