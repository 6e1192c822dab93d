import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createSchedule,
  createScheduled,
  type ExchangeSpec,
  exchangeSchema,
  mixingMatrix,
  topologySchema,
} from '../../src/topology/index.js'
import { validate } from '../../src/validation.js'

const specOf = (input: unknown): ExchangeSpec => validate(exchangeSchema, input, 'run.yaml', 'MANIFEST')

const specs = fc.oneof(
  fc.record({ when: fc.constant('every'), rounds: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    when: fc.constant('window'),
    rounds: fc.integer({ min: 1, max: 9 }),
    from: fc.integer({ min: 0, max: 19 }).map(at => at / 20),
    length: fc.integer({ min: 1, max: 20 }).map(at => at / 20),
  }),
  fc.constant({ when: 'adaptive' }),
  fc.constant({ when: 'once' }),
)

const scheduled = (exchange: unknown, peers: number, topology = 'ring', rounds = 20) =>
  createScheduled({ topology: topologySchema.parse(topology), exchange: specOf(exchange), rounds, seed: 7 }, peers)

describe('a schedule of exchanges', () => {
  it('counts the rounds that have one', () => {
    fc.assert(
      fc.property(specs, fc.integer({ min: 1, max: 60 }), (input, rounds) => {
        const { at, exchangesBefore, lastBefore } = createSchedule(specOf(input), rounds)
        let [count, last] = [0, -1]
        for (let round = 0; round < rounds; round++) {
          expect([exchangesBefore(round), lastBefore(round)]).toEqual([count, last])
          if (at(round) === 'silent') continue
          count += 1
          last = round
        }
      }),
    )
  })

  it('exchanges after every so many rounds', () => {
    const { at } = createSchedule(specOf({ when: 'every', rounds: 3 }), 7)
    expect([0, 1, 2, 3, 4, 5, 6].map(at)).toEqual(['silent', 'silent', 'usual', 'silent', 'silent', 'usual', 'silent'])
  })

  it('is dense in its window, of one round at least', () => {
    const { at } = createSchedule(specOf('window'), 10)
    expect([8, 9].map(at)).toEqual(['usual', 'dense'])
    const third = createSchedule(specOf({ when: 'window', from: 0.1, length: 0.2 }), 10)
    expect([0, 1, 2, 3].map(third.at)).toEqual(['usual', 'dense', 'dense', 'usual'])
    const last = createSchedule(specOf({ when: 'window', from: 0.99, length: 0.001 }), 10)
    expect([8, 9].map(last.at)).toEqual(['usual', 'dense'])
  })

  it('is of every round where the manifest does not say when', () => {
    for (const options of [{}, { rounds: 2 }, { partners: 0.2, final: true }])
      expect(specOf(options)).toEqual(specOf({ when: 'every', ...options }))
    expect(() => specOf({ when: 'sometimes', rounds: 2 })).toThrow(/when: "sometimes" is not allowed/)
    expect(() => specOf([2])).toThrow(/run.yaml: must be/)
  })

  it('never exchanges once it is for the end', () => {
    const topology = scheduled('once', 4)
    expect(Array.from({ length: 20 }, (_, round) => topology.isSilent(round, 1))).not.toContain(false)
    // All meet all at the end.
    expect(topology.union.edges).toHaveLength(6)
  })

  it.each([
    [{ when: 'every', rounds: 0 }, 'rounds'],
    [{ when: 'every', pairs: true }, 'goes with partners, which draws them'],
    [{ when: 'every', partners: 1.5, pairs: true }, 'goes with partners of up to 1'],
    [{ when: 'every', partners: -1 }, 'partners'],
    [{ when: 'window', from: 1 }, 'from'],
    [{ when: 'window', length: 0 }, 'length'],
    [{ when: 'once', rounds: 2 }, 'rounds'],
    ['sometimes', 'once'],
  ])('refuses %j', (input, message) => {
    expect(() => specOf(input)).toThrow(message)
  })

  it('takes graphs that take turns from exchange to exchange', () => {
    const usual = createScheduled(
      { topology: topologySchema.parse('one-peer-exponential'), exchange: specOf('every'), rounds: 20, seed: 7 },
      8,
    )
    const rare = scheduled({ when: 'every', rounds: 4 }, 8, 'one-peer-exponential')
    for (let exchange = 0; exchange < 5; exchange++) {
      expect(rare.graphAt(4 * exchange + 3).edges).toEqual(usual.graphAt(exchange).edges)
    }
  })
})

describe('drawn partners', () => {
  it('are as many as asked, of the neighbours, and each counts as much as oneself', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 0, max: 15 }).map(at => at / 5),
        (peers, partners) => {
          const topology = scheduled({ when: 'every', partners }, peers, 'full')
          for (let round = 0; round < 5; round++) {
            const graph = topology.graphAt(round)
            for (let peer = 0; peer < peers; peer++) {
              const many = graph.receivesFrom(peer).length
              expect(many).toBeGreaterThanOrEqual(Math.min(Math.floor(partners), peers - 1))
              expect(many).toBeLessThanOrEqual(Math.ceil(partners))
              expect(topology.isSilent(round, peer)).toBe(many + graph.sendsTo(peer).length === 0)
            }
            for (const row of mixingMatrix(graph, topology.weights)) {
              for (const { weight } of row.from) expect(weight).toBeCloseTo(row.self, 12)
            }
          }
        },
      ),
    )
  })

  it('come as often as they should, anew in every round, the same on every peer', () => {
    const topology = scheduled({ when: 'every', partners: 0.2 }, 32, 'full', 300)
    const edges = Array.from({ length: 300 }, (_, round) => topology.graphAt(round).edges)
    const drawn = edges.reduce((sum, { length }) => sum + length, 0)
    // ALGORITHMS-2.md 7: 0.2 · 32 · 300 = 1920 heads, with a deviation of 39.
    expect(drawn).toBeGreaterThan(1920 - 200)
    expect(drawn).toBeLessThan(1920 + 200)
    expect(new Set(edges.map(String)).size).toBe(300)
    const again = scheduled({ when: 'every', partners: 0.2 }, 32, 'full', 300)
    expect(again.graphAt(123).edges).toEqual(edges[123])
  })

  it('in pairs are in one at most, ½ and ½', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 15 }),
        fc.integer({ min: 0, max: 10 }).map(at => at / 10),
        (peers, partners) => {
          const topology = scheduled({ when: 'every', partners, pairs: true }, peers, 'full')
          for (let round = 0; round < 5; round++) {
            const matrix = mixingMatrix(topology.graphAt(round), topology.weights)
            for (const { self, from } of matrix) {
              expect(from.length === 0 ? self : [self, from[0]!.weight, from.length]).toEqual(
                from.length === 0 ? 1 : [0.5, 0.5, 1],
              )
            }
          }
        },
      ),
    )
  })
})
