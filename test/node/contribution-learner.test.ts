import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import { createMaskKey, type MaskKey, pairWords, seededMaskKey } from '../../src/gossip/index.js'
import type { Learner, LocalPlan } from '../../src/learner/index.js'
import type { Neighbourhood } from '../../src/methods/index.js'
import { contributionLearner } from '../../src/node/contribution-learner.js'
import { createPairViews, type PairView, pairsIn } from '../../src/node/pair-view.js'
import { ContributionBudget, exposures, type Ledger } from '../../src/privacy/index.js'
import { secretWords, seededWords } from '../../src/random.js'
import { createTopology, mixingRow } from '../../src/topology/index.js'

const runId = new Uint8Array(32).fill(5)
const plan = { length: { epochs: 1 }, batch: 8, learningRate: 0.1, rules: [] } satisfies LocalPlan
const names = ['anna', 'bert', 'carl', 'dora', 'emil', 'finn']
const length = 5000

interface Options {
  readonly clip?: number
  readonly noise?: number
  readonly pairNoise?: number
  readonly budget?: number
  readonly keep?: (ledger: Ledger) => Promise<void>
  readonly keys?: readonly (MaskKey | undefined)[]
  readonly kind?: 'ring' | 'full' | 'exponential'
  readonly train?: Learner['train']
  /** Whether a peer sees another in a round. */
  readonly sees?: (peer: number, other: number) => boolean
  readonly own?: (peer: number, round: number) => ReturnType<typeof seededWords>
}

const seededKeys = names.map((_, peer) => seededMaskKey(new Uint8Array(32).fill(peer + 1)))

/** Each peer moves all numbers by (1 + its number)/100. */
const moves =
  (peer: number): Learner['train'] =>
  async (parameters, _round, _plan, { part } = {}) => {
    const { start, end } = part!
    for (let at = 0; at < parameters.length; at++) parameters[at]! += (1 + peer) / 100
    const moved = ((1 + peer) / 100) * Math.sqrt(end - start)
    return { loss: 1, samples: 9, steps: 2, stepsInLoop: 0, moved, seconds: 0 }
  }

function peersWith(options: Options = {}) {
  const {
    clip = 100,
    noise = 0.01,
    pairNoise = 3,
    budget = Number.POSITIVE_INFINITY,
    keep,
    keys = seededKeys,
    kind = 'ring',
  } = options
  const { sees = () => true, own = (peer, round) => seededWords(1, 'own', peer, round) } = options
  const topology = createTopology({ kind, weights: 'uniform' }, names.length, 1)
  const members = names.map(name => ({ name, peerId: { toString: () => name } }))
  const numbers = new Map(names.map((name, at) => [name, at]))
  const spec = { of: 'contribution', budget, clip, noise, pairNoise } as const
  return names.map((self, peer) => {
    const graph = topology.graphAt(0)
    const where: Neighbourhood = {
      ...{ members, numbers, self: peer, topology, graph },
      row: mixingRow(graph, topology.weights, peer),
    }
    const spending = new ContributionBudget({ spec, rounds: 9, pairs: pairsIn(topology, 9), ...(keep && { keep }) })
    const keyOf = (name: string) => (sees(peer, numbers.get(name)!) ? keys[numbers.get(name)!]?.publicKey : undefined)
    const viewIn = createPairViews({
      ...{ runId, self, pairNoise },
      keys: { key: keys[peer] ?? createMaskKey(), keysIn: () => keyOf },
      neighbourhoodAt: () => where,
    })
    const learner: Learner = {
      train: options.train ?? moves(peer),
      evaluate: () => Promise.reject(new Error('not asked')),
      observe: async () => {},
      leave() {},
    }
    const ownWords = (round: number) => own(peer, round)
    return {
      viewIn,
      budget: spending,
      learner: contributionLearner({ learner, budget: spending, self, viewIn, ownWords }),
    }
  })
}

const silence = () => (into: Uint32Array<ArrayBuffer>) => void into.fill(1)

/** What a round releases, from zeros. */
async function released(peers: ReturnType<typeof peersWith>, round = 0): Promise<readonly Float32Array[]> {
  return Promise.all(
    peers.map(async ({ learner }) => {
      const parameters = new Float32Array(length)
      await learner.train(parameters, round, plan, { part: { start: 0, end: length } })
      return parameters
    }),
  )
}

function meanOf(all: readonly Float32Array[]): Float64Array {
  return Float64Array.from({ length }, (_, at) => all.reduce((sum, values) => sum + values[at]!, 0) / all.length)
}

function deviationOf(values: ArrayLike<number>): number {
  const all = Array.from(values)
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length)
}

describe('what peers release', () => {
  it.each(['ring', 'full', 'exponential'] as const)(
    'P39 has no noise of pairs in the mean over all peers: %s',
    async kind => {
      // The pairs' noise is 10⁴ times the own one in one run, and 0 in the other.
      const noised = await released(peersWith({ kind, clip: 100, noise: 1e-3, pairNoise: 10 }).map(p => p))
      const plain = await released(peersWith({ kind, clip: 100, noise: 1e-3, pairNoise: 0 }))
      const [a, b] = [meanOf(noised), meanOf(plain)]
      for (let at = 0; at < length; at++) expect(Math.abs(a[at]! - b[at]!)).toBeLessThan(1e-5)
      // And each alone has the noise of all its pairs.
      const degree = { ring: 2, full: 5, exponential: 4 }[kind]
      expect(deviationOf(noised[0]!) / (0.1 * Math.sqrt(1 + 100 * degree))).toBeCloseTo(1, 1)
    },
  )

  it('moves by no more than clip, and by what was trained where that is less', async () => {
    const all = await released(peersWith({ clip: 1, noise: 1e-6, pairNoise: 0 }))
    const lengths = all.map(values => Math.hypot(...values))
    // (1 + peer)/100·√5000: 0.707, 1.414, …
    expect(lengths[0]).toBeCloseTo(Math.sqrt(length) / 100, 4)
    for (const moved of lengths.slice(1)) expect(moved).toBeCloseTo(1, 4)
  })

  it('is noised in the part that is shared alone, and says how far that moved with noise', async () => {
    const [{ learner, budget }] = peersWith({ clip: 1, noise: 0.1, pairNoise: 0 }) as [ReturnType<typeof peersWith>[0]]
    const parameters = new Float32Array(length)
    const { moved } = await learner.train(parameters, 0, plan, { part: { start: 1000, end: length } })
    expect(new Set(parameters.subarray(0, 1000))).toEqual(new Set([Math.fround(0.01)]))
    expect(moved).toBeCloseTo(Math.hypot(...parameters.subarray(1000)), 4)
    expect(budget.spent.contribution).toEqual({ pairs: 2, moved: expect.closeTo(0.01 * Math.sqrt(4000), 6) })
  })

  it('is the noise alone where training diverged', async () => {
    const train = (): Promise<never> => Promise.reject(new HearsayError('DIVERGED', 'x'))
    const all = await released(peersWith({ train, clip: 1, noise: 0.5, pairNoise: 0 }))
    for (const values of all) expect(deviationOf(values)).toBeCloseTo(0.5, 1)
  })

  it('is nothing of what was written before training diverged', async () => {
    const train: Learner['train'] = (parameters): Promise<never> => {
      parameters.fill(7)
      return Promise.reject(new HearsayError('DIVERGED', 'x'))
    }
    const all = await released(peersWith({ train, clip: 1, noise: 0.5, pairNoise: 0 }))
    for (const values of all) expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / length)).toBeLessThan(0.1)
  })

  it('differs where nobody can know the noise: from the system’s generator, and from keys of each process', async () => {
    const fresh = () => names.map(() => createMaskKey())
    const run = (own: Options['own'], keys: Options['keys']) =>
      released(peersWith({ noise: 0.01, ...(own && { own }), ...(keys && { keys }) }))
    const [a, again] = [await run(undefined, undefined), await run(undefined, undefined)]
    expect(again).toEqual(a)
    expect((await run(() => secretWords, undefined))[0]).not.toEqual(a[0])
    expect((await run(undefined, fresh()))[0]).not.toEqual(a[0])
  })
})

describe('noise of a pair', () => {
  it('is of one key: a peer that comes back in its round releases nothing under the noise of before', async () => {
    const before = peersWith()[0]!.viewIn(3)
    const back = peersWith({ keys: [createMaskKey(), ...seededKeys.slice(1)] })
    const after = back[0]!.viewIn(3)
    expect(after.digest).not.toEqual(before.digest)
    expect([...after.others.values()]).not.toEqual([...before.others.values()])
    // And the others, which have released theirs in this round, take no part in the new one.
    expect(back[1]!.viewIn(3).digest).toEqual(after.digest)
    expect(back[1]!.viewIn(3).others.size).toBe(0)
  })

  it('is never of two rounds, nor of one round twice in a process', () => {
    const [peer] = peersWith() as [ReturnType<typeof peersWith>[0]]
    const digests = [0, 1, 5].map(round => Buffer.from(peer.viewIn(round).digest).toString('hex'))
    expect(new Set(digests).size).toBe(3)
    for (const round of [5, 2]) expect(peer.viewIn(round)).toMatchObject({ exposure: 1, others: new Map() })
    expect(peer.viewIn(6).others.size).toBe(2)
  })

  it('is counted on only as far as others see the same peers', () => {
    const sees = (peer: number, other: number): boolean => !(peer === 0 && other === 5)
    const [anna, bert] = peersWith({ sees }) as [ReturnType<typeof peersWith>[0], ReturnType<typeof peersWith>[0]]
    const [hers, his] = [anna.viewIn(0), bert.viewIn(0)]
    expect(hers.digest).not.toEqual(his.digest)
    expect([...hers.others.keys()]).toEqual(['bert'])
    // She counts on the line that she sees, of which she is the end.
    const line = { peers: 5, edges: [0, 1, 2, 3].map(at => [at, at + 1] as const) }
    expect(hers.exposure).toBeCloseTo(exposures(line, 3)[0]!, 12)
  })

  it('is shared with nobody that shows a key of zeros or none', () => {
    const zeros = { publicKey: new Uint8Array(32), secretWith: () => undefined }
    const keys = [...seededKeys.slice(0, 3), zeros, undefined, seededKeys[5]!]
    const others = (peer: number) => [...peersWith({ keys, kind: 'full' })[peer]!.viewIn(0).others.keys()]
    expect(others(0)).toEqual(['bert', 'carl', 'finn'])
    expect(others(4)).toEqual([])
  })

  it('with one that shows another’s key is other noise, counted as known to the one party of the two', async () => {
    const keys = [...seededKeys.slice(0, 4), seededKeys[3]!, seededKeys[5]!]
    const views = peersWith({ keys, kind: 'full' }).map(({ viewIn }) => viewIn(0))
    const [anna, , , dora] = views as [PairView, PairView, PairView, PairView]
    expect([...anna.others.keys()]).toEqual(['bert', 'carl', 'dora', 'emil', 'finn'])
    expect(new Set(views.map(({ digest }) => Buffer.from(digest).toString('hex'))).size).toBe(1)
    const [hers, copied] = ['dora', 'emil'].map(other => {
      const words = new Uint32Array(8)
      pairWords(anna.others.get(other)!, anna.digest, ['anna', other])(words)
      return words
    })
    expect(copied).not.toEqual(hers)
    const parties = [[0], [1], [2], [3, 4], [5]]
    const [known] = exposures(
      { ...pairsIn(createTopology({ kind: 'full', weights: 'uniform' }, 6, 1), 1)[0]!, parties },
      3,
    )
    expect(anna.exposure).toBe(known)
    expect(anna.exposure).toBeGreaterThan(peersWith({ kind: 'full' })[0]!.viewIn(0).exposure)
    // Whose key it is has lost nothing but the noise of one.
    expect(dora.others.size).toBe(5)
    expect(dora.exposure).toBeCloseTo(peersWith({ kind: 'full' })[3]!.viewIn(0).exposure, 12)
  })
})

describe('the budget', () => {
  it('is charged before training, and ends it', async () => {
    const order: string[] = []
    const train: Learner['train'] = async (parameters, ...rest) => {
      order.push('trained')
      return moves(0)(parameters, ...rest)
    }
    const keep = async (): Promise<void> => void order.push('kept')
    const [peer] = peersWith({ train, keep, clip: 1, noise: 1.5, budget: 6, own: silence }) as [
      ReturnType<typeof peersWith>[0],
    ]
    const parameters = new Float32Array(length)
    const part = { start: 0, end: length }
    let rounds = 0
    let copy = parameters.slice()
    for (let round = 0; round < 100; round++) {
      copy = parameters.slice()
      const { samples } = await peer.learner.train(parameters, round, plan, { part })
      if (samples === 0) break
      rounds++
    }
    expect(rounds).toBeGreaterThan(1)
    expect(order).toEqual(Array.from({ length: rounds }, () => ['kept', 'trained']).flat())
    // What is over is over: the model goes on as it was.
    expect(parameters).toEqual(copy)
    expect(peer.budget.spent).toMatchObject({ isOver: true })
    expect(peer.budget.spent.epsilon).toBeLessThanOrEqual(6)
  })

  it.each<[string, Options]>([
    [
      'training',
      {
        train: parameters => {
          parameters.fill(7)
          return Promise.reject(new Error('stopped'))
        },
      },
    ],
    [
      'noise',
      {
        own: () => () => {
          throw new Error('stopped')
        },
      },
    ],
  ])('leaves what was before in what is shared where %s throws', async (_, options) => {
    const [{ learner }] = peersWith(options) as [ReturnType<typeof peersWith>[0]]
    const parameters = new Float32Array(length).fill(3)
    const part = { start: 1000, end: length }
    await expect(learner.train(parameters, 0, plan, { part })).rejects.toThrow('stopped')
    expect(new Set(parameters.subarray(1000))).toEqual(new Set([3]))
  })

  it('releases nothing that it could not charge', async () => {
    const keep = (): Promise<never> => Promise.reject(new Error('disk is full'))
    const [peer] = peersWith({ keep }) as [ReturnType<typeof peersWith>[0]]
    const parameters = new Float32Array(length)
    await expect(peer.learner.train(parameters, 0, plan, { part: { start: 0, end: length } })).rejects.toThrow(
      'disk is full',
    )
    expect(new Set(parameters)).toEqual(new Set([0]))
  })
})
