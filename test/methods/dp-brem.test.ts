import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLearnerPool, type LearnerPool } from '../../src/learner/index.js'
import { methodNamed, type Neighbourhood, type Session, type SessionContext } from '../../src/methods/index.js'
import { parseManifest } from '../../src/node/index.js'
import { headSection } from '../../src/tensors/index.js'
import { mixingMatrix } from '../../src/topology/index.js'
import { build } from '../merge/rounds.js'
import { createTable, never } from './peers.js'

/*
 * By hand: two peers of a logistic regression with one input, which is 0, and two classes: only the offsets learn, and with
 * one sample each. β ½, η 1.
 */
let pool: LearnerPool
beforeAll(async () => {
  const models = [{ model: { kind: 'logistic', head: 'output' } as const, inputShape: [1] }]
  pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: 2, seed: 1 })
}, 60_000)
afterAll(() => pool.close())

const factor = 0.5
const rounds = 4

/** One sample of zeros, of this class. */
function dataOf(label: number) {
  const inputs = new Float32Array(new SharedArrayBuffer(4))
  const labels = new Int32Array(new SharedArrayBuffer(4)).fill(label)
  const standardisation = { mean: Float32Array.of(0), std: Float32Array.of(1) }
  return { samples: { inputs, labels, size: 1 }, standardisation }
}

function started(label: number, self: number, table: ReturnType<typeof createTable>, steps: number, tau: number) {
  const [model] = pool.models
  const head = headSection(model.layout)
  const parameters = model.initialParameters().fill(0)
  const data = dataOf(label)
  const context: Partial<SessionContext> = {
    name: `peer-${self}`,
    rounds,
    limits: { headDistance: 1e6, headRadius: 1e6, lossIncrease: 1e6 },
    localPlan: () => ({ length: { steps }, batch: 1, learningRate: 1, rules: [] }),
    learner: model.learner(data, self),
    data: data as never,
    parameters,
    head,
    uninformed: 1,
    believe: parseManifest({ believe: { rule: 'clip', tau, falls: 0.7 } }).believe,
  }
  const plan = methodNamed('dp-brem').plan({ method: 'dp-brem', momentum: factor } as never, {
    isOfValues: false,
    head,
  })
  const session = plan.start(context as SessionContext, table.roadsOf(self))
  return { session, parameters, says: plan.says }
}

/** The first offset, which the gradient of the second mirrors: g = softmax − [label is 0]. */
function byHand(labels: readonly number[], steps: number, tau: number): number[][] {
  const states = labels.map(() => ({ y: 0, m: 0 }))
  return Array.from({ length: rounds }, (_, round) => {
    for (const [i, state] of states.entries()) {
      for (let step = 0; step < steps; step++) {
        const gradient = 1 / (1 + Math.exp(-2 * state.y)) - (labels[i] === 0 ? 1 : 0)
        state.m = factor * state.m + (1 - factor) * gradient
        state.y -= state.m
      }
    }
    const [a, b] = states.map(({ y }) => y) as [number, number]
    // Both offsets differ: the heads lie √2 times as far apart as one of them.
    const far = Math.SQRT2 * Math.abs(b - a)
    const pull = 0.5 * Math.min(1, (tau * (1 - (0.7 * round) / rounds)) / far) * (b - a)
    states[0]!.y += pull
    states[1]!.y -= pull
    return states.map(({ y }) => y)
  })
}

async function runTwo(labels: readonly [number, number], steps: number, tau: number, restartsAt?: number) {
  const topology = build('full', 2)
  const table = createTable(2, (_from, _to, _round, values) => values)
  const members = labels.map((_, peer) => ({ name: `peer-${peer}`, peerId: `id-${peer}` }))
  const peers = labels.map((label, self) => started(label, self, table, steps, tau))
  const seen: number[][] = []
  for (let round = 0; round < rounds; round++) {
    if (round === restartsAt) {
      for (const [self, label] of labels.entries()) {
        const { session, parameters } = peers[self]!
        const kept = session.kept!()
        const again = started(label, self, table, steps, tau)
        again.parameters.set(parameters)
        again.session.restore!(structuredClone(kept), 'checkpoint')
        peers[self] = again
      }
    }
    const graph = topology.graphAt(round)
    const ended = async (session: Session, self: number): Promise<void> => {
      await session.train(round, never)
      const row = mixingMatrix(graph, topology.weights)[self]!
      const where: Neighbourhood = { members, numbers: new Map(), self, topology, graph, row }
      for await (const _ of session.exchange!({ round, where, head: peers[self]!.parameters }, never));
    }
    await Promise.all(peers.map(({ session }, self) => ended(session, self)))
    seen.push(peers.map(({ parameters }) => parameters.at(-2)!))
  }
  return { seen, says: peers[0]!.says }
}

describe('DP-BREM in a peer', () => {
  it.each([
    [1, 100],
    [3, 100],
    [3, 0.2],
  ])('is that by hand, of %i steps a round with τ %d, which falls', async (steps, tau) => {
    const expected = byHand([0, 1], steps, tau)
    const { seen } = await runTwo([0, 1], steps, tau)
    for (const [round, values] of seen.entries()) {
      for (const [peer, value] of values.entries()) expect(value).toBeCloseTo(expected[round]![peer]!, 5)
    }
  })

  it('is the same where all peers come back in between: the momentum is kept', async () => {
    const whole = await runTwo([0, 1], 2, 0.3)
    expect((await runTwo([0, 1], 2, 0.3, 2)).seen).toEqual(whole.seen)
  })

  it('hands over the head alone', async () => {
    const { says } = await runTwo([0, 1], 1, 1)
    expect(Object.keys(says.parts)).toEqual(['head'])
  })

  it('has settled numbers', () => {
    expect(parseManifest({ merge: 'dp-brem' }).merge).toEqual({ method: 'dp-brem', momentum: 0.9 })
    const { believe } = parseManifest({ merge: 'dp-brem', believe: { rule: 'clip', tau: 1, falls: 0.7 } })
    expect(believe).toEqual({ rule: 'clip', tau: 1, falls: 0.7, tolerate: 1 })
  })
})
