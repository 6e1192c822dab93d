import { afterAll, describe, expect, it } from 'vitest'
import { roundsOnTrial } from '../../../src/merge/index.js'
import { createJudging } from '../../../src/methods/averaging/judging.js'
import { createTrial } from '../../../src/methods/averaging/trial.js'
import type { Neighbourhood, Participant } from '../../../src/methods/index.js'
import type { ManifestInput } from '../../../src/node/index.js'
import { createTopology, mixingRow, topologySchema } from '../../../src/topology/index.js'
import { closePools, never, startPeers } from '../peers.js'

afterAll(closePools)

const member = (name: string, newcomer?: NonNullable<Participant['newcomer']>): Participant => ({
  name,
  peerId: `id-${name}`,
  ...(newcomer && { newcomer }),
})

function whereOf(members: readonly Participant[]): Neighbourhood {
  const topology = createTopology(topologySchema.parse('full'), members.length, 1)
  const graph = topology.graphAt(0)
  const numbers = new Map(members.map(({ peerId }, at) => [peerId.toString(), at]))
  return { members, numbers, self: 0, topology, graph, row: mixingRow(graph, topology.weights, 0) }
}

describe('a newcomer', () => {
  it('weighs more with every round of use; one that was always there, all', () => {
    const trial = createTrial()
    const where = whereOf([member('self'), member('old'), member('new', { kin: [] })])
    for (let useful = 0; useful < roundsOnTrial - 1; useful++) {
      expect([...trial.shares(where)]).toEqual([[2, (1 + useful) / roundsOnTrial]])
      trial.useful(['id-new'])
    }
    expect(trial.shares(where).size).toBe(0)
  })

  it('is still on trial when this peer comes back', () => {
    const [before, after] = [createTrial(), createTrial()]
    before.useful(['id-new', 'id-new'])
    after.restore(before.kept(), 'checkpoint')
    expect([...after.shares(whereOf([member('self'), member('old'), member('new', { kin: [] })]))]).toEqual([[2, 0.3]])
    expect(after.kept()).toEqual(before.kept())
  })

  it.each([
    ['trial:a', [-1]],
    ['trial:a', [0.5]],
    ['trial:a', [11]],
    ['trial:a', [1, 1]],
    ['trial:', [1]],
  ])('is refused as %s %j', (name, values) => {
    const trial = createTrial()
    const kept = [{ name, shape: [values.length], values: Float32Array.from(values) }]
    expect(() => trial.restore(kept, 'checkpoint')).toThrow(/^checkpoint: trial:/)
  })

  it('is of use where its head is merged and points where the merge goes, for which no loss is asked', async () => {
    const trial = createTrial()
    const judging = createJudging({
      trial,
      loss: async () => {
        throw new Error('no loss is asked')
      },
      lossLimit: 10,
    })
    const names = ['along', 'against', 'refused']
    const where = whereOf([member('self'), ...names.map(name => member(name, { kin: [] }))])
    const own = Float32Array.of(1, 0)
    await judging.begin(Float32Array.of(0, 0))
    const judged = {
      ...{ round: 0, where, row: where.row, own },
      merged: Float32Array.of(1, 0),
      heads: new Map([
        [1, Float32Array.of(1, 0.5)],
        [2, Float32Array.of(-1, 0)],
        [3, Float32Array.of(1, 0.5)],
      ]),
      given: new Map([
        [1, 0.025],
        [2, 0.025],
      ]),
      refused: new Set([3]),
    }
    expect(await judging.judge(judged, never)).toEqual([])
    expect([...judging.shares(where)]).toEqual([
      [1, 0.2],
      [2, 0.1],
      [3, 0.1],
    ])
    expect(judging.report(where.members)).toEqual({})
  })
})

describe('in a run whose peers come and go', () => {
  const input: ManifestInput = { peers: 5, rounds: 20, partition: 'iid', training: { batch: 64, learningRate: 0.05 } }
  const newcomers = new Set([3, 4])

  /** Rounds from 0 on. @returns the weight that peer 0 gave to each in each round */
  async function believed(believe: NonNullable<ManifestInput['believe']>, rounds: number) {
    const run = await startPeers({ ...input, believe }, undefined, newcomers)
    const weights: Readonly<Record<string, number>>[] = []
    for (let round = 0; round < rounds; round++) {
      await run.train(round)
      const last = (await run.exchange(round))[0]!.at(-1)!
      if (last.type !== 'merged') throw new Error(last.type)
      weights.push(last.perPeer!.believed!)
    }
    return { run, weights }
  }

  it('newcomers of one kin weigh a tenth each and more from round to round, together no more than another', async () => {
    const { weights, run } = await believed({ rule: 'clip', tau: 1e6 }, 11)
    const of = (round: number, id: string): number => weights[round]![id]!
    expect([of(0, 'id-1'), of(0, 'id-3'), of(0, 'id-0')].map(weight => Math.round(1e6 * weight) / 1e6)).toEqual([
      0.2, 0.02, 0.56,
    ])
    // Data are alike, so each round is of use.
    expect(of(3, 'id-3')).toBeCloseTo(0.08, 9)
    for (const round of [5, 6, 7, 8]) expect(of(round, 'id-3') + of(round, 'id-4')).toBeCloseTo(0.2, 9)
    expect(of(10, 'id-3')).toBeCloseTo(0.2, 9)
    for (const row of weights) expect(Object.values(row).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9)
    // What is kept goes on in another process.
    const [kept, again] = [
      run.peers[0]!.session.kept!(),
      await startPeers({ ...input, believe: 'clip' }, undefined, newcomers),
    ]
    again.peers[0]!.session.restore!(kept, 'checkpoint')
    const trials = kept.tensors.filter(({ name }) => name.startsWith('trial:'))
    expect(trials.map(({ name }) => name).sort()).toEqual(['trial:id-3', 'trial:id-4'])
    expect(again.peers[0]!.session.kept!().tensors.filter(({ name }) => name.startsWith('trial:'))).toEqual(trials)
  })

  it('a rule that counts heads hears one of them at a time, and not in every round', async () => {
    const { weights } = await believed('median', 6)
    const heard = weights.map(row => ['id-3', 'id-4'].filter(id => (row[id] ?? 0) > 0).length)
    expect(Math.max(...heard)).toBeLessThanOrEqual(1)
    expect(heard.filter(count => count === 0).length).toBeGreaterThanOrEqual(2)
    for (const row of weights) expect(Object.keys(row)).toEqual(expect.arrayContaining(['id-0', 'id-1', 'id-2']))
  })
})
