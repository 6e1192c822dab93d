import { describe, expect, it } from 'vitest'
import {
  localShare,
  type MixtureInput,
  mixtureProblems,
  mixtureSchema,
  resolveMixture,
} from '../../src/mixture/spec.js'
import { validate } from '../../src/validation.js'

const settled = (section: MixtureInput) => resolveMixture(validate(mixtureSchema, section, 'run.yaml', 'MANIFEST'))

describe('merge: { method: mixture }', () => {
  it('has a default for everything', () => {
    expect(settled({ method: 'mixture' })).toEqual({
      task: 'classes',
      schedule: 'alternate',
      attention: 32,
      projection: undefined,
      epochs: 1,
      learningRate: 0.05,
      momentum: 0.9,
      clip: 1,
      tokens: 'probabilities',
      normalise: true,
      trainHead: false,
      warmUp: 0,
      topExperts: Number.POSITIVE_INFINITY,
      gate: 'attention',
      transform: true,
    })
  })

  it('takes what the manifest says', () => {
    const said = { projection: 16, epochs: 3, momentum: 0, topExperts: 8, warmUp: 2, trainHead: true } as const
    expect(settled({ method: 'mixture', ...said })).toMatchObject(said)
  })

  it('has logits where there are no classes', () => {
    const of = (section: MixtureInput) => resolveMixture(mixtureSchema.parse(section), 'values')
    expect(of({ method: 'mixture' }).tokens).toBe('logits')
    expect(mixtureProblems(mixtureSchema.parse({ method: 'mixture', tokens: 'probabilities' }), 'values')).toEqual([
      { field: 'tokens', message: 'probabilities are of classes, and this run predicts values; use logits' },
    ])
  })

  it('varies images of classes only', () => {
    expect(settled({ method: 'mixture', augment: { crop: 2 } }).augment).toEqual({ crop: 2, flip: false })
    const section = mixtureSchema.parse({ method: 'mixture', augment: { crop: 2 } })
    expect(mixtureProblems(section, 'classes')).toEqual([])
    expect(mixtureProblems(section, 'values')).toEqual([
      { field: 'augment', message: 'varies images of classes, and this run predicts values; remove it' },
    ])
  })

  const mistakes: [what: string, section: unknown, message: string][] = [
    [
      'attention beside the mean',
      { method: 'mixture', gate: 'mean', attention: 8 },
      'run.yaml: attention: does nothing beside gate: mean; remove one of the two',
    ],
    [
      'normalising for the mean',
      { method: 'mixture', gate: 'mean', normalise: false },
      'run.yaml: normalise: does nothing beside gate: mean; remove one of the two',
    ],
    [
      'projection without transforms',
      { method: 'mixture', transform: false, projection: 8 },
      'run.yaml: projection: does nothing beside transform: false; remove one of the two',
    ],
    [
      'varied images of the joint schedule',
      { method: 'mixture', schedule: 'joint', augment: { crop: 2 } },
      'run.yaml: augment: does nothing beside schedule: joint; remove one of the two',
    ],
    [
      'epochs of the joint schedule',
      { method: 'mixture', schedule: 'joint', epochs: 2 },
      'run.yaml: epochs: does nothing beside schedule: joint; remove one of the two',
    ],
    ['no experts', { method: 'mixture', topExperts: 0 }, 'run.yaml: topExperts: must be at least 1'],
    [
      'another schedule',
      { method: 'mixture', schedule: 'both' },
      'run.yaml: schedule: "both" is not allowed; must be one of alternate, joint',
    ],
  ]
  it.each(mistakes)('refuses %s', (_, section, message) => {
    expect(() => validate(mixtureSchema, section, 'run.yaml', 'MANIFEST')).toThrow(message)
  })
})

describe('the local share of the joint schedule', () => {
  it('falls quadratically from 1, and not to 0 before the end', () => {
    const shares = [0, 1, 2, 3, 4].map(round => localShare({ warmUp: 1 }, round, 5))
    expect(shares).toEqual([1, 1, 1 - 1 / 16, 1 - 1 / 4, 1 - 9 / 16])
    expect(localShare({ warmUp: 9 }, 4, 5)).toBe(1)
  })
})
