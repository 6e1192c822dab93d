import { describe, expect, it } from 'vitest'
import { ruleNames } from '../../src/merge/index.js'
import { checkTopology } from '../../src/methods/index.js'
import { canonicalManifest, type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createTopology, crowdOf, topologySchema } from '../../src/topology/index.js'

describe('encoding', () => {
  it('is none that leaves out numbers which nothing sends later', () => {
    for (const encoding of ['topk', 'topk2bit', 'randk', 'sign']) {
      expect(() => parseManifest({ encoding })).toThrow(
        `encoding: ${encoding} leaves out numbers that nothing sends later: a model that arrives so is none; add memory: choco, or use qsgd, int8 or bf16`,
      )
    }
    expect(parseManifest({ encoding: 'qsgd' }).encoding).toEqual({ codec: 'qsgd', levels: 15 })
  })

  it('is slim only of what neighbours are handed in f32, without masks', () => {
    const encoding = { codec: 'f32', slim: true }
    expect(parseManifest({ encoding }).encoding).toEqual(encoding)
    expect(() => parseManifest({ encoding, merge: 'mixture' })).toThrow(
      'encoding: slim does not go with merge: mixture, which hands no heads to neighbours; remove it',
    )
    expect(() => parseManifest({ encoding, merge: 'dfedavg', masks: {} })).toThrow('encoding: does not go with masks')
    expect(() => parseManifest({ encoding: { codec: 'bf16', slim: true } })).toThrow('slim')
  })
})

describe('believe', () => {
  it('is settled with every number of its rule, and nothing where it is left out', () => {
    expect(parseManifest({ believe: 'clip' }).believe).toEqual({ rule: 'clip', tau: 'auto', tolerate: 1 })
    expect(parseManifest({ believe: 'balance' }).believe).toEqual({ rule: 'balance', gamma: 1, kappa: 1, alpha: 0.5 })
    expect(parseManifest({ believe: 'multi-krum' }).believe).toEqual({ rule: 'multi-krum', k: 'auto', tolerate: 1 })
    for (const believe of ruleNames) {
      const once = parseManifest({ believe })
      expect(parseManifest(once)).toEqual(once)
    }
    expect(new TextDecoder().decode(canonicalManifest(parseManifest({})))).not.toContain('believe')
  })

  it.each<[string, ManifestInput, string]>([
    [
      'a mixture',
      { merge: 'mixture' },
      'believe: does not go with merge: mixture, which averages no heads, and bounds each expert by limits.headDistance; remove it',
    ],
    [
      'acceleration',
      { merge: { method: 'dfedsam-mgs', acceleration: 'chebyshev' } },
      'believe: does not go with merge.acceleration: chebyshev',
    ],
    ['no exchange', { merge: 'none' }, 'believe: does nothing with merge: none'],
  ])('does not go with %s', (_, input, message) => {
    expect(() => parseManifest({ ...input, believe: 'clip' })).toThrow(message)
  })

  it('goes with the age of heads where it keeps their weights, as clip alone does', () => {
    const input = { mode: 'async', staleness: { limit: 3 } } as const
    expect(parseManifest({ ...input, believe: 'clip' }).staleness).toEqual(expect.objectContaining({ limit: 3 }))
    for (const believe of ruleNames.filter(rule => rule !== 'clip')) {
      expect(() => parseManifest({ ...input, believe })).toThrow(
        `staleness: does not go with believe: ${believe}, which gives weights of its own, by no age; remove it, or use believe: clip`,
      )
      const once = parseManifest({ mode: 'async', believe })
      expect(once.staleness).toBeUndefined()
      expect(parseManifest(once)).toEqual(once)
    }
  })

  it('judges by loss no vector that has none', () => {
    const message =
      'believe: ubar judges models by their loss, and what the method hands over beside them has none (control)'
    expect(() => parseManifest({ merge: 'scaffold', believe: 'ubar' })).toThrow(message)
    expect(parseManifest({ merge: 'scaffold', believe: 'clip' }).believe).toBeDefined()
  })

  it.each([
    [{ rule: 'krum' }, 'multi-krum'],
    [{ rule: 'clip', tau: -1 }, 'believe.tau'],
    [{ rule: 'clip', rho: 0.5 }, 'rho'],
    [{ rule: 'centred-clip', iterations: 4 }, 'believe.iterations: must be at most 3'],
    [{ rule: 'ubar', rho: 0 }, 'believe.rho: must be more than 0'],
    [{ rule: 'balance', kappa: 101 }, 'believe.kappa: must be at most 100'],
    [{ rule: 'median', tolerate: 1025 }, 'believe.tolerate: must be at most 1024'],
    [{ rule: 'multi-krum', k: 1025 }, 'believe.k: must be at most 1024'],
  ])('%j is refused', (believe, message) => {
    expect(() => parseManifest({ believe })).toThrow(message)
  })
})

describe('the neighbours that a rule needs', () => {
  const check = (believe: string | { rule: string }, kind: string, peers: number, isOpen = false): void => {
    const manifest = parseManifest({ believe, topology: kind, peers })
    const graph = () => createTopology(manifest.topology, peers, 1)
    checkTopology(manifest, graph, isOpen ? () => crowdOf(manifest.topology, 1) : undefined)
  }

  it('are told with the graph’s own numbers and the remedy', () => {
    expect(() => check({ rule: 'trimmed-mean', tolerate: 2 } as never, 'ring', 8)).toThrow(
      'believe: trimmed-mean needs 4 neighbours at every peer against 2 that may lie (tolerate); on topology ring peer 0 hears 2: use a topology with more neighbours, a smaller tolerate, or believe: clip, which goes with any',
    )
    expect(() => check('multi-krum', 'grid', 9)).toThrow('multi-krum needs 4 neighbours at every peer against 1')
    expect(() => check('ubar', 'line', 4)).toThrow(
      'ubar needs 2 neighbours at every peer; on topology line peer 0 hears 1',
    )
    expect(() => check('median', 'one-peer-exponential', 8)).toThrow('hears 1')
  })

  it('are there', () => {
    check('trimmed-mean', 'ring', 8)
    check('multi-krum', 'full', 5)
    for (const rule of ['clip', 'balance', 'centred-clip']) check(rule, 'one-peer-exponential', 8)
  })

  it('in the field are those that peers will have, however many come', () => {
    check('multi-krum', 'full', 2, true)
    check('multi-krum', 'erdos-renyi', 2, true)
    expect(() => check('multi-krum', 'ring', 2, true)).toThrow('on topology ring peer 0 hears 2')
  })
})

it('the graph of many peers is there for every kind whose degrees are no matter of chance', () => {
  const degreeIn = (spec: Parameters<typeof topologySchema.parse>[0]): number | undefined =>
    crowdOf(topologySchema.parse(spec), 1)?.graphAt(0).receivesFrom(1).length
  expect(degreeIn({ kind: 'random-regular', degree: 100 })).toBe(100)
  expect(degreeIn({ kind: 'torus', rows: 7 })).toBe(4)
  expect(
    degreeIn({
      kind: 'edges',
      edges: [
        [0, 1],
        [1, 2],
      ],
    }),
  ).toBe(2)
  expect(degreeIn('watts-strogatz')).toBeUndefined()
})
