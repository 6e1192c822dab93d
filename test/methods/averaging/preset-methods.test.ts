import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../../src/errors.js'
import { presetNames } from '../../../src/methods/averaging/presets.js'
import { methodOf, type SectionInput, sectionSchema } from '../../../src/methods/index.js'
import { validate } from '../../../src/validation.js'

const facts = {
  training: { batch: 32, learningRate: 0.05, decay: 1, weightDecay: 0, adaptive: false },
  mode: 'sync',
  exchange: { when: 'every', rounds: 1, pairs: false, final: false },
  isOfValues: false,
  isPrivate: false,
  isOfContribution: false,
  isMasked: false,
} as const

function settled(input: SectionInput): object {
  const section = validate(sectionSchema(), input, 'run.yaml', 'MANIFEST')
  return methodOf(section).settle(section, facts)
}

describe('methods', () => {
  it('settle what ALGORITHMS.md 4.1 says', () => {
    const table = Object.fromEntries(presetNames.map(name => [name, settled(name)]))
    const plain = { gossipSteps: 1, acceleration: 'plain', rho: 0, momentum: 0 }
    expect(table).toEqual({
      none: { method: 'none', rho: 0, momentum: 0 },
      dpsgd: { method: 'dpsgd', ...plain },
      dfedavg: { method: 'dfedavg', ...plain },
      dfedavgm: { method: 'dfedavgm', ...plain, momentum: 0.9 },
      dfedsam: { method: 'dfedsam', ...plain, rho: 0.05 },
      'dfedsam-mgs': { method: 'dfedsam-mgs', ...plain, rho: 0.05, gossipSteps: 4 },
      averaging: { method: 'averaging', ...plain },
    })
  })

  it('settle to what settles to itself', () => {
    for (const name of presetNames) expect(settled(settled(name) as SectionInput)).toEqual(settled(name))
  })

  it('P2 dfedsam-mgs with one gossip step is what dfedsam is', () => {
    expect({ ...settled({ method: 'dfedsam-mgs', gossipSteps: 1 }), method: 'dfedsam' }).toEqual(settled('dfedsam'))
  })

  it('P3 dfedsam with a radius of 0 is what dfedavg is, and dfedavgm without momentum too', () => {
    expect({ ...settled({ method: 'dfedsam', rho: 0 }), method: 'dfedavg' }).toEqual(settled('dfedavg'))
    expect({ ...settled({ method: 'dfedavgm', momentum: 0 }), method: 'dfedavg' }).toEqual(settled('dfedavg'))
  })

  it('every preset is a point of averaging', () => {
    for (const name of presetNames) {
      if (name === 'none') continue
      expect({ ...settled({ ...settled(name), method: 'averaging' }), method: name }).toEqual(settled(name))
    }
  })

  it('take the numbers of the manifest where they have them', () => {
    const set = { gossipSteps: 2, acceleration: 'chebyshev', rho: 0.01, momentum: 0.9 }
    expect(settled({ method: 'dfedsam-mgs', ...set })).toEqual({ method: 'dfedsam-mgs', ...set })
    expect(settled({ method: 'none', momentum: 0.9, rho: 0.05 })).toMatchObject({ rho: 0.05, momentum: 0.9 })
  })

  it('let what changes nothing stand', () => {
    const same = { method: 'dfedavg', rho: 0, momentum: 0, gossipSteps: 1, acceleration: 'plain' }
    expect(settled(same)).toEqual(settled('dfedavg'))
  })

  const mistakes: [what: string, section: unknown, message: RegExp][] = [
    [
      'a misspelt method',
      'dfedsm',
      /^run\.yaml: method: .*one of none, dpsgd, dfedavg, dfedavgm, dfedsam, dfedsam-mgs, averaging, .*; did you mean "dfedsam"\?$/,
    ],
    ['no method', {}, /method: /],
    ['an unknown field', { method: 'dfedsam', radius: 1 }, /unknown field "radius"/],
    [
      'a radius without SAM',
      { method: 'dfedavg', rho: 0.05 },
      /^run\.yaml: rho: 0\.05 does not go with method dfedavg; .*: none, dfedsam, dfedsam-mgs, averaging$/,
    ],
    [
      'momentum without it',
      { method: 'dfedavg', momentum: 0.9 },
      /momentum: 0\.9 does not go with method dfedavg; .*dfedavgm/,
    ],
    ['momentum in one step', { method: 'dpsgd', momentum: 0.9 }, /momentum: 0\.9 does not go with method dpsgd/],
    [
      'steps without MGS',
      { method: 'dfedsam', gossipSteps: 4 },
      /gossipSteps: 4 does not go with method dfedsam; .*: dfedsam-mgs, averaging$/,
    ],
    ['steps when alone', { method: 'none', gossipSteps: 1 }, /gossipSteps: 1 does not go with method none/],
    [
      'acceleration of one step',
      { method: 'dfedsam', acceleration: 'chebyshev' },
      /acceleration: chebyshev does not go with method dfedsam; .*dfedsam-mgs, averaging$/,
    ],
    ['no steps', { method: 'dfedsam-mgs', gossipSteps: 0 }, /gossipSteps: must be at least 1/],
    ['too many steps', { method: 'dfedsam-mgs', gossipSteps: 65 }, /gossipSteps: must be at most 64/],
    ['a negative radius', { method: 'dfedsam', rho: -1 }, /rho: must be at least 0/],
    ['a huge radius', { method: 'dfedsam', rho: 11 }, /rho: must be at most 10/],
    ['momentum that never ends', { method: 'dfedavgm', momentum: 1 }, /momentum: must be less than 1/],
  ]

  it.each(mistakes)('%s is answered with one line', (_, section, message) => {
    let error: unknown
    try {
      settled(section as SectionInput)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(HearsayError)
    expect(error).toMatchObject({ code: 'MANIFEST', message: expect.stringMatching(message) })
    expect((error as Error).message).not.toContain('\n')
  })
})
