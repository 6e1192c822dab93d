import { describe, expect, it, onTestFinished } from 'vitest'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createSimulation, type SimulationOptions } from '../../src/simulate/index.js'
import { follow } from './follow.js'

const small = {
  data: 'digits',
  peers: 4,
  rounds: 4,
  topology: 'ring',
  merge: 'dfedavg',
  model: { kind: 'mlp', hidden: [8] },
  training: { learningRate: 0.1, batch: 64 },
} as const satisfies ManifestInput

async function simulated(input: ManifestInput, options: SimulationOptions = {}) {
  const simulation = await createSimulation(parseManifest({ ...small, ...input }), {
    backend: 'wasm',
    transport: 'memory',
    workers: 1,
    baselines: false,
    ...options,
  })
  onTestFinished(() => simulation.close())
  const { events, result } = await follow(simulation)
  const models = result.peers.map(({ parameters }) => [...parameters])
  const roundsOf = (type: string): number[] => [
    ...new Set(events.flatMap(event => (event.type === type && 'round' in event ? event.round : []))),
  ]
  return { events, result, models, roundsOf }
}

describe('a schedule of exchanges', () => {
  it('P48: with no partners and no final merge is learning alone, bit for bit', async () => {
    const silent = await simulated({ exchange: { when: 'every', partners: 0 } })
    const alone = await simulated({ merge: 'none' })
    expect(silent.models).toEqual(alone.models)
    expect(silent.result.sentBytes).toBe(0)
    expect([silent.roundsOf('silent'), silent.roundsOf('exchanged')]).toEqual([[0, 1, 2, 3], []])
    expect(silent.result.last!.silent).toBe(4)
    expect(silent.result.absent).toBe(0)
  }, 120_000)

  it('P48: dense and full in all rounds is federated averaging, bit for bit', async () => {
    const dense = await simulated({ exchange: { when: 'window', from: 0, length: 1 } })
    const full = await simulated({ topology: 'full' })
    expect(dense.models).toEqual(full.models)
    expect(dense.result.last!.consensusDistance).toBe(0)
  }, 120_000)

  it('exchanges in every so many rounds, and waits in no other', async () => {
    const { roundsOf, events } = await simulated({ exchange: { when: 'every', rounds: 2 } })
    expect([roundsOf('silent'), roundsOf('exchanged')]).toEqual([
      [0, 2],
      [1, 3],
    ])
    const received = events.flatMap(event => (event.type === 'exchanged' ? event.received.length : []))
    expect(received).toEqual(Array.from({ length: 8 }, () => 2))
  }, 120_000)

  it('draws the same partners for both ends, and the same numbers twice', async () => {
    const exchange = { when: 'every', partners: 0.6 } as const
    const [one, two] = [await simulated({ exchange }), await simulated({ exchange })]
    expect(one.models).toEqual(two.models)
    expect(one.result.absent).toBe(0)
    expect(one.result.rejected).toEqual({})
    expect(one.models[0]).not.toEqual(one.models[1])
  }, 120_000)
})

describe('a schedule beside other axes', () => {
  it('has masks in the rounds with an exchange, of which none is void', async () => {
    const { events, roundsOf } = await simulated({
      peers: 5,
      topology: 'full',
      masks: true,
      exchange: { when: 'every', rounds: 2 },
    })
    expect([roundsOf('silent'), roundsOf('exchanged')]).toEqual([
      [0, 2],
      [1, 3],
    ])
    const merged = events.flatMap(event => (event.type === 'merged' ? [event.figures] : []))
    expect(merged).toHaveLength(10)
    for (const figures of merged) expect(figures).toMatchObject({ void: 0 })
  }, 120_000)

  it('has private training, and the budget of each round', async () => {
    const { models, result } = await simulated({
      data: { set: 'digits', standardise: { mean: [0.5], std: [0.2] } },
      privacy: { budget: 8, noise: 2 },
      exchange: 'once',
    })
    for (const model of models) expect(model).toEqual(models[0])
    for (const { spent } of result.peers) expect(spent!.epsilon).toBeGreaterThan(0)
  }, 120_000)

  it('is refused beside attacks that wait for what all say', async () => {
    const exchange = { when: 'every', partners: 1 } as const
    await expect(simulated({ exchange }, { attacks: ['alie:0'] })).rejects.toThrow(
      'exchange.partners leaves some silent',
    )
  })
})

describe('an adaptive exchange', () => {
  const adaptive = (moved: number) => ({ when: 'adaptive', moved }) as const

  it('with almost no threshold is an exchange in every round, bit for bit', async () => {
    const one = await simulated({ exchange: adaptive(1e-9) })
    const every = await simulated({ exchange: 'every' })
    expect(one.models).toEqual(every.models)
    expect(one.result.summary.spared).toEqual({ heads: 0, bytes: 0 })
    expect(every.result.summary.spared).toBeUndefined()
  }, 120_000)

  it('leaves heads unsaid that are no news, along both ways of an edge, and counts them', async () => {
    const input = { rounds: 8, exchange: adaptive(2) } as const
    const [one, two] = [await simulated(input), await simulated(input)]
    expect(one.models).toEqual(two.models)
    const exchanged = one.events.filter(event => event.type === 'exchanged')
    const still = exchanged.flatMap(({ still = [] }) => still).length
    const received = exchanged.flatMap(({ received }) => received).length
    // A ring of 4: 8 heads in each of 8 rounds.
    expect(still + received).toBe(64)
    expect(still).toBeGreaterThan(0)
    expect(received).toBeGreaterThan(16)
    for (const { peer, round, still = [] } of exchanged) {
      for (const other of still) {
        expect(exchanged.find(event => event.peer === other && event.round === round)!.still).toContain(peer)
      }
    }
    const bytes = one.models[0]!.length * 4
    expect(one.result.summary.spared).toEqual({ heads: still, bytes: still * bytes })
    expect(one.result.sentBytes).toBeGreaterThan(received * bytes)
    expect(one.result.sentBytes).toBeLessThan(received * (bytes + 1000) + still * 1000)
    expect([one.result.absent, one.result.rejected]).toEqual([0, {}])
  }, 120_000)

  it('goes with several exchanges a round, with a peer that dies, and with a final merge', async () => {
    const input = { rounds: 6, merge: 'dfedsam-mgs', exchange: { ...adaptive(2), final: true } } as const
    const { events, models } = await simulated(input, { faults: [{ peer: 3, round: 4 }] })
    const dead = events.find(event => event.type === 'failed')!.peer
    const last = events.filter(event => event.type === 'exchanged' && event.round === 4)
    for (const { absent } of last as Extract<(typeof last)[number], { type: 'exchanged' }>[]) {
      for (const { peer, reason } of absent) expect([peer, reason]).toEqual([dead, 'gone'])
    }
    expect(models[1]).toEqual(models[0])
    expect(models[2]).toEqual(models[0])
  }, 120_000)

  it('lets an attacker say something in every round, and is refused beside one that hears all', async () => {
    const { events } = await simulated({ rounds: 5, exchange: adaptive(50) }, { attacks: ['bit-flip=1:3'] })
    const liar = events.find(event => event.type === 'begin')!.members.find(({ attack }) => attack)!.peer
    const heard = events.flatMap(event => (event.type === 'exchanged' ? event.received : []))
    expect(heard.filter(peer => peer === liar)).toHaveLength(10)
    await expect(simulated({ exchange: adaptive(2) }, { attacks: ['alie:0'] })).rejects.toThrow(
      'when: adaptive leaves some silent',
    )
  }, 120_000)

  it('is refused to methods that keep what rounds without news would not renew', async () => {
    await expect(simulated({ merge: 'scaffold', exchange: 'adaptive' })).rejects.toThrow(
      'exchange: merge: scaffold keeps',
    )
  })
})

describe('a final merge', () => {
  it('P49: leaves all with the same bits, the mean of what each had, and its own beside it', async () => {
    const once = await simulated({ exchange: 'once' })
    const alone = await simulated({ merge: 'none' })
    for (const model of once.models) expect(model).toEqual(once.models[0])
    for (const [at, value] of once.models[0]!.entries()) {
      const mean = alone.models.reduce((sum, model) => sum + model[at]!, 0) / 4
      expect(value).toBeCloseTo(mean, 5)
    }
    expect(once.result.peers.map(({ kept }) => [...kept.method.before!])).toEqual(alone.models)
    const finals = once.events.filter(event => event.type === 'final')
    expect(finals.map(({ missed, isMerged }) => [missed, isMerged])).toEqual(finals.map(() => [[], true]))
    expect(finals).toHaveLength(4)
    expect(once.result.last!.final).toMatchObject({ incomplete: 0 })
    expect(once.result.summary.final!.own.mean).toBeCloseTo(alone.result.last!.accuracy!.mean, 10)
    for (const { own, merged, better } of finals) expect(better).toBe(own > merged ? 'own' : 'merged')
    // Each of 4 peers hands its head to 3 others, once.
    expect(once.result.sentBytes).toBeGreaterThan(12 * once.models[0]!.length * 4)
    expect(once.result.sentBytes).toBeLessThan(14 * once.models[0]!.length * 4)
  }, 120_000)

  it('of more than 16 peers doubles what is averaged, to the same bits', async () => {
    const { models, result } = await simulated({ peers: 18, rounds: 1, partition: 'iid', exchange: 'once' })
    for (const model of models) expect(model).toEqual(models[0])
    expect(result.last!.final!.incomplete).toBe(0)
  }, 120_000)

  it('goes on without a peer that dies before it, and says so', async () => {
    const { events, models } = await simulated({ exchange: 'once' }, { faults: [{ peer: 3, round: 3 }] })
    const finals = events.filter(event => event.type === 'final')
    expect(finals).toHaveLength(3)
    const dead = events.find(event => event.type === 'failed')!.peer
    for (const { missed } of finals) expect(missed).toEqual([dead])
    expect(models[1]).toEqual(models[0])
    expect(models[2]).toEqual(models[0])
  }, 120_000)

  it('leaves out a liar that breaks the model, which all others name, to the same bits', async () => {
    const { events, models } = await simulated({ exchange: 'once' }, { attacks: ['bit-flip=100:3'] })
    const refused = events.filter(event => event.type === 'refused')
    const finals = events.filter(event => event.type === 'final')
    const liar = finals.map(({ peer }) => peer).find(id => refused.every(({ peer }) => peer !== id))
    expect(refused).toHaveLength(3)
    for (const { heads, step } of refused) expect([heads.map(({ peer }) => peer), step]).toEqual([[liar], 1])
    for (const { peer, missed } of finals) if (peer !== liar) expect(missed).toEqual([liar])
    expect(models[1]).toEqual(models[0])
    expect(models[2]).toEqual(models[0])
  }, 120_000)

  it('comes behind the usual exchange of the last round', async () => {
    const { events, models } = await simulated({ exchange: { when: 'every', final: true } })
    const last = events.filter(event => event.type === 'exchanged' && event.round === 3)
    expect(last.map(event => event.type === 'exchanged' && event.step).sort()).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
    expect(models[1]).toEqual(models[0])
  }, 120_000)

  it('is refused to methods that keep what silent rounds would not renew', async () => {
    await expect(simulated({ merge: 'scaffold', exchange: 'once' })).rejects.toThrow('exchange: merge: scaffold keeps')
  })
})
