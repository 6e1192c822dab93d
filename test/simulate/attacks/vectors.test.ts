import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contributions, mix } from '../../../src/merge/index.js'
import { random } from '../../../src/random.js'
import type { Known } from '../../../src/simulate/attacks/known.js'
import { normalQuantile } from '../../../src/simulate/attacks/normal.js'
import { alie, alieFactor, minMax, noise } from '../../../src/simulate/attacks/spread.js'
import {
  bitFlip,
  dissensus,
  freeRider,
  innerProduct,
  signFlip,
  twoFaced,
} from '../../../src/simulate/attacks/weighted.js'
import { createTopology, mixingRow, type TopologySpec } from '../../../src/topology/index.js'

const full: TopologySpec = { kind: 'full', weights: 'uniform' }

function knownOf(
  honest: ReadonlyMap<number, readonly number[]>,
  allies: readonly number[],
  spec: TopologySpec = full,
  peers = honest.size + allies.length,
): Known {
  const vectors = new Map([...honest].map(([peer, values]) => [peer, Float32Array.from(values)]))
  const length = [...vectors.values()][0]!.length
  return {
    own: Float32Array.from({ length }, (_, k) => k + 1),
    before: new Float32Array(length).fill(0.5),
    honest: vectors,
    allies: new Set(allies),
    round: 0,
    topology: createTopology(spec, peers, 1),
    random: random(1, 'attack'),
  }
}

/** What the attack hands over. */
async function said(attack: (out: Float32Array) => Promise<void>, length = 2): Promise<number[]> {
  const out = new Float32Array(length)
  await attack(out)
  return [...out]
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(...Array.from(a, (value, k) => value - b[k]!))

const twoOf = new Map([
  [0, [1, 4]],
  [1, [3, 8]],
])

describe('vectors of one attacker alone', () => {
  const known = knownOf(twoOf, [2])

  it('are what training changed, turned round', async () => {
    expect(await said(out => signFlip(out, known, 1))).toEqual([0, -1])
    expect(await said(out => signFlip(out, known, 10))).toEqual([-4.5, -14.5])
    expect(await said(out => bitFlip(out, known, 1))).toEqual([-1, -2])
    expect(await said(out => freeRider(out, known, 1))).toEqual([0.5, 0.5])
  })

  it('with two faces are the own one to even numbers and turned round to odd ones', async () => {
    expect(await said(out => twoFaced(out, known, 1, 0))).toEqual([1, 2])
    expect(await said(out => twoFaced(out, known, 1, 1))).toEqual([0, -1])
  })

  it('of noise have the deviation that is asked for, and are the same of one stream', async () => {
    const draw = (): Promise<number[]> =>
      said(out => noise(out, { ...known, random: random(7, 'attack', 2, 0, 0) }, 3), 20_000)
    const [one, again] = [await draw(), await draw()]
    expect(one).toEqual(again)
    expect(Math.sqrt(one.reduce((sum, x) => sum + x * x, 0) / one.length)).toBeCloseTo(3, 1)
  })
})

describe('vectors that look at the honest ones', () => {
  it('inner product manipulation is their mean times −ε', async () => {
    expect(await said(out => innerProduct(out, knownOf(twoOf, [2]), 1))).toEqual([-2, -6])
    expect(await said(out => innerProduct(out, knownOf(twoOf, [2]), 0.5))).toEqual([-1, -3])
  })

  it('ALIE is their mean less ζ deviations', async () => {
    expect(await said(out => alie(out, knownOf(twoOf, [2]), 1.5))).toEqual([0.5, 3])
  })

  it('min-max is as far from the furthest as these are from each other, and no further (paper: by bisection)', async () => {
    const vector = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 3, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(fc.array(vector, { minLength: 2, maxLength: 9 }), async vectors => {
        const known = knownOf(new Map(vectors.map((values, peer) => [peer, values])), [vectors.length])
        const honest = [...known.honest.values()]
        const most = Math.max(...honest.map(a => Math.max(...honest.map(b => distance(a, b)))))
        fc.pre(most > 1e-3)
        const furthest = (values: ArrayLike<number>): number => Math.max(...honest.map(one => distance(values, one)))
        const found = await said(out => minMax(out, known, 0), 3)
        expect(furthest(found)).toBeLessThanOrEqual(most * (1 + 1e-5) + 1e-5)
        expect(furthest(found)).toBeCloseTo(most, 3)
        let [low, high] = [0, 1e4]
        while (high - low > 1e-5 / 2) {
          const middle = (low + high) / 2
          if (furthest(await said(out => alie(out, known, middle), 3)) <= most) low = middle
          else high = middle
        }
        expect(distance(found, await said(out => alie(out, known, low), 3))).toBeLessThan(1e-3)
      }),
      { numRuns: 50 },
    )
  })

  it('min-max is of any number of honest peers', async () => {
    const crowd = new Map(Array.from({ length: 600 }, (_, peer) => [peer, [peer % 2]] as const))
    const known = { ...knownOf(twoOf, [2]), honest: knownOf(crowd, [], full, 3).honest }
    // Half of them at 0, half at 1: mean and deviation are both a half, and no more than 1 away from all is 0 alone.
    expect(await said(out => minMax(out, known, 0), 1)).toEqual([0])
  })
})

describe('dissensus', () => {
  it('is what ALGORITHMS-2.md 2 works out', async () => {
    const known = knownOf(
      new Map([
        [0, [0, 0]],
        [1, [1, 0]],
        [2, [0, 2]],
      ]),
      [3],
    )
    expect(await said(out => dissensus(out, known, 1.5, 0))).toEqual([-1.5, -3])
  })

  it('P34: with ε = 1 plain gossip leaves its target where it was, on any graph with any weights', async () => {
    const specs: TopologySpec[] = [
      full,
      { kind: 'ring', weights: 'uniform' },
      { kind: 'star', weights: 'metropolis-hastings' },
      { kind: 'erdos-renyi', probability: 0.6, weights: 'metropolis-hastings' },
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...specs),
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 16, maxLength: 16 }),
        fc.subarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1, maxLength: 7 }),
        async (spec, values, hostile) => {
          const all = [0, 1, 2, 3, 4, 5, 6, 7]
          const honest = new Map(
            all.filter(peer => !hostile.includes(peer)).map(peer => [peer, values.slice(2 * peer, 2 * peer + 2)]),
          )
          const known = knownOf(honest, hostile, spec, 8)
          const graph = known.topology.graphAt(0)
          for (const [target, own] of known.honest) {
            const received = new Map<number, Float32Array>()
            const neighbours = graph.receivesFrom(target)
            for (const peer of neighbours) {
              const vector = known.honest.get(peer) ?? new Float32Array(2)
              if (hostile.includes(peer)) await dissensus(vector, known, 1, target)
              received.set(peer, vector)
            }
            if (!neighbours.some(peer => hostile.includes(peer))) continue
            const merged = new Float32Array(2)
            mix(merged, contributions(mixingRow(graph, known.topology.weights, target), target, own, received))
            expect(distance(merged, own)).toBeLessThan(1e-4)
          }
        },
      ),
    )
  })

  it('hands an ally the own vector', async () => {
    expect(await said(out => dissensus(out, knownOf(twoOf, [2, 3]), 1.5, 3))).toEqual([1, 2])
  })
})

describe('Φ⁻¹', () => {
  it.each([
    [0.5, 0],
    [0.6, 0.2533471031357997],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [0.25, -0.6744897501960817],
    [0.99999, 4.264890793922825],
  ])('of %d', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 9)
  })
})

describe('ALIE’s ζ', () => {
  it('is that of the paper: 50 peers of whom 24 attack need two more for a majority', () => {
    // n = 50, b = 24: h = 26 − 24 = 2, Φ⁻¹(24 / 26).
    expect(alieFactor(50, 24)).toBeCloseTo(1.4261, 4)
    expect(alieFactor(16, 4)).toBeCloseTo(0.2104, 4)
    expect(alieFactor(16, 2)).toBe(0)
    expect(alieFactor(16, 1)).toBe(0)
    expect(alieFactor(2, 1)).toBe(0)
    expect(alieFactor(4, 3)).toBe(Number.POSITIVE_INFINITY)
  })
})
