import { describe, expect, it, onTestFinished } from 'vitest'
import { type ManifestInput, parseManifest, type RoundFigures } from '../../src/node/index.js'
import { createSimulation, type SimulationOptions } from '../../src/simulate/index.js'
import { follow } from './follow.js'

const small = {
  data: 'digits',
  peers: 6,
  rounds: 4,
  merge: 'dfedavg',
  model: { kind: 'mlp', hidden: [8] },
  partition: 'iid',
  training: { learningRate: 0.1, batch: 32 },
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
  /** How many peers each round has such events of. */
  const perRound = (type: string): number[] =>
    Array.from(
      { length: result.last!.round + 1 },
      (_, round) => events.filter(event => event.type === type && 'round' in event && event.round === round).length,
    )
  return { events, result, models, perRound }
}

describe('sampled participants', () => {
  it('P50: all of them, with one aggregator, is federated averaging, bit for bit', async () => {
    const sampled = await simulated({ exchange: { when: 'sampled', participants: 6 } })
    const full = await simulated({ topology: 'full' })
    expect(sampled.models).toEqual(full.models)
    // Of each round 6 models to the aggregator and 6 back, less its own two, where all hand theirs to the 5 others.
    expect(sampled.result.sentBytes / full.result.sentBytes).toBeCloseTo(10 / 30, 1)
  }, 240_000)

  it('train in each round, the others wait, and all end with the last aggregate', async () => {
    const exchange = { when: 'sampled', participants: 2, aggregators: 2 } as const
    const { models, perRound, result } = await simulated({ exchange, encoding: 'bf16' })
    expect([perRound('trained'), perRound('idle')]).toEqual([
      [2, 2, 2, 2],
      [4, 4, 4, 4],
    ])
    expect(perRound('aggregated')).toEqual([2, 2, 2, 2])
    // Whoever has a newer aggregate tests it; of the last everybody.
    expect(perRound('evaluated').every((many, round) => (round === 3 ? many === 6 : many >= 2 && many <= 4))).toBe(true)
    for (const model of models) expect(model).toEqual(models[0])
    expect(result.summary.accuracy.ofMean).toBeNull()
    expect(result.rejected).toEqual({})
  }, 240_000)

  it('end with the same bits each time, over any transport', async () => {
    const exchange = { when: 'sampled', participants: 3 } as const
    const [memory, tcp] = [await simulated({ exchange }), await simulated({ exchange }, { transport: 'tcp' })]
    expect(tcp.models).toEqual(memory.models)
    expect(tcp.result.sentBytes).toBe(memory.result.sentBytes)
  }, 240_000)

  it('go on when most are killed at once: a round is lost, and begun anew by those that live', async () => {
    const faults = [0, 1, 2, 3, 4, 5, 6, 7].map(peer => ({ peer, round: 3 }))
    const exchange = { when: 'sampled', participants: 4 } as const
    const { models, perRound, result, events } = await simulated({ peers: 12, rounds: 7, exchange }, { faults })
    expect(perRound('aggregated')).toEqual([1, 1, 1, 0, 1, 1, 1])
    expect(perRound('trained').slice(4)).toEqual([4, 4, 4])
    for (const model of models.slice(8)) expect(model).toEqual(models[8])
    const before = events.find(event => event.type === 'round' && event.round === 2)
    expect(result.lastTested!.accuracy!.mean).toBeGreaterThan((before as RoundFigures).accuracy!.mean)
  }, 240_000)
})
