import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../../src/errors.js'
import { createBelieving } from '../../../src/methods/averaging/believing.js'
import { createFinish, type FinishInit, mergeFinally } from '../../../src/methods/averaging/final-merge.js'
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
  limits = { headDistance: 1e30, headRadius: 1, lossIncrease: 10 },
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
      // The loss is how large the model's first number is.
      const believing = createBelieving({ limits, uninformed: 1e3, loss: async () => Math.abs(head[0]!) })
      believing.trained({ loss: 0, moved: 1 })
      const init = { road: roadOf(self), steps: 1, believing, whole: async (values: Float32Array) => values }
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

  it('of few peers leaves out a head that lies too far, and all others have the same bits', async () => {
    const heads = Array.from({ length: 5 }, (_, peer) => new Float32Array([peer === 3 ? 5000 : 1 + peer / 10]))
    const limits = { headDistance: 5, headRadius: 0.5, lossIncrease: 10 }
    const honest = (await merged(heads, undefined, undefined, limits)).filter((_, peer) => peer !== 3)
    for (const { head, made, events } of honest) {
      expect(head[0]).toBeCloseTo((1 + 1.1 + 1.2 + 1.4) / 4, 5)
      expect([...head]).toEqual([...honest[0]!.head])
      expect(made).toEqual({ isMerged: true, missed: [3] })
      expect(events[1]).toMatchObject({
        type: 'refused',
        step: 1,
        heads: [{ peer: 3, name: 'peer 3', reason: 'TOO_FAR' }],
      })
    }
  })

  it('of many peers refuses a head with which the loss explodes, and no other hears of it', async () => {
    // Of 20, the last four hand theirs in first and are handed the mean.
    for (const liar of [5, 18]) {
      const heads = Array.from({ length: 20 }, (_, peer) => new Float32Array([peer === liar ? 1e9 : 1 + peer / 10]))
      const limits = { headDistance: 5, headRadius: 0.5, lossIncrease: 10 }
      const ended = (await merged(heads, undefined, undefined, limits)).filter((_, peer) => peer !== liar)
      for (const { head, made } of ended) {
        expect(head[0]).toBeGreaterThanOrEqual(1)
        expect(head[0]).toBeLessThanOrEqual(3)
        expect(made.isMerged).toBe(true)
      }
      const refusing = ended.filter(({ events }) => events.some(({ type }) => type === 'refused'))
      expect(refusing.length).toBeGreaterThan(0)
    }
  })

  it('keeps the own head where what is handed back is not finite', async () => {
    const heads = Array.from({ length: 17 }, (_, peer) => new Float32Array([peer < 16 ? Number.NaN : 2]))
    const { head, made } = (await merged(heads))[16]!
    expect([...head]).toEqual([2])
    expect(made).toEqual({ isMerged: false, missed: [0] })
  })
})

describe('what of the merged model are statistics of own data', () => {
  const ended = async (
    received: ReadonlyMap<number, Float32Array>,
    loss = 0,
    { diverged, onRefused }: { diverged?: Error; onRefused?: FinishInit['onRefused'] } = {},
  ) => {
    const topology = createTopology(topologySchema.parse('ring'), 2, 1)
    const graph = topology.graphAt(0)
    const members = [0, 1].map(peer => ({ name: `peer ${peer}`, peerId: `id ${peer}` }))
    const numbers = new Map(members.map(({ peerId }, number) => [peerId, number]))
    const row = mixingRow(graph, topology.weights, 0)
    const limits = { headDistance: 1e30, headRadius: 1, lossIncrease: 10 }
    const believing = createBelieving({ limits, uninformed: 1, loss: async () => loss })
    believing.trained({ loss: 0, moved: 1 })
    const head = Float32Array.of(1, 1)
    const seen: number[][] = []
    const finish = createFinish({
      ...{ steps: 1, believing, whole: async (values: Float32Array) => values },
      road: { swap: async () => ({ received, absent: [], release() {} }) },
      averaging: {
        replaced: before => seen.push([...before]),
        undo(merged) {
          merged.set(seen[0]!)
          return seen.push([...merged]) > 0
        },
      },
      async observe(round) {
        if (diverged !== undefined) throw diverged
        seen.push([round, ...head])
      },
      ...(onRefused && { onRefused }),
    })
    const turn = { round: 3, where: { members, numbers, self: 0, topology, graph, row }, head }
    for await (const _ of finish(turn, new AbortController().signal));
    return seen
  }

  it('is made anew once the heads are merged, and the head before them is known', async () => {
    expect(await ended(new Map([[1, Float32Array.of(3, 5)]]))).toEqual([
      [1, 1],
      [3, 2, 3],
    ])
  })

  it('stays where no head came, or none was believed', async () => {
    expect(await ended(new Map())).toEqual([])
    expect(await ended(new Map([[1, Float32Array.of(3, 5)]]), 1e9)).toEqual([])
  })

  it('are none where they are not finite: the merge is taken back', async () => {
    const diverged = new HearsayError('DIVERGED', 'not finite')
    const refused: string[] = []
    const others = new Map([[1, Float32Array.of(3, 5)]])
    expect(await ended(others, 0, { diverged, onRefused: reason => refused.push(reason) })).toEqual([
      [1, 1],
      [1, 1],
    ])
    expect(refused).toEqual(['DIVERGED'])
  })
})
