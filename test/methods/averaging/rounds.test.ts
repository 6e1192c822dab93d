import { describe, expect, it } from 'vitest'
import {
  chebyshevContraction,
  chebyshevLambda,
  consensusDistance,
  contributions,
  meanOf,
  mix,
  stalenessSchema,
} from '../../../src/merge/index.js'
import { type Believing, createBelieving } from '../../../src/methods/averaging/believing.js'
import { createAveraging } from '../../../src/methods/averaging/rounds.js'
import type { MethodEvent, NeighbourRoad, Swap } from '../../../src/methods/index.js'
import { type Federation, fixedFederation, type Member } from '../../../src/node/index.js'
import { random } from '../../../src/random.js'
import { mixingMatrix, spectralGap, type Topology } from '../../../src/topology/index.js'
import { sliceLength } from '../../../src/turns.js'
import { bits, build, matrixOf, vectors } from '../../merge/rounds.js'

const never = new AbortController().signal

/** Does what `from` hands over in this step get to `to`? */
type Arrives = (from: number, to: number, step: number, round: number) => boolean

/** Joins peers in memory: an exchange ends when everybody has handed over. Peers need not all take part. */
function exchanges(taking: readonly number[], arrives: Arrives = () => true): (self: number) => NeighbourRoad {
  const tables = new Map<string, { heads: Map<number, Float32Array>; whole: Promise<void>; done: () => void }>()
  return self => ({
    async swap({ round, step }, head, { graph }) {
      const key = `${round}/${step}`
      if (!tables.has(key)) {
        const { promise, resolve } = Promise.withResolvers<void>()
        tables.set(key, { heads: new Map(), whole: promise, done: resolve })
      }
      const table = tables.get(key)!
      table.heads.set(self, head.slice())
      if (table.heads.size === taking.length) table.done()
      await table.whole
      const here = (peer: number): boolean => table.heads.has(peer) && arrives(peer, self, step, round)
      const neighbours = graph.receivesFrom(self)
      return {
        // In another order than by number: heads come as they come.
        received: new Map([...neighbours].reverse().flatMap(p => (here(p) ? [[p, table.heads.get(p)!.slice()]] : []))),
        absent: neighbours.filter(peer => !here(peer)).map(peer => ({ peer, reason: 'late' as const })),
        release() {},
      }
    },
  })
}

const staleness = stalenessSchema.parse({})

/** Believes whatever comes: these vectors are anywhere. */
const trusting = (): Believing =>
  createBelieving({
    limits: { headDistance: 1, headRadius: 1e9, lossIncrease: 1 },
    uninformed: 1,
    loss: async () => 0,
  })

/** Members nobody asks for anything but how many they are. */
function among(topology: Topology, self: number): Federation {
  const members = Array.from({ length: topology.peers }, (_, peer): Member => ({ name: `peer-${peer}` }) as Member)
  return fixedFederation(
    members.map(member => ({ ...member, peerId: member.name as never })),
    self,
    topology,
  )
}

interface AveragingSettings {
  readonly topology: Topology
  readonly steps: number
  readonly chebyshev?: boolean
  readonly rounds?: number
  readonly taking?: readonly number[]
  readonly arrives?: Arrives
}

/** Runs the gossip of whole rounds at all peers at once; models come back changed, with everybody's events. */
async function gossipAll(models: readonly Float32Array[], settings: AveragingSettings): Promise<MethodEvent[][]> {
  const { topology, steps, chebyshev = false, rounds = 1, taking = models.map((_, peer) => peer) } = settings
  const exchange = exchanges(taking, settings.arrives)
  return Promise.all(
    taking.map(async self => {
      const gossip = createAveraging({
        steps,
        chebyshev,
        road: exchange(self),
        staleness,
        believing: trusting(),
        rounds,
      })
      const federation = among(topology, self)
      const events: MethodEvent[] = []
      for (let round = 0; round < rounds; round++) {
        for await (const event of gossip.round({ round, where: federation.at(round), head: models[self]! }, never))
          events.push(event)
      }
      return events
    }),
  )
}

const copies = (models: readonly Float32Array[]): Float32Array[] => models.map(model => model.slice())

function meanModel(models: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(models[0]!.length)
  meanOf(out, models)
  return out
}

function distance(models: readonly Float32Array[]): number {
  const sum = consensusDistance(models, meanModel(models))
  sum.add(0, models[0]!.length)
  return sum.total()
}

function expectSameMean(after: readonly Float32Array[], before: readonly Float32Array[]): void {
  const [a, b] = [meanModel(after), meanModel(before)]
  for (const [at, value] of a.entries()) expect(Math.abs(value - b[at]!)).toBeLessThan(1e-6)
}

const graphs = ['ring', 'line', 'star', 'grid', 'full', 'watts-strogatz']

describe('a round of gossip', () => {
  it('reports what came and what it merged', async () => {
    const models = vectors(4, 10)
    const [first] = await gossipAll(models, { topology: build('ring', 4), steps: 2, rounds: 2 })
    const shape = first!.map(event => ('step' in event ? [event.type, event.step] : [event.type]))
    const round = [['exchanged', 0], ['exchanged', 1], ['merged']]
    expect(shape).toEqual([...round, ...round])
    expect(first![0]).toMatchObject({ received: [1, 3], absent: [] })
  })

  it('reports Σ w ‖x_i − x_j‖² over the heads of the last exchange', async () => {
    const models = [Float32Array.of(1, 1), Float32Array.of(4, 5), Float32Array.of(1, 2)]
    const events = await gossipAll(models, { topology: build('line', 3), steps: 1 })
    // Metropolis and Hastings on a line of three: every edge has the weight 1/3.
    expect(events.map(([, merged]) => merged)).toMatchObject([
      { localDistance: expect.closeTo(25 / 3, 9) },
      { localDistance: expect.closeTo((25 + 18) / 3, 9) },
      { localDistance: expect.closeTo(18 / 3, 9) },
    ])
  })

  it('P2 of dfedsam-mgs with one step is that of dfedsam (bits), plain or Chebyshev', async () => {
    for (const kind of graphs) {
      const topology = build(kind, 6)
      const before = vectors(6, 100)
      const expected = matrixOf(topology).map((row, self) => {
        const out = new Float32Array(100)
        mix(out, contributions(row, self, before[self]!, new Map(before.entries())))
        return out
      })
      for (const chebyshev of [false, true]) {
        const models = copies(before)
        await gossipAll(models, { topology, steps: 1, chebyshev })
        expect(models.map(bits)).toEqual(expected.map(bits))
      }
    }
  })

  it('P4 on the full graph leaves every peer with the bits of the plain average', async () => {
    for (const peers of [2, 3, 5, 6, 7, 10]) {
      const models = vectors(peers, 200)
      const expected = bits(meanModel(models))
      await gossipAll(models, { topology: build('full', peers), steps: 1 })
      for (const model of models) expect(bits(model)).toEqual(expected)
    }
  })

  it.each(graphs)('P1 keeps the mean on %s over six steps, plain and Chebyshev', async kind => {
    const before = vectors(9, 50)
    for (const chebyshev of [false, true]) {
      const models = copies(before)
      await gossipAll(models, { topology: build(kind, 9), steps: 6, chebyshev })
      expectSameMean(models, before)
      expect(distance(models)).toBeLessThan(distance(before))
    }
  })

  it.each(graphs)('P6 shrinks the consensus distance on %s by λ^{2Q} at least, Chebyshev by 1/T_Q²', async kind => {
    const topology = build(kind, 9)
    const before = vectors(9, 200)
    const { lambda } = spectralGap(topology)
    for (const steps of [1, 2, 4]) {
      // Float32 leaves each number a rounding of about 6e-8, whatever λ promises.
      const rounding = 200 * 1e-13
      const plain = copies(before)
      await gossipAll(plain, { topology, steps })
      expect(distance(plain)).toBeLessThanOrEqual(lambda ** (2 * steps) * distance(before) * (1 + 1e-5) + rounding)
      const fast = copies(before)
      await gossipAll(fast, { topology, steps, chebyshev: true })
      const bound = chebyshevContraction(chebyshevLambda(topology), steps) ** 2
      expect(distance(fast)).toBeLessThanOrEqual(bound * distance(before) * (1 + 1e-5) + rounding)
    }
  })

  it('goes through the graphs of a time-varying topology round by round', async () => {
    const topology = build('one-peer-exponential', 8)
    const models = vectors(8, 20).map(model => model.map(value => Math.round(value * 1000)))
    const expected = bits(meanModel(models))
    await gossipAll(models, { topology, steps: 1, rounds: topology.period })
    // P12: whole numbers, so every half on the way is a float32.
    for (const model of models) expect(bits(model)).toEqual(expected)
  })

  it.each([
    [5, 1],
    [7, 2],
    [6, 5],
  ])('P12 has the mean after a cycle of base-k, %i peers, %i neighbours', async (peers, degree) => {
    const topology = build({ kind: 'base-k', degree }, peers)
    const models = vectors(peers, 20)
    const mean = meanModel(models)
    await gossipAll(models, { topology, steps: 1, rounds: topology.period })
    for (const model of models) for (const [k, value] of model.entries()) expect(value).toBeCloseTo(mean[k]!, 5)
  })

  it('does a large head in slices to the same bits as in one go', async () => {
    const length = 2 * sliceLength() + 5
    const before = vectors(3, length)
    const topology = build('line', 3)
    const expected = matrixOf(topology).map((row, self) => {
      const out = new Float32Array(length)
      mix(out, contributions(row, self, before[self]!, new Map(before.entries())))
      return out
    })
    const models = copies(before)
    await gossipAll(models, { topology, steps: 1 })
    for (const [self, model] of models.entries()) {
      expect(Buffer.compare(new Uint8Array(model.buffer), new Uint8Array(expected[self]!.buffer))).toBe(0)
    }
  })
})

describe('a neighbour that is absent', () => {
  it('P28 changes nothing but its weight', async () => {
    const topology = build('ring', 4)
    const before = vectors(4, 100)
    const models = copies(before)
    const events = await gossipAll(models, { topology, steps: 1, taking: [0, 1, 2] })
    expect(events[0]![0]).toMatchObject({ received: [1], absent: [{ peer: 3, reason: 'late' }] })

    const { self, from } = mixingMatrix(topology.graphAt(0), topology.weights)[0]!
    const expected = new Float32Array(100)
    mix(expected, [
      { peer: 0, weight: self + from.find(({ peer }) => peer === 3)!.weight, values: before[0]! },
      { peer: 1, weight: from.find(({ peer }) => peer === 1)!.weight, values: before[1]! },
    ])
    expect(bits(models[0]!)).toEqual(bits(expected))
    // Peer 1 has both of its neighbours and does not notice.
    const whole = copies(before)
    await gossipAll(whole, { topology, steps: 1 })
    expect(bits(models[1]!)).toEqual(bits(whole[1]!))
  })

  it.each([false, true])('P28 none present leaves the own model (bits), Chebyshev %s', async chebyshev => {
    const before = vectors(4, 100)
    const models = copies(before)
    await gossipAll(models, { topology: build('ring', 4), steps: 3, chebyshev, taking: [2] })
    expect(models.map(bits)).toEqual(before.map(bits))
  })

  it('ends Chebyshev for the rest of the round and not for the next', async () => {
    const topology = build('ring', 6)
    const before = vectors(6, 50)
    const steps = 4
    /** Nothing reaches peer 0 from peer 1 in this step of the round. */
    const without = (lost: number) => (from: number, to: number, step: number) =>
      !(from === 1 && to === 0 && step === lost)

    // Lost in the first step, everything peer 0 does is plain: the others go on as before, so it is compared with a
    // peer 0 that gossips plainly among accelerated ones.
    const models = copies(before)
    await gossipAll(models, { topology, steps, chebyshev: true, arrives: without(0) })
    const exchange = exchanges([0, 1, 2, 3, 4, 5], without(0))
    const mixed = copies(before)
    await Promise.all(
      mixed.map(async (model, self) => {
        const gossip = createAveraging({
          steps,
          chebyshev: self !== 0,
          road: exchange(self),
          staleness,
          believing: trusting(),
          rounds: 1,
        })
        const where = among(topology, self).at(0)
        for await (const _ of gossip.round({ round: 0, where, head: model }, never));
      }),
    )
    expect(models.map(bits)).toEqual(mixed.map(bits))

    // Lost in the last step only, the first three were accelerated.
    const late = copies(before)
    await gossipAll(late, { topology, steps, chebyshev: true, arrives: without(steps - 1) })
    expect(bits(late[0]!)).not.toEqual(bits(models[0]!))

    // And the next round is accelerated again: as if it were the first, from where this one ended.
    const twice = copies(before)
    await gossipAll(twice, {
      topology,
      steps,
      chebyshev: true,
      rounds: 2,
      arrives: (from, to, step, round) => round > 0 || without(0)(from, to, step),
    })
    await gossipAll(models, { topology, steps, chebyshev: true })
    expect(twice.map(bits)).toEqual(models.map(bits))
  })
})

describe('sums of masked heads', () => {
  const topology = build('full', 4)
  const length = 100
  const constant = (value: number): Float32Array => new Float32Array(length).fill(value)

  async function merged(
    own: Float32Array,
    masked: NonNullable<Swap['masked']>,
    believing: Believing = trusting(),
    rounds: readonly number[] = [0, 1],
  ): Promise<MethodEvent[]> {
    const peers = masked.sum?.peers ?? []
    const absent = [1, 2, 3].filter(peer => !peers.includes(peer)).map(peer => ({ peer, reason: 'void' as const }))
    const road: NeighbourRoad = { swap: async () => ({ received: new Map(), absent, masked, release() {} }) }
    const gossip = createAveraging({ steps: 1, chebyshev: false, road, staleness: undefined, believing, rounds: 2 })
    const events: MethodEvent[] = []
    const federation = among(topology, 0)
    for (const round of rounds) {
      const turn = { round, where: federation.at(round), head: own }
      for await (const event of gossip.round(turn, never)) events.push(event)
    }
    return events
  }

  it('are merged by the weights of all their senders, and those of the others return to oneself', async () => {
    for (const [peers, weight] of [
      [[1, 2, 3], 0.75],
      [[1, 3], 0.5],
    ] as const) {
      const own = constant(1)
      const events = await merged(own, { sum: { peers, weight, mean: constant(3) }, clamped: 2 })
      // Twice: 1 + w·(3 − 1), and again.
      expect(own[7]).toBeCloseTo(3 - 2 * (1 - weight) ** 2, 6)
      expect(events[0]).toMatchObject({ type: 'exchanged', received: peers })
      expect(events.at(-1)).toMatchObject({ type: 'merged', figures: { void: 0, clamped: 4 } })
    }
  })

  it('P42 leave the head as it was where there is none, and are counted', async () => {
    const own = constant(1)
    const events = await merged(own, { sum: undefined, clamped: 0 })
    expect([...own]).toEqual([...constant(1)])
    expect(events.filter(({ type }) => type === 'exchanged')).toMatchObject([{ received: [] }, { received: [] }])
    expect(events.at(-1)).toMatchObject({ type: 'merged', localDistance: 0, figures: { void: 2, clamped: 0 } })
  })

  it('are merged from the first on by a peer that begins late, whose model is a beginner’s', async () => {
    // As of logistic regression, which begins with zeros.
    const learned = { sum: { peers: [1, 2, 3], weight: 0.75, mean: constant(3) }, clamped: 0 }
    for (const rounds of [
      [0, 1],
      [20, 21],
    ]) {
      const limits = { headDistance: 5, headRadius: 0.5, lossIncrease: 10 }
      const believing = createBelieving({ limits, uninformed: 1, loss: async () => 0 })
      believing.trained({ loss: 1, moved: 0.5 })
      const own = constant(0.1)
      const events = await merged(own, learned, believing, rounds)
      const isLate = rounds[0]! > 0
      expect(events.filter(({ type }) => type === 'refused')).toHaveLength(isLate ? 0 : 2)
      expect(own[7]).toBeCloseTo(isLate ? 3 - 2.9 / 16 : 0.1, 6)
    }
  })

  it('are refused as a whole: garbage, as of masks that do not cancel, poisons nothing', async () => {
    const own = constant(1)
    const believing = createBelieving({
      limits: { headDistance: 5, headRadius: 0.5, lossIncrease: 10 },
      uninformed: 1,
      loss: async () => 0,
    })
    const { uniform } = random(1, 'garbage')
    // Uniform words, as weights of 3/4 decode them.
    const mean = Float32Array.from({ length }, () => ((uniform() - 0.5) * 256) / 0.75)
    const events = await merged(own, { sum: { peers: [1, 2, 3], weight: 0.75, mean }, clamped: 0 }, believing)
    expect([...own]).toEqual([...constant(1)])
    const refused = events.filter(event => event.type === 'refused')
    expect(refused).toHaveLength(2)
    const heads = [1, 2, 3].map(peer => ({ peer, name: `peer-${peer}`, reason: 'TOO_FAR' }))
    expect(refused[0]).toMatchObject({ heads })
  })
})
