import { describe, expect, it } from 'vitest'
import { checkFirstSums, checkTopology } from '../../src/methods/index.js'
import { canonicalManifest, type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createTopology, crowdOf } from '../../src/topology/index.js'

const topology = { kind: 'random-regular', degree: 4 }

describe('masks', () => {
  it('are settled with every field, and nothing where they are left out', () => {
    const settled = { dropout: 'void', allowPairs: false }
    expect(parseManifest({ masks: true }).masks).toEqual(settled)
    expect(parseManifest({ masks: {} }).masks).toEqual(settled)
    const once = parseManifest({ masks: { allowPairs: true } })
    expect(parseManifest(once)).toEqual(once)
    expect(new TextDecoder().decode(canonicalManifest(parseManifest({})))).not.toContain('masks')
  })

  it.each<[unknown, string]>([
    ['yes', 'masks: "yes" is not allowed; must be true, or a mapping'],
    [false, 'masks: false is not allowed; must be true, or a mapping'],
    [{ dropout: 'wait' }, 'masks.dropout: "wait" is not allowed; must be '],
    [{ pairs: true }, 'masks: unknown field "pairs"'],
  ])('%j is refused', (masks, message) => {
    expect(() => parseManifest({ masks })).toThrow(message)
  })

  it.each<[string, ManifestInput, string]>([
    ['a mixture', { merge: 'mixture' }, 'masks: does not go with merge: mixture, which needs heads one by one'],
    [
      'control variates',
      { merge: 'scaffold' },
      'masks: does not go with merge: scaffold, which needs heads one by one',
    ],
    ['no exchange', { merge: 'none' }, 'masks: does nothing with merge: none, which exchanges nothing'],
    ['several exchanges a round', { merge: 'dfedsam-mgs' }, 'masks: needs one exchange a round'],
    ['acceleration', { merge: { method: 'averaging', gossipSteps: 2, acceleration: 'chebyshev' } }, 'masks: needs one'],
    ['peers that do not wait', { mode: 'async' }, 'mode: does not go with masks, where a sum is of one round'],
    ['rules of whom to believe', { believe: 'clip' }, 'believe: does not go with masks, which leave no single head'],
    ['other encodings', { encoding: 'int8' }, 'encoding: does not go with masks, whose numbers travel in fixed point'],
  ])('do not go with %s', (_, input, message) => {
    expect(() => parseManifest({ ...input, masks: true, topology })).toThrow(message)
  })

  it('go with privacy, and with every preset of one exchange', () => {
    const data = { set: 'digits', standardise: { mean: [0.5], std: [0.2] } }
    expect(parseManifest({ masks: true, privacy: { budget: 8 }, data, topology }).masks).toBeDefined()
    for (const merge of [
      'dpsgd',
      'dfedavg',
      'dfedavgm',
      'dfedsam',
      'dp-brem',
      { method: 'dfedsam-mgs', gossipSteps: 1 },
    ]) {
      expect(parseManifest({ masks: true, merge, topology }).masks).toBeDefined()
    }
  })
})

describe('the senders of a sum', () => {
  const check = (masks: true | object, kind: string, peers: number, isOpen = false): void => {
    const manifest = parseManifest({ masks, topology: kind, peers, merge: 'dfedavg' })
    const graph = () => createTopology(manifest.topology, peers, 1)
    checkTopology(manifest, graph, isOpen ? () => crowdOf(manifest.topology, 1) : undefined)
  }

  it.each([
    [true, 'ring', 8],
    [true, 'full', 3],
    [true, 'star', 8],
    [true, 'one-peer-exponential', 8],
    [{ allowPairs: true }, 'line', 8],
  ] as const)('are too few with %j on a %s of %i', (masks, kind, peers) => {
    const least = masks === true ? 3 : 2
    expect(() => check(masks, kind, peers)).toThrow(`masks: every peer must hear ${least} others, so that no sum is`)
  })

  it.each([
    [true, 'full', 4],
    [true, 'torus', 9],
    [true, 'random-regular', 8],
    [{ allowPairs: true }, 'ring', 8],
    [{ allowPairs: true }, 'full', 3],
  ] as const)('suffice with %j on a %s of %i', (masks, kind, peers) => {
    expect(() => check(masks, kind, peers)).not.toThrow()
  })

  it('are those of a crowd where peers come and go', () => {
    expect(() => check(true, 'full', 2, true)).not.toThrow()
    expect(() => check(true, 'ring', 8, true)).toThrow('peer 0 hears 2: use a topology with more neighbours')
  })
})

describe('the peers that a run in the field begins with', () => {
  const check = (masks: true | object | undefined, kind: string, minPeers: number, peers = minPeers): void => {
    const manifest = parseManifest({ ...(masks && { masks }), topology: kind, minPeers, merge: 'dfedavg' })
    checkFirstSums(manifest, minPeers, () => createTopology(manifest.topology, peers, 1))
  }

  it.each([
    [true, 'full', 2, 1, 4],
    [true, 'random-regular', 2, 1, 4],
    [true, 'torus', 4, 2, 5],
    [{ allowPairs: true }, 'full', 2, 1, 3],
  ] as const)('are too few for a sum with %j on a %s where they are %i', (masks, kind, minPeers, hears, remedy) => {
    const least = masks === true ? 3 : 2
    expect(() => check(masks, kind, minPeers)).toThrow(
      `minPeers: with masks a peer must hear ${least} others, and of ${minPeers} that the run begins with each hears ${hears} at most; set minPeers to ${remedy} or more`,
    )
  })

  it('are too few of a federation that is larger', () => {
    expect(() => check(true, 'full', 3, 8)).toThrow('minPeers: with masks a peer must hear 3 others')
  })

  it.each([
    [true, 'full', 4],
    [true, 'torus', 9],
    [{ allowPairs: true }, 'ring', 3],
    [undefined, 'full', 2],
  ] as const)('suffice with %j on a %s where they are %i', (masks, kind, minPeers) => {
    expect(() => check(masks, kind, minPeers)).not.toThrow()
  })
})
