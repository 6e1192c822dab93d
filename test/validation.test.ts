import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { HearsayError } from '../src/errors.js'
import { validate } from '../src/validation.js'

const schema = z.strictObject({
  rounds: z.int().min(1).max(100).default(10),
  kind: z.enum(['ring', 'full']).default('ring'),
  graph: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('ring') }),
      z.strictObject({ kind: z.literal('full') }),
    ])
    .optional(),
  rate: z.number().positive().optional(),
  weights: z.union([z.enum(['equal', 'none']), z.array(z.number()).min(2)]).optional(),
  shape: z
    .union([z.strictObject({ sides: z.strictObject({ rows: z.int() }) }), z.strictObject({ path: z.string() })])
    .optional(),
  seeds: z.union([z.int().max(10), z.array(z.int()).min(1)]).optional(),
  values: z
    .union([z.array(z.int()), z.strictObject({ from: z.int(), to: z.int().optional() })], {
      error: 'must be a list, or a range',
    })
    .optional(),
  names: z.array(z.string().min(2)).max(2).optional(),
})

const check = (value: unknown): unknown => validate(schema, value, 'run.yaml', 'MANIFEST')

describe('a document', () => {
  it('that is right comes back with its defaults', () => {
    expect(check({ rounds: 3 })).toEqual({ rounds: 3, kind: 'ring' })
  })

  it.each<[string, unknown, string]>([
    ['an unknown field', { colour: 3 }, 'unknown field "colour"; remove it or check its spelling'],
    ['a misspelt field', { round: 3 }, 'unknown field "round"; did you mean "rounds"?'],
    ['a field of a section outside of it', { path: 'a' }, 'unknown field "path"; did you mean "shape.path"?'],
    [
      'a kind that is misspelt',
      { graph: { kind: 'rign' } },
      'graph.kind: "rign" is not allowed; must be one of ring, full; did you mean "ring"?',
    ],
    ['no kind', { graph: {} }, 'graph.kind: is missing; must be one of ring, full'],
    ['two unknown fields', { a: 1, b: 2 }, 'unknown field "a", "b"; remove it or check its spelling'],
    ['an unknown field of two lines', { 'a\nb': 1 }, 'unknown field "a\\nb"; remove it or check its spelling'],
    [
      'a word that is not allowed',
      { kind: 'rign' },
      'kind: "rign" is not allowed; must be one of ring, full; did you mean "ring"?',
    ],
    ['too little', { rounds: 0 }, 'rounds: must be at least 1'],
    ['too much', { rounds: 101 }, 'rounds: must be at most 100'],
    ['nothing above zero', { rate: 0 }, 'rate: must be more than 0'],
    ['another type', { rate: 'fast' }, 'rate: must be a number'],
    ['an entry too many', { names: ['ab', 'cd', 'ef'] }, 'names: must be at most 2 entries'],
    ['a short text', { names: ['ab', 'c'] }, 'names.1: must be at least 2 characters'],
    ['no document', 3, 'must be a mapping'],
    [
      'none of two kinds of values',
      { weights: 'some' },
      'weights: "some" is not allowed; must be one of equal, none, or a list; did you mean "none"?',
    ],
    ['none of two kinds of values, of which neither is a word', { seeds: 'many' }, 'seeds: must be a number or a list'],
    ['a value of one of two kinds, too large', { seeds: 11 }, 'seeds: must be at most 10'],
    ['an empty list, where something else may stand', { seeds: [] }, 'seeds: must be at least 1 entry'],
    ['a value of none of the kinds that a schema names', { values: 3 }, 'values: must be a list, or a range'],
    [
      'an unknown field of one of the kinds that a schema names',
      { values: { from: 3, too: 4 } },
      'values: unknown field "too"; did you mean "to"?',
    ],
    [
      'the branch of a choice that came furthest',
      { shape: { sides: {} } },
      'shape.sides.rows: is missing; expected number',
    ],
  ])('with %s is refused', (_, value, message) => {
    expect(() => check(value)).toThrow(HearsayError)
    expect(() => check(value)).toThrow(expect.objectContaining({ code: 'MANIFEST', message: `run.yaml: ${message}` }))
  })

  it('is told the place of what is wrong', () => {
    const asked: PropertyKey[][] = []
    const locate = (path: PropertyKey[]): string => {
      asked.push(path)
      return '7:3'
    }
    const refuse = (value: unknown) => () => validate(schema, value, 'run.yaml', 'TOPOLOGY', locate)
    expect(refuse({ names: ['ab', 'c'] })).toThrow('run.yaml:7:3: names.1: ')
    // The field itself and not the section that it should not be in.
    expect(refuse({ shape: { sides: { rows: 1, column: 2 } } })).toThrow('run.yaml:7:3: shape.sides: unknown')
    expect(asked).toEqual([
      ['names', 1],
      ['shape', 'sides', 'column'],
    ])
  })
})

it('a missing value of several kinds is told with all of them', () => {
  const needed = z.strictObject({ peers: z.union([z.int(), z.array(z.string()), z.record(z.string(), z.int())]) })
  expect(() => validate(needed, {}, 'run.yaml', 'MANIFEST')).toThrow(
    /^run\.yaml: peers: is missing; expected number or list or mapping$/,
  )
})

it('does not show a list that stands where a word must, however deep it is', () => {
  let deep: unknown = 'ring'
  for (let i = 0; i < 20_000; i++) deep = [deep]
  const mode = z.strictObject({ mode: z.enum(['sync', 'async']) })
  expect(() => validate(mode, { mode: deep }, 'run.yaml', 'MANIFEST')).toThrow(/^run\.yaml: mode: must be one of sync/)
})
