import { createCipheriv, createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTopology } from '../../src/methods/index.js'
import { parseManifest } from '../../src/node/index.js'
import { createGraph, type Edge, type Graph, type Topology } from '../../src/topology/index.js'
import { build } from '../merge/rounds.js'
import { type Bowl, type Descended, descend, keptOf, learningRate, size } from './bowls.js'

const section = { method: 'relaysum', rho: 0, momentum: 0 } as never

/** Graphs of given edges, by round. */
function topologyOf(peers: number, graphAt: (round: number) => Graph): Topology {
  return { ...build('line', peers), name: 'given', graphAt, union: graphAt(0) }
}

/** Each peer but the first below any that comes before it: every tree there is, but for the numbers of its peers. */
const trees = fc.array(fc.nat(1000), { minLength: 1, maxLength: 9 }).map(above =>
  createGraph(
    above.length + 1,
    above.map((drawn, i): Edge => [drawn % (i + 1), i + 1]),
  ),
)

/** By peer, how many edges lie between it and this one. */
function distances(graph: Graph, from: number): number[] {
  const hops = new Map([[from, 0]])
  for (const [peer, far] of hops) for (const next of graph.sendsTo(peer)) if (!hops.has(next)) hops.set(next, far + 1)
  return Array.from({ length: graph.peers }, (_, peer) => hops.get(peer)!)
}

/** Training ends where the bowl is deepest, wherever it begins. */
const constant = (values: readonly number[]): Bowl[] => values.map(b => ({ a: 1 / learningRate, b }))

/** The mean of what has come of constant values since sums began: of all within this distance, for the others the own. */
function meanWithin(graph: Graph, values: readonly number[], self: number, reach: number): number {
  const far = distances(graph, self)
  return values.reduce((sum, value, peer) => sum + (far[peer]! <= reach ? value : values[self]!), 0) / values.length
}

/** Of how many peers the mean of each was, by peer and round. */
function counted({ events }: Descended): number[][] {
  return events.map(all => all.flatMap(event => (event.type === 'merged' ? [event.figures!.counted!] : [])))
}

describe('relaysum', () => {
  it('P13: each value comes to each peer once, distance − 1 rounds late', async () => {
    await fc.assert(
      fc.asyncProperty(
        trees,
        fc.array(
          fc.record({
            a: fc.double({ min: 0.1, max: 5, noNaN: true }),
            b: fc.double({ min: -5, max: 5, noNaN: true }),
          }),
          {
            minLength: 10,
            maxLength: 10,
          },
        ),
        async (graph, drawn) => {
          const { peers } = graph
          const bowls = drawn.slice(0, peers)
          const rounds = peers + 3
          const topology = topologyOf(peers, () => graph)
          const { ended } = await descend(section, { bowls, rounds, steps: 1, topology, headDistance: 1e6 })
          const far = bowls.map((_, peer) => distances(graph, peer))
          const trained: number[][] = []
          let models = bowls.map(() => 0)
          for (let round = 0; round < rounds; round++) {
            trained.push(models.map((x, peer) => x - learningRate * bowls[peer]!.a * (x - bowls[peer]!.b)))
            models = models.map((_, self) => {
              const came = far[self]!.map((hops, peer) => trained[round - Math.max(0, hops - 1)]?.[peer])
              return came.reduce<number>((sum, value) => sum + (value ?? trained[round]![self]!), 0) / peers
            })
            for (const [peer, x] of models.entries()) expect(ended[round]![peer]).toBeCloseTo(x, 4)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('P13: constant values give their mean, up to rounding, as soon as the farthest has come', async () => {
    const values = [8, -4, 1, 0, 3, 16, -2, 2]
    const topology = build('tree', 8)
    const ran = await descend(section, { bowls: constant(values), rounds: 8, steps: 1, topology })
    for (const [round, ended] of ran.ended.entries()) {
      for (const [peer, x] of ended.entries()) {
        expect(x).toBeCloseTo(meanWithin(topology.graphAt(0), values, peer, round + 1), 5)
      }
    }
    for (const x of ran.ended.at(-1)!) expect(x).toBeCloseTo(3, 6)
    expect(counted(ran)[0]).toEqual([3, 7, 8, 8, 8, 8, 8, 8])
  })

  it('goes without what does not come: those behind it are the own model for a round, wherever they would have come', async () => {
    const values = [8, 4, 0, -4]
    const way = (from: number, to: number, round: number, said: Float32Array) =>
      from === 0 && to === 1 && round === 5 ? undefined : said
    const ran = await descend(section, { bowls: constant(values), rounds: 10, steps: 1, topology: 'line', way })
    expect(counted(ran)).toEqual([
      [2, 3, 4, 4, 4, 4, 4, 4, 4, 4],
      [3, 4, 4, 4, 4, 3, 4, 4, 4, 4],
      [3, 4, 4, 4, 4, 4, 3, 4, 4, 4],
      [2, 3, 4, 4, 4, 4, 4, 3, 4, 4],
    ])
    expect(ran.ended[5]![1]).toBeCloseTo((4 + 4 + 0 - 4) / 4, 5)
    expect(ran.ended[7]![3]).toBeCloseTo((-4 + 4 + 0 - 4) / 4, 5)
    for (const x of ran.ended.at(-1)!) expect(x).toBe(2)
  })

  it('is not held back where a neighbour is silent for good', async () => {
    const way = (from: number, _to: number, _round: number, said: Float32Array) => (from === 0 ? undefined : said)
    const bowls = [100, 1, 2, 3].map(b => ({ a: 1, b }))
    const { ended } = await descend(section, { bowls, rounds: 100, steps: 1, topology: 'line', way })
    for (const x of ended.at(-1)!.slice(1)) expect(x).toBeGreaterThan(1)
    for (const x of ended.at(-1)!.slice(1)) expect(x).toBeLessThan(3)
  })

  it('begins anew on another tree: nothing that was said on the one before is summed', async () => {
    const values = [8, 4, 0, -4, 12]
    const [line, star] = [build('line', 5).graphAt(0), build('star', 5).graphAt(0)]
    const topology = topologyOf(5, round => (round < 6 ? line : star))
    const ran = await descend(section, { bowls: constant(values), rounds: 9, steps: 1, topology })
    expect(counted(ran)[3]).toEqual([3, 4, 5, 5, 5, 5, 2, 5, 5])
    for (const round of [6, 7, 8]) {
      for (const [peer, x] of ran.ended[round]!.entries()) {
        expect(x).toBeCloseTo(meanWithin(star, values, peer, round - 5), 5)
      }
    }
  })

  it('names the tree, and says of how many a message is, as in docs/wire.md', async () => {
    const messages: number[][] = []
    const way = (from: number, to: number, round: number, said: Float32Array) => {
      if (round === 2) messages.push([from, to, ...said.subarray(size)])
      return said
    }
    await descend(section, { bowls: constant([8, 4, 0]), rounds: 3, steps: 1, topology: 'line', way })
    const key = createHash('sha256').update('0/tree/id-0,id-1,id-2/0,1 1,2').digest()
    const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(4))
    const tree = 1 + (stream.readUInt32LE() >>> 9) / 2 ** 23
    const [one, two] = [Math.fround(1 / 3), Math.fround(2 / 3)]
    expect(messages.sort(([a, b], [c, d]) => a! - c! || b! - d!)).toEqual([
      [0, 1, one, tree],
      [1, 0, two, tree],
      [1, 2, two, tree],
      [2, 1, one, tree],
    ])
  })

  it('sums nothing of a peer that still is on another tree', async () => {
    const way = (from: number, _to: number, _round: number, said: Float32Array) => {
      if (from === 2) said[size + 1] = 1.5
      return said
    }
    const ran = await descend(section, { bowls: constant([8, 4, 0, -4]), rounds: 6, steps: 1, topology: 'line', way })
    expect(counted(ran).map(all => all.at(-1))).toEqual([2, 2, 4, 1])
  })

  it.each([-1, 0, 0.75, 1e3])('believes no neighbour that has %d of all peers behind it', async share => {
    // Behind peer 0 of this line there is nobody.
    const way = (from: number, _to: number, _round: number, said: Float32Array) => {
      if (from === 0) said[size] = share
      return said
    }
    const values = [8, 4, 0, -4]
    const ran = await descend(section, { bowls: constant(values), rounds: 8, steps: 1, topology: 'line', way })
    expect(counted(ran).map(all => all.at(-1))).toEqual([4, 3, 3, 3])
    expect(ran.ended.at(-1)![1]).toBeCloseTo((4 + 4 + 0 - 4) / 4, 5)
  })

  it('comes to one model where plain averages of as few edges stay apart', async () => {
    const bowls = [4, -4, 1, 0, 9, -7, 3, 2].map(b => ({ a: 1, b }))
    const spread = ({ ended }: Descended): number => Math.max(...ended.at(-1)!) - Math.min(...ended.at(-1)!)
    const descent = { bowls, rounds: 300, steps: 1, topology: 'line' }
    const [relayed, plain] = [await descend(section, descent), await descend({ method: 'dfedavg' }, descent)]
    expect(spread(relayed)).toBeLessThan(spread(plain) / 10)
    for (const x of relayed.ended.at(-1)!) expect(x).toBeCloseTo(1, 1)
  })

  it('keeps what it passes on, of its neighbours alone', async () => {
    const { sessions } = await descend(section, { bowls: constant([8, 4, 0]), rounds: 4, steps: 1, topology: 'line' })
    const names = sessions.map(({ kept }) => kept!().tensors.map(({ name }) => name))
    expect(names[0]).toEqual(['counted:counted', 'relay:id-1'])
    expect(names[1]).toEqual(['counted:counted', 'relay:id-0', 'relay:id-2'])
    expect(keptOf(sessions[1]!, 'counted')).toBe(3)
    const kept = sessions[1]!.kept!()
    const other = sessions[0]!
    other.restore!({ ...kept, before: undefined }, 'a file')
    expect(other.kept!().tensors.map(({ name, values }) => [name, [...values]])).toEqual(
      kept.tensors.map(({ name, values }) => [name, [...values]]),
    )
    const restore = (values: Float32Array) => () =>
      other.restore!(
        {
          ...kept,
          before: undefined,
          tensors: [kept.tensors[0]!, { name: 'relay:id-0', shape: [values.length], values }],
        },
        'a file',
      )
    expect(restore(new Float32Array(3))).toThrow('a file: lacks "relay:id-0"')
    expect(restore(new Float32Array(size + 2).fill(Number.NaN))).toThrow('not finite')
  })

  it('has settled numbers, and what it does not go with', () => {
    const merge = 'relaysum'
    expect(parseManifest({ merge, topology: 'tree' }).merge).toEqual({ method: merge, rho: 0, momentum: 0 })
    const refused: [object, string][] = [
      [{ mode: 'async' }, 'mode: async does not go with merge: relaysum'],
      [{ believe: 'clip' }, 'believe: does not go with merge: relaysum'],
      [{ reputation: 'show' }, 'reputation: does not go with merge: relaysum'],
      [{ exchange: { when: 'every', rounds: 2 } }, 'exchange: does not go with merge: relaysum'],
      [{ exchange: { when: 'every', final: true } }, 'exchange: does not go with merge: relaysum'],
      [{ encoding: 'bf16' }, 'encoding: bf16 does not go with merge: relaysum'],
      [
        { encoding: { codec: 'topk', memory: 'choco' } },
        'encoding: topk with a memory does not go with merge: relaysum',
      ],
      [{ masks: true }, 'masks: '],
    ]
    for (const [fields, message] of refused) {
      expect(() => parseManifest({ merge, topology: 'tree', ...fields })).toThrow(message)
    }
  })

  it.each([
    ['ring', 2],
    ['full', 4],
    ['one-peer-exponential', 4],
    [
      {
        kind: 'edges',
        edges: [
          [0, 1],
          [1, 2],
          [2, 0],
        ],
      },
      3,
    ],
  ] as const)('refuses topology %j', (topology, peers) => {
    const check = () => checkTopology({ merge: section }, () => build(topology as never, peers))
    expect(check).toThrow('use topology tree, line or star')
  })

  it.each([
    'tree',
    'line',
    'star',
    {
      kind: 'edges',
      edges: [
        [0, 1],
        [1, 2],
        [1, 3],
      ],
    },
  ] as const)('goes with topology %j', topology => {
    expect(() => checkTopology({ merge: section }, () => build(topology as never, 4))).not.toThrow()
  })
})
