import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeFinally } from '../../../src/methods/averaging/final-merge.js'
import type { MethodEvent, Neighbourhood, NeighbourRoad, Position, Swap } from '../../../src/methods/index.js'
import type { FinalMerge } from '../../../src/methods/session.js'
import { createTopology, mixingRow, topologySchema } from '../../../src/topology/index.js'

interface Ended {
  readonly head: Float32Array
  readonly made: FinalMerge
  readonly events: MethodEvent[]
}

/**
 * A final merge of some peers over roads in memory.
 *
 * @param comes - does what one hands over reach the other?
 * @param order - the number by which what a peer receives is sorted
 */
async function merged(
  heads: readonly Float32Array[],
  comes: (from: number, to: number) => boolean = () => true,
  order: (peer: number) => number = peer => peer,
): Promise<Ended[]> {
  const peers = heads.length
  const topology = createTopology(topologySchema.parse('ring'), peers, 1)
  const members = heads.map((_, peer) => ({ name: `peer ${peer}`, peerId: `id ${peer}` }))
  const numbers = new Map(members.map(({ peerId }, number) => [peerId, number]))
  const said = new Map<string, Float32Array>()
  const waiting: (() => void)[] = []
  let there = 0
  const key = (peer: number, { step }: Position): string => `${peer} ${step}`
  const all = async (): Promise<void> => {
    there += 1
    if (there % peers === 0) for (const go of waiting.splice(0)) go()
    else await new Promise<void>(resolve => waiting.push(resolve))
  }
  const roadOf = (self: number): NeighbourRoad => ({
    async swap(position, values, { graph }): Promise<Swap> {
      said.set(key(self, position), values.slice())
      await all()
      const from = graph.receivesFrom(self)
      const came = from.filter(peer => comes(peer, self)).sort((a, b) => order(a) - order(b))
      return {
        received: new Map(came.map(peer => [peer, said.get(key(peer, position))!])),
        absent: from.filter(peer => !comes(peer, self)).map(peer => ({ peer, reason: 'gone' })),
        release() {},
      }
    },
  })
  return Promise.all(
    heads.map(async (own, self) => {
      const head = own.slice()
      const graph = topology.graphAt(0)
      const where: Neighbourhood = {
        ...{ members, numbers, self, topology, graph },
        row: mixingRow(graph, topology.weights, self),
      }
      const init = { road: roadOf(self), steps: 1, whole: async (values: Float32Array) => values }
      const merging = mergeFinally(init, { round: 3, where, head }, new AbortController().signal)
      const events: MethodEvent[] = []
      for (;;) {
        const { done, value } = await merging.next()
        if (done === true) return { head, made: value, events }
        events.push(value)
      }
    }),
  )
}

const vectors = fc.integer({ min: 2, max: 40 }).chain(peers =>
  fc.array(fc.float32Array({ minLength: 5, maxLength: 5, noNaN: true, noDefaultInfinity: true, min: -1e3, max: 1e3 }), {
    minLength: peers,
    maxLength: peers,
  }),
)

describe('a final merge', () => {
  it('P49: gives all the same bits, which are the mean', async () => {
    await fc.assert(
      fc.asyncProperty(vectors, async heads => {
        const ended = await merged(heads)
        for (const { head, made } of ended) {
          expect([...head]).toEqual([...ended[0]!.head])
          expect(made).toEqual({ isMerged: true, missed: [] })
        }
        for (const [at, value] of ended[0]!.head.entries()) {
          const mean = heads.reduce((sum, head) => sum + head[at]!, 0) / heads.length
          expect(Math.abs(value - mean)).toBeLessThanOrEqual(1e-2)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('P49: does not depend on the order in which heads come', async () => {
    await fc.assert(
      fc.asyncProperty(vectors, async heads => {
        const [usual, reverse] = [await merged(heads), await merged(heads, undefined, peer => -peer)]
        for (const [peer, { head }] of usual.entries()) expect([...reverse[peer]!.head]).toEqual([...head])
      }),
      { numRuns: 20 },
    )
  })

  it('P49: of one that is gone, those that hear the same others have the same bits: their mean', async () => {
    await fc.assert(
      fc.asyncProperty(
        vectors.filter(({ length }) => length > 3 && length <= 16),
        fc.nat(),
        async (heads, drawn) => {
          const gone = drawn % heads.length
          const ended = await merged(heads, (from, to) => from !== gone && to !== gone)
          const others = ended.filter((_, peer) => peer !== gone)
          for (const { head, made } of others) {
            expect([...head]).toEqual([...others[0]!.head])
            expect(made).toEqual({ isMerged: true, missed: [gone] })
          }
          const rest = heads.filter((_, peer) => peer !== gone)
          expect(others[0]!.head[0]).toBeCloseTo(rest.reduce((sum, head) => sum + head[0]!, 0) / rest.length, 2)
          // It keeps its own, and knows.
          expect([...ended[gone]!.head]).toEqual([...heads[gone]!])
          expect(ended[gone]!.made.isMerged).toBe(false)
          expect(ended[gone]!.made.missed).toHaveLength(heads.length - 1)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('numbers its exchanges behind those of the round', async () => {
    const heads = Array.from({ length: 20 }, (_, peer) => new Float32Array([peer]))
    const [{ events }] = (await merged(heads)) as [Ended]
    expect(events.map(event => event.type === 'exchanged' && event.step)).toEqual([1, 2, 3, 4, 5, 6])
  })
})
