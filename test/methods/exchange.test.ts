import { describe, expect, it } from 'vitest'
import { checkedTopology, type ManifestInput, parseManifest } from '../../src/node/index.js'

const digits = { data: 'digits', rounds: 10, peers: 6 } as const

const sampled = { exchange: 'sampled' } as const
const sampledRefusals: readonly [string, ManifestInput, string][] = [
  ['samples of peers that keep state', { ...sampled, merge: 'scaffold' }, 'sampled does not go with merge: scaffold'],
  ['samples in a mixture', { ...sampled, merge: 'mixture' }, 'sampled does not go with merge: mixture'],
  ['samples of several steps', { ...sampled, merge: 'dfedsam-mgs' }, 'sampled has one exchange a round'],
  ['samples of no round', { ...sampled, mode: 'async' }, 'sampled does not go with mode: async'],
  ['samples by a rule', { ...sampled, believe: 'clip' }, 'sampled does not go with believe'],
  ['samples of whom nobody remembers', { ...sampled, reputation: 'show' }, 'sampled does not go with reputation'],
  ['samples of masks', { ...sampled, masks: true }, 'sampled does not go with masks'],
  [
    'samples with a budget',
    { ...sampled, data: { set: 'digits', standardise: { mean: [0.5], std: [0.2] } }, privacy: { budget: 8 } },
    'sampled does not go with privacy',
  ],
  [
    'samples of copies',
    { ...sampled, encoding: { codec: 'int8', memory: 'choco' } },
    'sampled does not go with encoding.memory',
  ],
  ['samples by pace', { ...sampled, training: { pace: {} } }, 'sampled does not go with training.pace'],
  ['nobody sampled', { exchange: { when: 'sampled', participants: 0 } }, 'exchange.participants: must be at least 1'],
]

describe('the section exchange', () => {
  it.each([
    ['exponential', 'edges that go both ways'],
    ['base-k', 'change from round to round'],
  ])('adaptive is refused on topology %s', (kind, why) => {
    const manifest = parseManifest({ ...digits, topology: kind as 'exponential', exchange: 'adaptive' })
    expect(() => checkedTopology(manifest, 6)).toThrow(why)
  })

  it('is settled, and the same however it is written', () => {
    const plain = { when: 'every', rounds: 1, pairs: false, final: false }
    expect(parseManifest(digits).exchange).toEqual(plain)
    expect(parseManifest({ ...digits, exchange: 'every' }).exchange).toEqual(plain)
    expect(parseManifest({ ...digits, exchange: 'once' }).exchange).toEqual({ when: 'once' })
    expect(parseManifest({ ...digits, exchange: 'adaptive' }).exchange).toEqual({
      when: 'adaptive',
      moved: 2,
      final: false,
    })
    const taken = { when: 'sampled', participants: 10, aggregators: 1, fraction: 1, inactivity: 50 }
    expect(parseManifest({ ...digits, exchange: 'sampled' }).exchange).toEqual(taken)
    expect(parseManifest({ ...digits, peers: 120, exchange: 'sampled' }).exchange).toEqual({
      ...taken,
      inactivity: 120,
    })
    expect(parseManifest({ ...digits, exchange: taken as never }).exchange).toEqual(taken)
    expect(parseManifest({ ...digits, exchange: 'window' }).exchange).toEqual({
      ...plain,
      when: 'window',
      from: 0.9,
      length: 0.05,
      dense: { kind: 'full', weights: 'metropolis-hastings' },
    })
  })

  const refused: readonly [string, ManifestInput, string][] = [
    ['a mixture', { merge: 'mixture', exchange: 'once' }, 'exchange.when: does not go with merge: mixture'],
    ['no exchange', { merge: 'none', exchange: 'once' }, 'exchange: does nothing with merge: none'],
    ['a merge without waiting', { mode: 'async', exchange: 'once' }, 'exchange.when: does not go with mode: async'],
    [
      'drawn heads of any age',
      { mode: 'async', exchange: { when: 'every', partners: 1 } },
      'exchange.partners: does not go with mode: async',
    ],
    [
      'copies of neighbours',
      { encoding: { codec: 'int8', memory: 'choco' }, exchange: { when: 'every', partners: 1 } },
      'exchange.when: does not go with encoding.memory',
    ],
    [
      'sums of one',
      { masks: true, exchange: { when: 'every', partners: 1 } },
      'exchange.partners: does not go with masks',
    ],
    [
      'masks at the end',
      { masks: true, exchange: { when: 'every', final: true } },
      'exchange.final: does not go with masks',
    ],
    [
      'rules that need more',
      { believe: { rule: 'median', tolerate: 1 }, exchange: { when: 'every', partners: 1 } },
      'exchange.partners: does not go with believe: median',
    ],
    [
      'a mean beside a rule',
      { believe: 'clip', exchange: { when: 'every', final: true } },
      'exchange.final: does not go with believe',
    ],
    [
      'a mean beside a rule, by the field that is there',
      { believe: 'clip', exchange: 'once' },
      'exchange.when: does not go with believe',
    ],
    [
      'those who are muted',
      { reputation: 'mute', exchange: 'once' },
      'exchange.when: does not go with reputation: mute',
    ],
    [
      'noise in every round',
      {
        data: { set: 'digits', standardise: { mean: [0.5], std: [0.2] } },
        privacy: { of: 'contribution', budget: 8 },
        exchange: { when: 'every', rounds: 2 },
      },
      'exchange.when: does not go with privacy.of: contribution',
    ],
    [
      'news of no round',
      { mode: 'async', exchange: 'adaptive' },
      'exchange.when: adaptive does not go with mode: async',
    ],
    [
      'sums of those with news',
      { masks: true, exchange: 'adaptive' },
      'exchange.when: adaptive does not go with masks',
    ],
    [
      'rules that need more than have news',
      { believe: { rule: 'median', tolerate: 1 }, topology: 'full', exchange: 'adaptive' },
      'exchange.when: adaptive does not go with believe: median',
    ],
    [
      'news of copies',
      { encoding: { codec: 'int8', memory: 'choco' }, exchange: 'adaptive' },
      'exchange.when: does not go with encoding.memory',
    ],
    ...sampledRefusals,
    ['no threshold', { exchange: { when: 'adaptive', moved: 0 } }, 'exchange.moved: must be more than 0'],
  ]
  it.each(refused)('refuses %s, and says why', (_, input, message) => {
    expect(() => parseManifest({ ...digits, ...input })).toThrow(message)
  })

  const taken: readonly ManifestInput[] = [
    { exchange: { when: 'every', rounds: 5, final: true } },
    { exchange: { when: 'every', rounds: 5 }, masks: true, topology: 'full' },
    { exchange: { when: 'every', partners: 2 }, believe: 'clip' },
    { exchange: { when: 'window', dense: 'exponential' }, reputation: 'show' },
    { exchange: { when: 'every', rounds: 3 }, mode: 'async' },
    { exchange: { when: 'adaptive', moved: 3, final: true } },
    { exchange: { when: 'sampled', aggregators: 2 }, merge: 'dfedsam', encoding: 'qsgd', share: 'head' },
    { exchange: 'adaptive', believe: 'clip', reputation: 'mute' },
  ]
  it.each(taken)('takes %j', input => {
    expect(() => parseManifest({ ...digits, ...input })).not.toThrow()
  })
})
