import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SampledAnswer, SampledCall } from '../../../../src/gossip/index.js'
import { Sampler, steps } from '../../../../src/node/roads/sampling/sampler.js'
import { orderOf } from '../../../../src/topology/index.js'

const settings = { participants: 3, aggregators: 1, fraction: 1, inactivity: 50 }

interface Net {
  readonly samplers: ReadonlyMap<string, Sampler>
  /** Heads that were handed over, and calls that were made. */
  readonly handed: string[]
  readonly called: string[]
}

/** Samplers that reach each other at once, but for those that are dead, or deaf to heads. */
function netOf(
  peers: readonly string[],
  {
    dead = [],
    deaf = [],
    ...other
  }: { dead?: readonly string[]; deaf?: readonly string[] } & Partial<typeof settings> = {},
  round: (value: number) => number = value => value,
): Net {
  const samplers = new Map<string, Sampler>()
  const net: Net = { samplers, handed: [], called: [] }
  const members = new Map(peers.map((peer, place) => [peer, place]))
  for (const self of peers) {
    const ask = async (peer: string, call: SampledCall): Promise<SampledAnswer | undefined> => {
      net.called.push(`${self} ${call.part} ${peer}`)
      return dead.includes(peer) ? undefined : samplers.get(peer)!.answer(call)
    }
    const hand = async (peer: string, at: number, step: number, payload: Uint8Array): Promise<boolean> => {
      if (deaf.includes(peer)) return false
      net.handed.push(`${self} ${step} ${peer}`)
      samplers.get(peer)!.came(self, at, step, decoded(payload))
      return true
    }
    const encode = async (head: Float32Array): Promise<Uint8Array> =>
      new Uint8Array(Float32Array.from(head, round).buffer)
    const links = { ask, hand, encode, decode: async (payload: Uint8Array) => decoded(payload), release() {} }
    samplers.set(
      self,
      new Sampler({ self, rounds: 100, settings: { ...settings, ...other }, members: () => members, links }),
    )
  }
  return net
}

const decoded = (payload: Uint8Array): Float32Array => new Float32Array(payload.slice().buffer)
const peers = [...'abcdefgh']
const trained = (peer: string): Float32Array =>
  Float32Array.from([Math.sqrt(peer.charCodeAt(0)), 1 / peer.charCodeAt(0)])

/** One round: these have trained, in this order of arrival. @returns what each peer then holds of the next round */
async function roundOf(net: Net, round: number, participants: readonly string[]): Promise<Map<string, number[]>> {
  for (const peer of participants) await (await net.samplers.get(peer)!.handOn(round, trained(peer))).over
  for (const sampler of net.samplers.values())
    if (sampler.collections.has(round + 1)) await sampler.aggregate(round + 1)
  const holding = [...net.samplers].filter(([, { newest }]) => newest?.round === round + 1)
  return new Map(holding.map(([peer, { newest }]) => [peer, [...newest!.head]]))
}

describe('a round of sampled participants', () => {
  it('goes from participants over the aggregator to the participants of the next', async () => {
    const net = netOf(peers)
    const [first] = orderOf(peers, 1)
    const held = await roundOf(net, 0, orderOf(peers, 0).slice(0, 3))
    expect([...held.keys()].sort()).toEqual(orderOf(peers, 1).slice(0, 3).sort())
    const sampled = [...net.samplers].filter(([, { newest }]) => newest?.isSampled).map(([peer]) => peer)
    expect(sampled.sort()).toEqual(orderOf(peers, 1).slice(0, 3).sort())
    expect(net.handed.filter(line => line.includes(' 0 ')).every(line => line.endsWith(first!))).toBe(true)
  })

  it('P50: sums in one order, so the bits do not depend on who comes first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(peers, { minLength: 3, maxLength: 8 }), async some => {
        const [one, other] = [netOf(peers, { participants: 8 }), netOf(peers, { participants: 8 })]
        const bits = await roundOf(one, 4, some)
        const ordered = await roundOf(other, 4, some.toSorted())
        expect(bits).toEqual(ordered)
        const mean =
          some
            .toSorted()
            .map(trained)
            .reduce((sum, head) => sum + head[0]!, 0) / some.length
        expect(bits.get('a')![0]).toBeCloseTo(mean, 5)
        expect(bits.size).toBe(8)
      }),
    )
  })

  it('leaves all alike, with several aggregators and an encoding that rounds too', async () => {
    const net = netOf(peers, { participants: 8, aggregators: 2 }, value => Math.round(value * 8) / 8)
    const held = await roundOf(net, 2, peers)
    expect(held.size).toBe(8)
    expect(new Set([...held.values()].map(String)).size).toBe(1)
    expect(net.called.filter(line => line.startsWith('a AGGREGATOR')).length).toBeLessThanOrEqual(2)
  })

  it('asks the next of the order in place of who does not answer, or does not take what it was to get', async () => {
    const order = orderOf(peers, 1)
    const [dead, deaf, live] = order as [string, string, string]
    const net = netOf(peers, { dead: [dead], deaf: [deaf] })
    const some = order.slice(3, 6)
    const held = await roundOf(net, 0, some)
    expect([...held.keys()].sort()).toEqual(order.slice(2, 5).sort())
    const sender = net.samplers.get(some[0]!)!
    // Whoever did not answer may be asleep; of the other it is known that it cannot take part.
    expect([sender.orderOf(9).includes(dead), sender.orderOf(9).includes(deaf)]).toEqual([true, false])
    // What one peer has found out travels with its calls.
    expect(net.samplers.get(live)!.orderOf(9)).not.toContain(deaf)
  })

  it('counts a peer once, and none that comes when the mean is made', async () => {
    const net = netOf(peers)
    const [aggregator] = orderOf(peers, 1)
    const sampler = net.samplers.get(aggregator!)!
    const call = { part: 'AGGREGATOR', round: 1, sampled: 3, view: new Map() } as const
    for (const peer of ['a', 'a', 'b']) {
      expect(sampler.answer(call).code).toBe('READY')
      sampler.came(peer, 1, steps.trained, trained(peer))
    }
    const collected = sampler.collections.of(1)
    expect([collected.isComplete, collected.isEnough]).toEqual([false, false])
    sampler.came('c', 1, steps.trained, trained('c'))
    expect(collected.isComplete).toBe(true)
    expect((await sampler.aggregate(1)).of).toEqual(['a', 'b', 'c'])
    expect(sampler.answer(call).code).toBe('PAST')
    sampler.came('d', 1, steps.trained, trained('d'))
    expect(sampler.collections.has(1)).toBe(false)
  })

  it('goes on with the share of models that is wanted, the first of the sample’s order', async () => {
    const net = netOf(peers, { participants: 5, fraction: 0.6 })
    const [aggregator] = orderOf(peers, 1)
    const sampler = net.samplers.get(aggregator!)!
    sampler.answer({ part: 'AGGREGATOR', round: 1, sampled: 5, view: new Map() })
    const order = orderOf(peers, 0)
    for (const peer of [...order].reverse()) sampler.came(peer, 1, steps.trained, trained(peer))
    expect((await sampler.aggregate(1)).of).toEqual(order.slice(0, 3).sort())
  })

  it('keeps the newest aggregate, and says that older ones are past', async () => {
    const net = netOf(peers)
    const sampler = net.samplers.get('a')!
    sampler.came('b', 7, steps.aggregate, trained('b'))
    sampler.came('c', 6, steps.aggregate, trained('c'))
    expect(sampler.newest).toMatchObject({ round: 7, from: 'b' })
    const call = { part: 'PARTICIPANT', round: 6, sampled: 3, view: new Map() } as const
    expect(sampler.answer(call)).toEqual({ code: 'PAST', round: 6 })
  })

  it('ends with everybody', async () => {
    const net = netOf(peers, { dead: ['c'] })
    const held = await roundOf(net, 99, ['a', 'b', 'd'])
    expect([...held.keys()]).toEqual(peers.filter(peer => peer !== 'c'))
  })
})

describe('a view', () => {
  it('has nobody in it that does not take part, and no round beyond the last', () => {
    const sampler = netOf(peers).samplers.get('a')!
    const activity = { lastActive: 2 ** 31, counter: 1, membership: 'join' } as const
    sampler.learn(
      new Map([
        ['stranger', activity],
        ['b', activity],
      ]),
    )
    expect([...sampler.view]).toEqual([['b', { ...activity, lastActive: 100 }]])
  })

  it('in which this peer has left is answered by a later membership', () => {
    const sampler = netOf(peers).samplers.get('a')!
    sampler.learn(new Map([['a', { lastActive: 3, counter: 4, membership: 'leave' }]]))
    expect(sampler.view.get('a')).toEqual({ lastActive: 3, counter: 5, membership: 'join' })
  })

  it('asks those no more of whom nothing was heard for long, but always oneself', () => {
    const sampler = netOf(peers).samplers.get('a')!
    sampler.learn(new Map([['b', { lastActive: 40, counter: 0, membership: 'join' }]]))
    expect(sampler.orderOf(50).length).toBe(8)
    expect(sampler.orderOf(51).sort()).toEqual(['a', 'b'])
    expect(sampler.orderOf(91)).toEqual(['a'])
  })
})

it('collects few rounds at once, whatever is announced', () => {
  const sampler = netOf(peers).samplers.get('a')!
  for (let round = 1; round <= 10; round++) {
    sampler.answer({ part: 'AGGREGATOR', round, sampled: 3, view: new Map() })
    sampler.came('b', round, steps.trained, trained('b'))
  }
  const held = Array.from({ length: 11 }, (_, round) => round).filter(round => sampler.collections.has(round))
  expect(held).toEqual([7, 8, 9, 10])
})
