import { describe, expect, it } from 'vitest'
import { roundsOnTrial } from '../../../src/merge/index.js'
import { createJudging } from '../../../src/methods/averaging/judging.js'
import { createTrial } from '../../../src/methods/averaging/trial.js'
import type { Neighbourhood, Participant } from '../../../src/methods/index.js'
import { createTopology, mixingRow, topologySchema } from '../../../src/topology/index.js'

const never = new AbortController().signal
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

  it('is still on trial when this peer comes back, which takes all for old', () => {
    const [before, after] = [createTrial(), createTrial()]
    before.useful(['id-new', 'id-new'])
    after.restore(before.kept(), 'checkpoint')
    expect([...after.shares(whereOf([member('self'), member('old'), member('new')]))]).toEqual([[2, 0.3]])
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
