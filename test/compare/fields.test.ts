import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differingFields, fieldsOf, labelOf, namingFields, textOf } from '../../src/compare/fields.js'

describe('the names of variants', () => {
  const named = (...manifests: object[]): string[] => {
    const all = manifests.map(fieldsOf)
    const paths = namingFields(all, differingFields(all))
    return all.map(fields => labelOf(fields, paths))
  }

  it('leave out what follows from another field, and begin with what names a choice', () => {
    expect(
      named(
        { training: { epochs: 1 }, merge: { method: 'dfedsam', rho: 0.05 }, rounds: 3 },
        { training: { epochs: 1 }, merge: { method: 'dfedsam', rho: 0.1 }, rounds: 3 },
        { training: { steps: 1 }, merge: { method: 'dpsgd', rho: 0 }, rounds: 3 },
      ),
    ).toEqual([
      'merge.method: dfedsam, merge.rho: 0.05',
      'merge.method: dfedsam, merge.rho: 0.1',
      'merge.method: dpsgd, merge.rho: 0',
    ])
    expect(named({ models: ['mlp'], rounds: 1 }, { rounds: 1 })).toEqual(['models: ["mlp"]', 'without models'])
  })

  it('tell a text from a number, and are harmless', () => {
    expect(named({ label: '1' }, { label: 1 })).toEqual(['label: 1', 'label: 1'])
    expect(textOf(fieldsOf({ set: 'a\u001b[2J\u202eb' }), 'set')).toBe('a\\x1b[2J\\u202eb')
    expect(textOf(fieldsOf({ columns: Array.from({ length: 100 }, () => 'age') }), 'columns')).toHaveLength(60)
  })

  it('tell all apart that differ, whatever the fields', () => {
    const value = fc.oneof(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 2 }), fc.boolean())
    const manifest = fc.dictionary(
      fc.constantFrom('method', 'kind', 'x', 'y'),
      fc.oneof(value, fc.dictionary(fc.constantFrom('kind', 'z'), value)),
    )
    fc.assert(
      fc.property(fc.array(manifest, { minLength: 1, maxLength: 6 }), manifests => {
        const all = manifests.map(fieldsOf)
        const key = (paths: readonly string[]) => (fields: ReadonlyMap<string, string>) =>
          JSON.stringify(paths.map(path => fields.get(path) ?? null))
        const paths = differingFields(all)
        const taken = namingFields(all, paths)
        expect(new Set(all.map(key(taken))).size).toBe(new Set(all.map(key(paths))).size)
        expect(paths).toEqual(expect.arrayContaining(taken))
      }),
    )
  })
})
