import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HeardReport } from '../../../src/gossip/index.js'
import type { Learner, LocalPlan, TrainReport } from '../../../src/learner/index.js'
import type { Neighbourhood } from '../../../src/methods/index.js'
import { type Compass, createCompass, pacedLearner } from '../../../src/node/membership/compass.js'
import { createTopology } from '../../../src/topology/index.js'

const pace = { least: 20, most: 100 }

/** What others say, and how long ago, by the number of the peer. */
type Said = Readonly<Record<number, { readonly mostMs: number; readonly sinceMs?: number; readonly silentMs?: number }>>

function compassOf(said: () => Said, peers = 5, now = () => 0): Compass & { spoken(): number } {
  let spoken = 0
  const members = Array.from({ length: peers }, (_, peer) => ({ name: `${peer}`, peerId: `${peer}` }))
  const graph = createTopology({ kind: 'full', weights: 'metropolis-hastings' }, peers, 1).graphAt(0)
  const compass = createCompass({
    ...pace,
    now,
    where: () => ({ members, graph, self: 0 }) as unknown as Neighbourhood,
    presence: {
      live: () => Object.keys(said()),
      heard: () =>
        new Map(
          Object.entries(said()).map(([peer, { mostMs, sinceMs = 0 }]) => [
            peer,
            { pace: { mostMs, sinceMs } } as HeardReport,
          ]),
        ),
      silentMs: peer => said()[Number(peer)]?.silentMs ?? 0,
      async speak() {
        spoken += 1
      },
    },
  })
  return Object.assign(compass, { spoken: () => spoken })
}

/** A compass whose steps take so long each. */
function measured(said: () => Said, secondsPerStep: number): Compass {
  const compass = compassOf(said)
  const steps = compass.stepsOf(0)
  compass.trained({ steps, seconds: secondsPerStep * steps })
  return compass
}

describe('steps as there is time for', () => {
  it('are the most where nothing is known yet, of oneself or of others', () => {
    const alone = compassOf(() => ({}))
    expect(alone.stepsOf(0)).toBe(100)
    alone.trained({ steps: 100, seconds: 10 })
    expect(alone.stepsOf(1)).toBe(100)
    expect(compassOf(() => ({ 1: { mostMs: 1 } })).stepsOf(0)).toBe(100)
  })

  it('end when half of the neighbours are done, within the range', () => {
    const said = { 1: { mostMs: 1_000 }, 2: { mostMs: 4_000 }, 3: { mostMs: 30_000 } }
    // 4 s: the middle one.
    expect(measured(() => said, 0.1).stepsOf(1)).toBe(40)
    expect(measured(() => said, 0.11).stepsOf(1)).toBe(36)
    expect(measured(() => said, 0.01).stepsOf(1)).toBe(100)
    expect(measured(() => said, 1).stepsOf(1)).toBe(20)
    // Of two the one that is done first.
    expect(measured(() => ({ 1: { mostMs: 3_000 }, 2: { mostMs: 9_000 } }), 0.1).stepsOf(1)).toBe(30)
  })

  it('count what a neighbour has done already, and begin anew with one whose time is over', () => {
    expect(measured(() => ({ 1: { mostMs: 5_000, sinceMs: 500, silentMs: 500 } }), 0.1).stepsOf(1)).toBe(40)
    expect(measured(() => ({ 1: { mostMs: 5_000, sinceMs: 500, silentMs: 4_500 } }), 0.1).stepsOf(1)).toBe(50)
  })

  it('follow the newest round, by nine tenths', () => {
    const compass = measured(() => ({ 1: { mostMs: 5_000 } }), 0.1)
    expect(compass.stepsOf(1)).toBe(50)
    compass.trained({ steps: 50, seconds: 10 })
    // 0.9 · 0.2 + 0.1 · 0.1 = 0.19
    expect(compass.pace!.mostMs).toBeCloseTo(19_000, 6)
    expect(compass.stepsOf(2)).toBe(26)
    // Training that was given up.
    compass.trained({ steps: 0, seconds: 1 })
    expect(compass.pace!.mostMs).toBeCloseTo(19_000, 6)
  })

  it('are told to others when they begin, with the time since', () => {
    let now = 7_000
    const compass = compassOf(
      () => ({}),
      5,
      () => now,
    )
    expect(compass.pace).toBeUndefined()
    compass.stepsOf(0)
    compass.trained({ steps: 100, seconds: 5 })
    compass.stepsOf(1)
    now += 1_250
    expect(compass.pace).toEqual({ mostMs: 5_000, sinceMs: 1_250 })
    expect(compass.spoken()).toBe(2)
  })

  it('are within the range whatever fewer than half of the neighbours say, and no further off than honest ones', () => {
    const honest = fc.array(fc.integer({ min: 1_000, max: 20_000 }), { minLength: 3, maxLength: 3 })
    const lie = fc.oneof(fc.constant(0), fc.constant(86_400_000), fc.integer({ min: 0, max: 86_400_000 }))
    fc.assert(
      fc.property(honest, lie, (times, mostMs) => {
        const said: Said = { ...Object.fromEntries(times.map((ms, at) => [at + 1, { mostMs: ms }])), 4: { mostMs } }
        const steps = measured(() => said, 0.1).stepsOf(1)
        const clamped = (ms: number): number => Math.min(100, Math.max(20, Math.floor(ms / 100)))
        expect(steps).toBeGreaterThanOrEqual(clamped(Math.min(...times)))
        expect(steps).toBeLessThanOrEqual(clamped(Math.max(...times)))
      }),
    )
  })

  it('do not dwindle from round to round, though their number is whole', () => {
    // Three peers that go by each other: 10, 11 and 70 ms a step.
    const each = [0.01, 0.011, 0.07]
    const said: Record<number, { mostMs: number }>[] = [{}, {}, {}]
    const all = each.map((_, self) => compassOf(() => said[self]!, 3))
    let steps: number[] = []
    for (let round = 0; round < 50; round++) {
      steps = all.map(compass => compass.stepsOf(round))
      for (const [peer, compass] of all.entries()) {
        compass.trained({ steps: steps[peer]!, seconds: steps[peer]! * each[peer]! })
      }
      for (const [self] of all.entries()) {
        const others = all.flatMap((compass, peer) => (peer === self ? [] : compass.pace!))
        said[self] = Object.fromEntries(others.map((pace, at) => [at + 1, pace]))
      }
    }
    // The slow one meets the others at about a second.
    expect(steps).toEqual([100, 90, 20])
  })

  it('are those that a learner takes, by which it measures', async () => {
    const plans: LocalPlan[] = []
    const learner = {
      async train(_: Float32Array, __: number, plan: LocalPlan) {
        plans.push(plan)
        return { steps: 40, seconds: 4 } as TrainReport
      },
    } as unknown as Learner
    const paced = pacedLearner(
      learner,
      compassOf(() => ({ 1: { mostMs: 3_000 } })),
    )
    const plan = { length: { epochs: 1 }, batch: 8, learningRate: 1, rules: [] }
    for (const round of [0, 1]) await paced.train(new Float32Array(1), round, plan)
    expect(plans).toEqual([
      { ...plan, length: { steps: 100 } },
      { ...plan, length: { steps: 30 } },
    ])
    expect(pacedLearner(learner, undefined)).toBe(learner)
  })
})
