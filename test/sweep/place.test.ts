import { expect, it } from 'vitest'
import { type JsonSchema, wordsOf } from '../../src/json-schema.js'
import { manifestJsonSchema } from '../../src/node/index.js'
import { mainFields, placed } from '../../src/sweep/place.js'

it('fields are put in their places, whole sections before what is in them', () => {
  const base = { data: 'digits', training: { epochs: 2 }, topology: 'ring' }
  const manifest = placed(base, [
    ['merge.rho', 0.1],
    ['merge', { method: 'dfedsam' }],
    ['training.batch', 16],
    ['topology', { kind: 'grid', rows: 2 }],
    ['data.label', 'outcome'],
  ])
  expect(manifest).toEqual({
    data: { set: 'digits', label: 'outcome' },
    training: { epochs: 2, batch: 16 },
    topology: { kind: 'grid', rows: 2 },
    merge: { method: 'dfedsam', rho: 0.1 },
  })
  expect(base).toEqual({ data: 'digits', training: { epochs: 2 }, topology: 'ring' })
})

it('a field of the method that is not written is one of the usual method', () => {
  expect(placed({}, [['merge.rho', 0.1]])).toEqual({ merge: { method: 'dfedsam', rho: 0.1 } })
  expect(placed({ merge: 'dfedavgm' }, [['merge.momentum', 0.5]])).toEqual({
    merge: { method: 'dfedavgm', momentum: 0.5 },
  })
})

it('a field of encoding or exchange goes beside what is written, if anything is', () => {
  expect(placed({ encoding: 'topk' }, [['encoding.keep', 0.1]])).toEqual({ encoding: { codec: 'topk', keep: 0.1 } })
  expect(placed({}, [['exchange.rounds', 5]])).toEqual({ exchange: { rounds: 5 } })
})

it('names that every object has are fields like others', () => {
  const manifest = placed({}, [['constructor.prototype.marked', 1]])
  expect(Object.hasOwn(manifest, 'constructor')).toBe(true)
  expect(({} as { marked?: number }).marked).toBeUndefined()
})

it('knows every section that may be one word', () => {
  const { properties = {} } = manifestJsonSchema()
  const isOneWord = (section: JsonSchema): boolean =>
    section.anyOf !== undefined &&
    (section.oneOf !== undefined || wordsOf(section).length > 0 || section.anyOf.some(({ type }) => type === 'string'))
  const named = Object.keys(properties).filter(name => isOneWord(properties[name]!))
  expect(named.sort()).toEqual(Object.keys(mainFields).sort())
})
