import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import type { Learner } from '../../src/learner/index.js'
import { checkTopology, type NeighbourRoad } from '../../src/methods/index.js'
import { type ManifestInput, parseManifest, planOf } from '../../src/node/index.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import { createTopology } from '../../src/topology/index.js'
import { amongAll, type Descent, descend, learnerOf, learningRate, sessionOf, size } from './bowls.js'
import { createTable, never } from './peers.js'

const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
]
const steps = 4
const section = (fields: object = {}) =>
  ({
    ...{ method: 'sparseloco', rho: 0, momentum: 0, outerRate: 1, errorDecay: 0.95, sparse: 'senders', ...fields },
  }) as never

/** The larger of two numbers, the first where they are alike. */
const largest = (values: Float32Array): Float32Array => {
  const at = values.findIndex(value => Math.abs(value) === Math.max(...values.map(Math.abs)))
  return values.map((value, k) => (k === at ? value : 0))
}

/** SparseLoCo as ALGORITHMS-2.md 6.3 writes it, and what each peer has said and wanted. */
function published(rounds: number, { errorDecay = 0.95, outerRate = 1, share = 'senders' } = {}) {
  let x = new Float64Array(size)
  const errors = bowls.map(() => new Float64Array(size))
  const all = bowls.map(() => ({ said: [] as number[][], ways: [] as number[][] }))
  for (let round = 0; round < rounds; round++) {
    const messages = bowls.map(({ a, b }, peer) => {
      const y = x.slice()
      for (let step = 0; step < steps; step++) for (const k of y.keys()) y[k]! -= learningRate * a * (y[k]! - b)
      const way = x.map((value, k) => value - y[k]!)
      const wanted = way.map((value, k) => errorDecay * errors[peer]![k]! + value)
      const message = largest(Float32Array.from(wanted))
      errors[peer] = wanted.map((value, k) => value - message[k]!)
      all[peer]!.said.push([...message])
      all[peer]!.ways.push([...way])
      return message
    })
    const lengths = messages.map(message => Math.hypot(...message))
    const median = [...lengths].sort((a, b) => a - b)[1]!
    x = x.map((value, k) => {
      const sent = messages.map((message, peer) => message[k]! * Math.min(1, median / lengths[peer]!))
      const senders = share === 'senders' ? sent.filter(one => one !== 0).length : sent.length
      return value - (senders === 0 ? 0 : (outerRate * sent.reduce((sum, one) => sum + one, 0)) / senders)
    })
  }
  return { x, errors, all }
}

const run = (rounds: number, fields: object = {}, more: Partial<Descent> = {}) =>
  descend(section(fields), { bowls, rounds, steps, headDistance: 1e6, updates: largest, ...more })
const errorOf = (session: { kept?: () => { tensors: readonly { name: string; values: Float32Array }[] } }) =>
  session.kept!().tensors.find(({ name }) => name.startsWith('error:'))!.values

describe('SparseLoCo', () => {
  it.each([{}, { sparse: 'all' }, { errorDecay: 0.5 }, { outerRate: 0.5 }])(
    'is the published algorithm: %j',
    async fields => {
      for (const rounds of [1, 2, 3, 12]) {
        const { models, sessions } = await run(rounds, fields)
        const { sparse: share, ...numbers } = { sparse: 'senders', ...fields }
        const { x, errors } = published(rounds, { ...numbers, share })
        for (const [peer, model] of models.entries()) {
          for (const k of model.keys()) {
            expect(model[k]).toBeCloseTo(x[k]!, 4)
            expect(errorOf(sessions[peer]!)[k]).toBeCloseTo(errors[peer]![k]!, 4)
          }
        }
      }
    },
  )

  it('P47: what was said and what is left are all that was wanted, by the powers of β', async () => {
    const rounds = 9
    const { sessions } = await run(rounds)
    const { all } = published(rounds)
    for (const [peer, session] of sessions.entries()) {
      for (let k = 0; k < size; k++) {
        const sumOf = (parts: readonly (readonly number[])[]): number =>
          parts.reduce((sum, part, t) => sum + 0.95 ** (rounds - 1 - t) * part[k]!, 0)
        const { said, ways } = all[peer]!
        expect(sumOf(said) + errorOf(session)[k]!).toBeCloseTo(sumOf(ways), 4)
      }
    }
  })

  it('P47: all anchors are the same, to the last bit', async () => {
    const { ended } = await run(20)
    for (const round of ended) expect(new Set(round).size).toBe(1)
    // Of two numbers a round has the larger one.
    expect(new Set(ended.map(([first]) => first)).size).toBe(10)
  })

  it('P10: without a codec it is the mean of θ, where no message is longer than half of them', async () => {
    const two = bowls.slice(0, 1).flatMap(bowl => [bowl, { ...bowl }])
    const [sparse, plain] = [
      await descend(section(), { bowls: two, rounds: 5, steps }),
      await descend({ method: 'dfedavg' }, { bowls: two, rounds: 5, steps }),
    ]
    for (const [peer, [value]] of plain.models.entries()) expect(sparse.models[peer]![0]).toBeCloseTo(value!, 5)
  })

  it('takes the anchor of most, and says in the next round what was not heard in this one', async () => {
    const { models, ended, sessions } = await run(3, {}, { unlike: { peer: 1, round: 1, by: 5 } })
    expect(new Set(ended[0]).size).toBe(1)
    for (const round of ended.slice(1)) expect(new Set(round).size).toBe(1)
    const [before] = (await run(3)).models
    expect(models[0]![0]).not.toBe(before![0])
    expect(errorOf(sessions[1]!).some(value => value !== 0)).toBe(true)
  })

  it('says no way back where training diverged on what was merged', async () => {
    const able = learnerOf(bowls[0]!, steps)
    let diverges = false
    const train: Learner['train'] = (...args) =>
      diverges ? Promise.reject(new HearsayError('DIVERGED', 'training diverged')) : able.train(...args)
    const ways: number[] = []
    const roads = createTable(1, (_from, _to, _round, values) => values).roadsOf(0)
    const neighbours: NeighbourRoad = {
      async swap(_position, values, _where, _signal, _tell, anchor) {
        ways.push(values[0]! - anchor![0]!)
        const received = new Map([[1, anchor!.map(value => value + 1)]])
        return { received, absent: [], release() {}, anchored: { anchor: anchor!, said: values.slice() } }
      },
    }
    const parameters = new Float32Array(size)
    const session = sessionOf(section(), { ...able, train }, steps, { ...roads, neighbours }, parameters)
    const where = amongAll(2)
    for (const round of [0, 1]) {
      diverges = round === 1
      await session.train(round, never)
      for await (const _ of session.exchange!({ round, where, head: parameters }, never));
    }
    expect(ways[0]).not.toBe(0)
    expect(ways[1]).toBe(0)
  })

  it.each<[ManifestInput, string]>([
    [{ believe: 'clip' }, 'believe: does not go with merge: sparseloco'],
    [{ reputation: 'mute' }, 'reputation: mute does not go with merge: sparseloco'],
    [{ exchange: { when: 'every', final: true } }, 'exchange: does not go with merge: sparseloco'],
    [{ exchange: { when: 'every', rounds: 2 } }, 'exchange: does not go with merge: sparseloco'],
    [{ mode: 'async' }, 'mode: async does not go with merge: sparseloco'],
    [{ masks: {} }, 'masks: does not go with merge: sparseloco'],
    [
      { encoding: { codec: 'topk2bit', memory: 'choco' } },
      'encoding.memory: does not go with merge: sparseloco, which says itself later',
    ],
  ])('%j is refused', (input, message) => {
    expect(() => parseManifest({ merge: 'sparseloco', topology: 'full', ...input })).toThrow(message)
  })

  it('goes with every codec, and needs the updates of all', () => {
    for (const codec of ['topk2bit', 'topk', 'randk', 'sign', 'qsgd', 'int8', 'f32']) {
      const { merge, encoding } = parseManifest({ merge: 'sparseloco', topology: 'full', encoding: codec })
      expect(encoding.memory).toBeUndefined()
      expect(merge).toEqual(section())
    }
    const ring = parseManifest({ merge: 'sparseloco', topology: 'ring' })
    expect(() => checkTopology(ring, () => createTopology(ring.topology, 5, 1))).toThrow(
      'needs the updates of all peers in every round, and topology ring',
    )
    expect(planOf(parseManifest({ merge: 'sparseloco' }), headSection(layoutOf([]))).keepsState).toBe(true)
  })
})
