import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import { type Merge, mergeMethods, mergeSchema, resolveMerge } from '../../src/merge/index.js'
import { validate } from '../../src/validation.js'

type Section = Parameters<(typeof mergeSchema)['parse']>[0]

function resolved(section: Section): Merge {
  return resolveMerge(validate(mergeSchema, section, 'run.yaml', 'MANIFEST'))
}

describe('methods', () => {
  it('set what ALGORITHMS.md 4.1 says', () => {
    const table = Object.fromEntries(mergeMethods.map(method => [method, resolved(method)]))
    const plain = { gossipSteps: 1, chebyshev: false }
    expect(table).toEqual({
      none: { method: 'none', gossipSteps: 0, chebyshev: false, local: { rho: 0, momentum: 0, oneStep: false } },
      dpsgd: { method: 'dpsgd', ...plain, local: { rho: 0, momentum: 0, oneStep: true } },
      dfedavg: { method: 'dfedavg', ...plain, local: { rho: 0, momentum: 0, oneStep: false } },
      dfedavgm: { method: 'dfedavgm', ...plain, local: { rho: 0, momentum: 0.9, oneStep: false } },
      dfedsam: { method: 'dfedsam', ...plain, local: { rho: 0.05, momentum: 0, oneStep: false } },
      'dfedsam-mgs': {
        method: 'dfedsam-mgs',
        gossipSteps: 4,
        chebyshev: false,
        local: { rho: 0.05, momentum: 0, oneStep: false },
      },
    })
  })

  it('P2 dfedsam-mgs with one gossip step asks for what dfedsam does', () => {
    expect({ ...resolved({ method: 'dfedsam-mgs', gossipSteps: 1 }), method: 'dfedsam' }).toEqual(resolved('dfedsam'))
  })

  it('P3 dfedsam with a radius of 0 asks for what dfedavg does, and dfedavgm without momentum too', () => {
    expect({ ...resolved({ method: 'dfedsam', rho: 0 }), method: 'dfedavg' }).toEqual(resolved('dfedavg'))
    expect({ ...resolved({ method: 'dfedavgm', momentum: 0 }), method: 'dfedavg' }).toEqual(resolved('dfedavg'))
  })

  it('take the numbers of the manifest where they have them', () => {
    expect(
      resolved({ method: 'dfedsam-mgs', gossipSteps: 2, acceleration: 'chebyshev', rho: 0.01, momentum: 0.9 }),
    ).toEqual({
      method: 'dfedsam-mgs',
      gossipSteps: 2,
      chebyshev: true,
      local: { rho: 0.01, momentum: 0.9, oneStep: false },
    })
    expect(resolved({ method: 'none', momentum: 0.9, rho: 0.05 })).toMatchObject({
      local: { rho: 0.05, momentum: 0.9 },
    })
  })

  it('let what changes nothing stand', () => {
    const same: Section = { method: 'dfedavg', rho: 0, momentum: 0, gossipSteps: 1, acceleration: 'plain' }
    expect(resolved(same)).toEqual(resolved('dfedavg'))
  })

  const mistakes: [what: string, section: unknown, message: RegExp][] = [
    [
      'a misspelt method',
      'dfedsm',
      /^run\.yaml: method: .*one of none, dpsgd, dfedavg, dfedavgm, dfedsam, dfedsam-mgs; did you mean "dfedsam"\?$/,
    ],
    ['no method', {}, /method: /],
    ['an unknown field', { method: 'dfedsam', radius: 1 }, /unknown field "radius"/],
    [
      'a radius without SAM',
      { method: 'dfedavg', rho: 0.05 },
      /^run\.yaml: rho: 0\.05 does not go with method dfedavg; .*: none, dfedsam, dfedsam-mgs$/,
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
      /gossipSteps: 4 does not go with method dfedsam; .*: dfedsam-mgs$/,
    ],
    ['steps when alone', { method: 'none', gossipSteps: 1 }, /gossipSteps: 1 does not go with method none/],
    [
      'acceleration of one step',
      { method: 'dfedsam', acceleration: 'chebyshev' },
      /acceleration: chebyshev does not go with method dfedsam; .*dfedsam-mgs$/,
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
      resolved(section as Section)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(HearsayError)
    expect(error).toMatchObject({ code: 'MANIFEST', message: expect.stringMatching(message) })
    expect((error as Error).message).not.toContain('\n')
  })
})
