import { setImmediate } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHandover, type Handover, type HearsayHost, handoverProtocol } from '../../../src/gossip/index.js'
import type { Neighbourhood, Position, Swap } from '../../../src/methods/index.js'
import {
  createExchange,
  fixedPatience,
  type Member,
  type Patience,
  type StreamExchange,
} from '../../../src/node/index.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { createGraph, type Edge, type Graph } from '../../../src/topology/index.js'
import { connect, never, startHost, until } from '../../gossip/hosts.js'

const layout = layoutOf([{ name: 'dense/kernel', shape: [50, 4] }])
/** A head that tells whose it is, and of which exchange. */
const headOf = (peer: number, round = 0, step = 0): Float32Array =>
  new Float32Array(layout.size).fill(peer + round / 10 + step / 100)

/** Longer than any test may take: what ends an exchange is then never the clock. */
const ample = 600_000

interface Side {
  readonly host: HearsayHost
  readonly handover: Handover
  readonly exchange: Omit<StreamExchange, 'swap'> & {
    swap(position: Position, head: Float32Array, graph: Graph, signal: AbortSignal): Promise<Swap>
  }
  /** Everything that listens on the handover's streams from now on is this. */
  replace(onStream: (stream: Stream) => void): Promise<void>
}

type Transport = 'tcp' | 'memory'

/** Peers that know each other and are connected along the edges. `waits` is how long each one's exchanges wait, or for whom. */
async function startPeers(
  transport: Transport,
  peers: number,
  edges: readonly Edge[],
  waits: readonly (number | Patience)[] = [],
  isAsync = false,
): Promise<{ sides: Side[]; graph: Graph }> {
  const hosts = await Promise.all(Array.from({ length: peers }, () => startHost(transport)))
  const members: Member[] = hosts.map((host, peer) => ({
    name: `peer-${peer}`,
    peerId: host.peerId,
    addresses: host.getMultiaddrs().map(address => multiaddr(address.toString())),
  }))
  const sides = await Promise.all(
    hosts.map(async (host, self): Promise<Side> => {
      const runId = new Uint8Array(32).fill(7)
      const handover = createHandover({ runId, layout, normLimit: 1e6, admit: () => undefined, latestOnly: isAsync })({
        node: host,
      })
      await handover.start()
      onTestFinished(() => handover.stop())
      const waiting = waits[self] ?? ample
      const created = createExchange({
        node: host,
        handover,
        isAsync,
        patience: typeof waiting === 'number' ? fixedPatience(waiting) : waiting,
        dialMs: 5_000,
      })
      const numbers = new Map(members.map(({ peerId }, number) => [peerId.toString(), number]))
      // An exchange asks no more of a neighbourhood than who they are and how they are joined.
      const exchange: Side['exchange'] = {
        latest: () => created.latest(),
        idle: () => created.idle(),
        swap: (position, head, graph, signal) =>
          created.swap(
            position,
            head,
            { members, numbers, self, graph, topology: { period: 1 } } as unknown as Neighbourhood<Member>,
            signal,
          ),
      }
      return {
        host,
        handover,
        exchange,
        async replace(onStream) {
          await handover.stop()
          await host.handle(handoverProtocol.id, onStream)
        },
      }
    }),
  )
  for (const [from, to] of edges) {
    await hosts[from]!.peerStore.merge(members[to]!.peerId, { multiaddrs: [...members[to]!.addresses] })
    await hosts[to]!.peerStore.merge(members[from]!.peerId, { multiaddrs: [...members[from]!.addresses] })
    await connect(hosts[from]!, hosts[to]!)
  }
  return { sides, graph: createGraph(peers, edges) }
}

const triangle: readonly Edge[] = [
  [0, 1],
  [0, 2],
  [1, 2],
]

const at = (round: number, step = 0): { round: number; step: number } => ({ round, step })

describe('an exchange that waits for nobody', () => {
  it('brings the newest head of each neighbour, again and again, and says of which round it is', async () => {
    const { sides, graph } = await startPeers('memory', 3, triangle, [], true)
    const [fast, slow] = sides as [Side, Side, Side]
    // Nobody has said anything yet, and nobody is missed.
    const first = await fast.exchange.swap(at(0), headOf(0), graph, never)
    expect({ received: [...first.received], absent: first.absent }).toEqual({ received: [], absent: [] })
    await slow.exchange.swap(at(0), headOf(1), graph, never)
    const id = slow.host.peerId.toString()
    await until(() => fast.handover.latest(id) !== undefined)
    for (let round = 1; round < 20; round++) {
      const { received, rounds } = await fast.exchange.swap(at(round), headOf(0, round), graph, never)
      expect([...rounds!]).toEqual([[1, 0]])
      expect(received.get(1)).toEqual(headOf(1))
    }
    // Of all that the fast one has said meanwhile, the slow one has the last.
    await until(() => slow.handover.latest(fast.host.peerId.toString())?.round === 19)
    await slow.exchange.swap(at(1), headOf(1, 1), graph, never)
    await until(() => fast.handover.latest(id)?.round === 1)
    expect((await fast.exchange.swap(at(20), headOf(0, 2), graph, never)).received.get(1)).toEqual(headOf(1, 1))
  })
})

describe.each<Transport>(['tcp', 'memory'])('an exchange over %s', transport => {
  it('brings every neighbour’s head of the same round and step', async () => {
    const { sides, graph } = await startPeers(transport, 3, triangle)
    for (const [round, step] of [
      [0, 0],
      [0, 1],
      [1, 0],
    ] as const) {
      const swaps = await Promise.all(
        sides.map((side, self) => side.exchange.swap(at(round, step), headOf(self, round, step), graph, never)),
      )
      for (const [self, { received, absent }] of swaps.entries()) {
        expect(absent).toEqual([])
        expect([...received.keys()].sort()).toEqual([0, 1, 2].filter(peer => peer !== self))
        for (const [peer, head] of received) expect(head).toEqual(headOf(peer, round, step))
      }
    }
  })

  it('goes on without a neighbour whose host stops, long before the deadline', async () => {
    const { sides, graph } = await startPeers(transport, 3, triangle)
    const swaps = Promise.all([0, 1].map(self => sides[self]!.exchange.swap(at(0), headOf(self), graph, never)))
    await until(() => sides[2]!.handover.counters.accepted === 2)
    await sides[2]!.handover.stop()
    await sides[2]!.host.stop()
    for (const [self, { received, absent }] of (await swaps).entries()) {
      expect(absent).toEqual([{ peer: 2, reason: 'gone' }])
      expect([...received]).toEqual([[1 - self, headOf(1 - self)]])
    }
  })

  it('goes on without a neighbour that was gone before it began', async () => {
    const { sides, graph } = await startPeers(transport, 3, triangle)
    await sides[2]!.handover.stop()
    await sides[2]!.host.stop()
    await until(() => [0, 1].every(peer => sides[peer]!.host.getConnections(sides[2]!.host.peerId).length === 0))
    for (const round of [0, 1]) {
      const [first] = await Promise.all(
        [0, 1].map(self => sides[self]!.exchange.swap(at(round), headOf(self, round), graph, never)),
      )
      expect(first!.absent).toEqual([{ peer: 2, reason: 'gone' }])
      expect([...first!.received]).toEqual([[1, headOf(1, round)]])
    }
  })

  it('takes what a neighbour had sent before it went', async () => {
    const { sides, graph } = await startPeers(transport, 2, [[0, 1]])
    const { handover, host } = sides[1]!
    const sent = await handover.send(sides[0]!.host.peerId, 0, 0, await handover.encode(headOf(1)), never)
    expect(sent.ok).toBe(true)
    await handover.stop()
    await host.stop()
    const { received, absent } = await sides[0]!.exchange.swap(at(0), headOf(0), graph, never)
    expect([...received]).toEqual([[1, headOf(1)]])
    expect(absent).toEqual([])
  })

  it('finds a neighbour again whose connection was lost', async () => {
    const { sides, graph } = await startPeers(transport, 2, [[0, 1]])
    const first = sides[0]!.exchange.swap(at(0), headOf(0), graph, never)
    await until(() => sides[1]!.handover.counters.accepted === 1)
    for (const connection of sides[0]!.host.getConnections()) connection.abort(new Error('cable pulled'))
    const second = sides[1]!.exchange.swap(at(0), headOf(1), graph, never)
    const [atFirst, atSecond] = await Promise.all([first, second])
    expect([...atFirst.received]).toEqual([[1, headOf(1)]])
    expect([...atSecond.received]).toEqual([[0, headOf(0)]])
  })
})

describe('an exchange', () => {
  it('calls a neighbour late that is connected and silent, and keeps the others’ heads', async () => {
    const { sides, graph } = await startPeers('memory', 3, triangle, [1_500])
    const [first, second] = await Promise.all([
      sides[0]!.exchange.swap(at(0), headOf(0), graph, never),
      sides[1]!.handover.send(
        sides[0]!.host.peerId,
        0,
        0,
        await sides[1]!.handover.encode(headOf(1)),
        AbortSignal.timeout(ample),
      ),
    ])
    expect(second.ok).toBe(true)
    expect(first.absent).toEqual([{ peer: 2, reason: 'late' }])
    expect([...first.received]).toEqual([[1, headOf(1)]])
    expect(sides[0]!.host.getConnections(sides[2]!.host.peerId)).toHaveLength(1)
  })

  it('is over when those worth waiting for have come, and takes what is here of the others', async () => {
    const expected = new Set<string>()
    const patience: Patience = {
      begin: () => ({ limitMs: ample, expects: peer => expected.has(peer), ended() {}, done() {} }),
    }
    const { sides, graph } = await startPeers('memory', 3, triangle, [patience])
    const ids = sides.map(({ host }) => host.peerId.toString())
    const hands = async (peer: number, round: number): Promise<void> => {
      const { handover } = sides[peer]!
      const payload = await handover.encode(headOf(peer, round))
      expect((await handover.send(sides[0]!.host.peerId, round, 0, payload, never)).ok).toBe(true)
    }
    expected.add(ids[1]!)
    await hands(1, 0)
    const first = await sides[0]!.exchange.swap(at(0), headOf(0), graph, never)
    expect(first.absent).toEqual([{ peer: 2, reason: 'late' }])
    expect([...first.received.keys()]).toEqual([1])
    await hands(1, 1)
    await hands(2, 1)
    const second = await sides[0]!.exchange.swap(at(1), headOf(0, 1), graph, never)
    expect(second.absent).toEqual([])
    expect([...second.received.keys()].sort()).toEqual([1, 2])
    // Nobody is waited for.
    expected.clear()
    const third = await sides[0]!.exchange.swap(at(2), headOf(0, 2), graph, never)
    expect(third.absent.map(({ reason }) => reason)).toEqual(['late', 'late'])
  })

  it('is not held up by a neighbour that takes nothing, beyond its deadline', async () => {
    const { sides, graph } = await startPeers('memory', 3, triangle, [1_500])
    await sides[2]!.replace(() => {})
    const [first] = await Promise.all([
      sides[0]!.exchange.swap(at(0), headOf(0), graph, never),
      sides[1]!.handover.send(sides[0]!.host.peerId, 0, 0, await sides[1]!.handover.encode(headOf(1)), never),
    ])
    expect(first.absent).toEqual([{ peer: 2, reason: 'late' }])
    expect([...first.received.keys()]).toEqual([1])
  })

  it('ends with its caller’s signal, whatever it waits for', async () => {
    const { sides, graph } = await startPeers('memory', 3, triangle)
    const control = new AbortController()
    const swap = sides[0]!.exchange.swap(at(0), headOf(0), graph, control.signal)
    await until(() => sides[1]!.handover.counters.accepted === 1 && sides[2]!.handover.counters.accepted === 1)
    control.abort(new Error('the run is over'))
    await expect(swap).rejects.toThrow('the run is over')
    const before = sides[0]!.exchange.swap(at(1), headOf(0), graph, AbortSignal.abort(new Error('before it began')))
    await expect(before).rejects.toThrow('before it began')
  })

  it('along one-way edges waits for nobody who only listens', async () => {
    const { sides } = await startPeers('memory', 2, [[0, 1]])
    const oneWay = createGraph(2, [[0, 1]], true)
    const first = await sides[0]!.exchange.swap(at(0), headOf(0), oneWay, never)
    expect(first).toMatchObject({ received: new Map(), absent: [] })
    await sides[0]!.exchange.idle()
    expect(sides[1]!.handover.counters.accepted).toBe(1)
    const second = await sides[1]!.exchange.swap(at(0), headOf(1), oneWay, never)
    expect([...second.received]).toEqual([[0, headOf(0)]])
  })

  it('may have its head overwritten as soon as it resolves, while it is still handed over', async () => {
    const { sides } = await startPeers('memory', 2, [[0, 1]])
    const oneWay = createGraph(2, [[0, 1]], true)
    const head = headOf(0)
    await sides[0]!.exchange.swap(at(0), head, oneWay, never)
    expect(sides[1]!.handover.counters.accepted).toBe(0)
    head.fill(-1)
    const second = await sides[1]!.exchange.swap(at(0), headOf(1), oneWay, never)
    expect(second.received.get(0)).toEqual(headOf(0))
  })

  it('uses the memory of heads that are merged and of payloads that are taken again, and never too early', async () => {
    const { sides, graph } = await startPeers('memory', 3, triangle)
    const taken = new Set<ArrayBufferLike>()
    for (let round = 0; round < 5; round++) {
      const swaps = await Promise.all(
        sides.map((side, self) => side.exchange.swap(at(round), headOf(10 * round + self), graph, never)),
      )
      for (const [self, { received, release }] of swaps.entries()) {
        for (const [peer, values] of received) {
          expect(values).toEqual(headOf(10 * round + peer))
          if (self === 0) taken.add(values.buffer)
        }
        release()
      }
      await Promise.all(sides.map(({ exchange }) => exchange.idle()))
    }
    // Two heads come in and one payload goes out at a time, not eleven more in the four rounds after.
    expect(taken.size).toBeLessThanOrEqual(3)
  })

  it('on a full graph of 7 gives Node no cause to suspect a leak of listeners', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const edges = Array.from({ length: 7 }, (_, a) => Array.from({ length: a }, (_, b): [number, number] => [b, a]))
    const { sides, graph } = await startPeers('memory', 7, edges.flat())
    const swaps = await Promise.all(sides.map((side, self) => side.exchange.swap(at(0), headOf(self), graph, never)))
    expect(swaps.map(({ received }) => received.size)).toEqual(swaps.map(() => 6))
    await setImmediate()
    expect(warnings).toEqual([])
  })

  it('leaves no timer and no listener behind', async () => {
    const { sides, graph } = await startPeers('memory', 2, [[0, 1]])
    const control = new AbortController()
    let listening = 0
    const { signal } = control
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...args: Parameters<typeof add>): void => {
      listening += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
      listening -= 1
      remove(...args)
    }
    for (let round = 0; round < 3; round++) {
      await Promise.all(sides.map((side, self) => side.exchange.swap(at(round), headOf(self), graph, signal)))
    }
    // Handing over may end a little after the exchange.
    await until(() => listening === 0)
  })
})
