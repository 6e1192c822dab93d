import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it, vi } from 'vitest'
import { codecNames } from '../../../src/codec/index.js'
import { createPublication, fieldTiming, publicationProtocol } from '../../../src/gossip/index.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { codecNamed } from '../../codec/named.js'
import { roundTrip } from '../../codec/vectors.js'
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

const roundsOf = ({ publication }: Publisher): Record<string, number> =>
  Object.fromEntries([...publication.held()].map(([author, { round }]) => [author, round]))

describe('a published head', () => {
  it.each(codecNames())('reaches all of five on a line, in %s', async name => {
    const codec = codecNamed(name)
    const peers = await Promise.all(Array.from({ length: 5 }, () => startPublisher({ codec })))
    await connectLine(peers)
    const results = await Promise.all(
      peers.map(({ publication }, i) => publication.publish(i, headOf(smallLayout, i / 4))),
    )
    await until(() => peers.every(({ publication }) => publication.held().size === 4))
    for (const [i, peer] of peers.entries()) {
      const others = peers.flatMap((other, j) => (j === i ? [] : `${other.id} ${j}`))
      expect(peer.news.map(line => line.replace(/ \S+$/, '')).sort()).toEqual(others.sort())
      const { counters } = peer.publication
      expect(counters).toMatchObject({ accepted: 4, rejected: {} })
      expect(results[i]).toEqual({ ok: true, recipients: i % 4 === 0 ? 1 : 2, bytes: counters.sentBytes })
      expect(counters.receivedBytes).toBeGreaterThan(4 * codec.size(smallLayout).most)
    }
    const { values } = peers[0]!.publication.held().get(peers[4]!.id)!
    expect(values.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(Array.from(values)).toEqual(Array.from(roundTrip(codec, headOf(smallLayout, 1), smallLayout)))
  })

  it('costs little more than its numbers', async () => {
    // The head of a classifier of two classes.
    const layout = layoutOf([
      { name: 'output/kernel', shape: [16, 2] },
      { name: 'output/bias', shape: [2] },
    ])
    const [author, other] = await Promise.all([startPublisher({ layout }), startPublisher({ layout })])
    await connectLine([author, other])
    const { bytes } = (await author.publication.publish(3, headOf(layout, 1))) as { bytes: number }
    expect(bytes).toBeLessThanOrEqual(4 * layout.size + 40)
    await until(() => other.publication.held().size === 1)
  })

  it('gives way to a newer one of its author, and to no older one; the last one stays', async () => {
    const [author, other] = await Promise.all([startPublisher(), startPublisher()])
    await connectLine([author, other])
    await author.publication.publish(3, headOf(smallLayout, 3))
    await until(() => roundsOf(other)[author.id] === 3)
    await author.publication.publish(2, headOf(smallLayout, 2))
    await until(() => other.publication.counters.rejected.STALE_ROUND === 1)
    await author.publication.publish(7, headOf(smallLayout, 7))
    await until(() => roundsOf(other)[author.id] === 7)
    await author.publication.publish(7, headOf(smallLayout, 7))
    await until(() => other.publication.counters.rejected.DUPLICATE === 1)
    // The same round again, trained anew.
    await author.publication.publish(7, headOf(smallLayout, 7.5))
    await until(() => other.publication.held().get(author.id)!.values[0] === 7.5)
    await author.publication.stop()
    await author.host.stop()
    expect(roundsOf(other)).toEqual({ [author.id]: 7 })
    expect(other.news).toEqual([3, 7, 7.5].map(first => `${author.id} ${Math.floor(first)} ${first}`))
  })

  it('may be overwritten as soon as it is published', async () => {
    const [author, other] = await Promise.all([startPublisher(), startPublisher()])
    await connectLine([author, other])
    const head = headOf(smallLayout, 1)
    await author.publication.publish(0, head)
    head.fill(9)
    await until(() => other.publication.held().size === 1)
    expect(other.publication.held().get(author.id)!.values).toEqual(headOf(smallLayout, 1))
  })

  it('is not sent where everybody would refuse it', async () => {
    const { publication } = await startPublisher({ normLimit: 100 })
    const publish = (first: number): Promise<unknown> => publication.publish(0, headOf(smallLayout, first))
    expect(await publish(Number.NaN)).toEqual({ ok: false, reason: 'NOT_FINITE' })
    expect(await publish(101)).toEqual({ ok: false, reason: 'NORM_TOO_LARGE' })
    expect(publication.answers.experts()).toBeUndefined()
    expect(await publish(1)).toEqual({ ok: true, recipients: 0, bytes: 0 })
  })
})

describe('a large head', () => {
  const layout = largeLayout

  it('is announced and pulled, by all of five on a line', async () => {
    const peers = await Promise.all(Array.from({ length: 5 }, () => startPublisher({ layout })))
    await connectLine(peers)
    const [author, ...others] = peers
    const head = headOf(layout, 1)
    const { bytes } = (await author!.publication.publish(0, head)) as { bytes: number }
    expect(bytes).toBeLessThan(300)
    await until(() => others.every(({ publication }) => publication.held().size === 1))
    for (const { publication, news } of others) {
      expect(news).toEqual([`${author!.id} 0 1`])
      expect(publication.held().get(author!.id)!.values).toEqual(head)
      expect(publication.counters.rejected).toEqual({})
      expect(publication.counters.receivedBytes).toBeGreaterThan(4 * layout.size)
    }
    // Only one of them is connected to the author.
    expect(others[0]!.state.sentBytes).toBeGreaterThan(4 * layout.size)
  })

  it('is pulled from who has it when its author is gone', async () => {
    const [author, middle, late] = await Promise.all(Array.from({ length: 3 }, () => startPublisher({ layout })))
    await connectLine([author!, middle!])
    await author!.publication.publish(4, headOf(layout, 4))
    await until(() => middle!.publication.held().size === 1)
    await author!.publication.stop()
    await author!.host.stop()
    await join(late!.host, middle!.host)
    expect(await late!.publication.catchUp([middle!.host.peerId], never)).toBe(1)
    expect(late!.news).toEqual([`${author!.id} 4 4`])
  })

  it('that nobody gives is given up in time, and may be announced again', async () => {
    const author = await startPublisher({ layout })
    const other = await startPublisher({ layout, timing: { ...fieldTiming, pullMs: 300 } })
    await connectLine([author, other])
    await author.state.stop()
    await author.publication.publish(1, headOf(layout, 1))
    await until(() => other.publication.counters.rejected.TIMEOUT === 1)
    expect(other.publication.held().size).toBe(0)
    await author.state.start()
  })

  it('that was superseded is not waited for', async () => {
    const [author, other] = await Promise.all([startPublisher({ layout }), startPublisher({ layout })])
    await connectLine([author, other])
    for (let round = 0; round < 8; round++) await author.publication.publish(round, headOf(layout, round))
    await until(() => roundsOf(other)[author.id] === 7)
    expect(other.publication.counters.rejected).toEqual({})
  })
})

describe('who comes late', () => {
  it('gets the heads of all, of those that are gone too, from peers that it need not trust', async () => {
    const [gone, there, here, late] = await Promise.all(Array.from({ length: 4 }, () => startPublisher()))
    await connectLine([gone!, there!, here!])
    for (const [round, { publication }] of [gone!, there!, here!].entries()) {
      await publication.publish(round, headOf(smallLayout, round))
    }
    await until(() => [there!, here!].every(({ publication }) => publication.held().size === 2))
    await gone!.publication.stop()
    await gone!.host.stop()
    await join(late!.host, here!.host)
    await join(late!.host, there!.host)
    const nobody = await startHost()
    const asked = [here!, there!].map(({ host }) => host.peerId)
    expect(await late!.publication.catchUp([...asked, nobody.peerId], never)).toBe(3)
    expect(roundsOf(late!)).toEqual({ [gone!.id]: 0, [there!.id]: 1, [here!.id]: 2 })
    expect(late!.publication.counters).toMatchObject({ accepted: 3, rejected: {} })
    // Nothing is asked for twice, and its own head not at all.
    await late!.publication.publish(3, headOf(smallLayout, 3))
    await until(() => here!.publication.held().size === 3)
    expect(await late!.publication.catchUp(asked, never)).toBe(0)
    expect(late!.publication.held().size).toBe(3)
    // And it passes on what it was given.
    const later = await startPublisher()
    await join(later.host, late!.host)
    expect(await later.publication.catchUp([late!.host.peerId], never)).toBe(4)
  })

  it('asks four side by side, of however many', async () => {
    const { host, publication } = await startPublisher()
    const peers = await Promise.all(Array.from({ length: 12 }, async () => peerIdFromPrivateKey(await newKey())))
    let [now, most, all] = [0, 0, 0]
    vi.spyOn(host, 'dialProtocol').mockImplementation(async () => {
      all += 1
      now += 1
      most = Math.max(most, now)
      await new Promise(resolve => setTimeout(resolve, 5))
      now -= 1
      throw new Error('nobody is there')
    })
    expect(await publication.catchUp(peers, never)).toBe(0)
    expect([most, all]).toEqual([4, 12])
  })

  it('stops asking when its signal says so', async () => {
    const { publication } = await startPublisher()
    const reason = new Error('enough')
    await expect(publication.catchUp([], AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('a publication', () => {
  it('forgets who is no member, and hears members only', async () => {
    const [author, other] = await Promise.all([startPublisher(), startPublisher()])
    await connectLine([author, other])
    await author.publication.publish(0, headOf(smallLayout, 0))
    await until(() => other.publication.held().size === 1)
    other.publication.expect([other.host.peerId])
    expect(other.publication.held().size).toBe(0)
    await author.publication.publish(1, headOf(smallLayout, 1))
    await until(() => other.publication.counters.rejected.NOT_A_MEMBER === 1)
  })

  it('leaves no timer, listener or stream behind when it stops, while it pulls too', async () => {
    const layout = largeLayout
    const pullMs = 54_321
    const { setTimeout } = globalThis
    const timers: unknown[] = []
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms?: number) => {
      const timer = setTimeout(work, ms)
      if (ms === pullMs) timers.push(timer)
      return timer
    }) as typeof setTimeout)
    const author = await startPublisher({ layout })
    const other = await startPublisher({ layout, timing: { ...fieldTiming, pullMs } })
    await connectLine([author, other])
    await author.state.stop()
    await author.publication.publish(1, headOf(layout, 1))
    await until(() => other.publication.counters.receivedBytes > 0)
    const { topicValidators } = other.host.services.pubsub!
    expect(timers).toHaveLength(2)
    const clear = vi.spyOn(globalThis, 'clearTimeout')
    await other.publication.stop()
    await other.publication.stop()
    for (const timer of timers) expect(clear).toHaveBeenCalledWith(timer)
    vi.restoreAllMocks()
    expect(topicValidators.has(topic)).toBe(false)
    expect(other.host.services.pubsub!.getTopics()).not.toContain(topic)
    await expect(other.publication.catchUp([author.host.peerId], never)).rejects.toThrow('stopped')
    // It never starts again, and tells nobody.
    await other.publication.start()
    expect(await other.publication.publish(2, headOf(layout, 2))).toEqual({ ok: true, recipients: 0, bytes: 0 })
  })

  it('is created with the key of its host, a run id, and an invitation that others take', async () => {
    const privateKey = await newKey()
    const host = await startHost()
    const init = { runId, rounds: 1, privateKey, layout: smallLayout, normLimit: 1, onHead() {} }
    expect(() => createPublication(init)({ node: host })).toThrow('not the node’s own')
    expect(() => createPublication({ ...init, runId: new Uint8Array(31) })).toThrow('32 bytes')
    const { publication } = await startPublisher({ invite: new Uint8Array(publicationProtocol.limits.inviteBytes + 1) })
    await expect(publication.publish(0, headOf(smallLayout, 0))).rejects.toThrow('too long')
  })
})
