import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTable, type SchemaColumn, type SiteTask, type Task, uniteTasks } from '../../src/data/index.js'
import { spelledAlike } from '../../src/data/labels.js'
import { HearsayError } from '../../src/errors.js'

const label: SchemaColumn = { name: 'ill', kind: 'label' }
const age: SchemaColumn = { name: 'age', kind: 'number', unit: 'a' }
const site = (source: string, task: Partial<Task> = {}): SiteTask => ({
  source,
  task: { pixels: false, classes: ['no', 'yes'], header: true, columns: [age, colours('red', 'blue'), label], ...task },
})

function colours(...values: string[]): Extract<SchemaColumn, { kind: 'category' }> {
  return { name: 'colour', kind: 'category', values }
}

describe('tasks of several sites', () => {
  it('become one with the categories and classes of all, in the columns of the first', () => {
    const { columns, classes, inputShape } = uniteTasks([
      site('a.yaml', { inputShape: [3] }),
      site('b.yaml', { columns: [label, colours('green', 'blue'), age], classes: ['maybe', 'yes'] }),
    ])
    expect(columns).toEqual([age, colours('blue', 'green', 'red'), label])
    expect(classes).toEqual(['maybe', 'no', 'yes'])
    // Three inputs are four now.
    expect(inputShape).toBeUndefined()
  })

  it('keep the order of one that has all', () => {
    const all = site('b.yaml', { columns: [age, colours('red', 'green', 'blue'), label] })
    for (const sites of [
      [site('a.yaml'), all],
      [all, site('a.yaml')],
    ] as [SiteTask, SiteTask][]) {
      expect(uniteTasks(sites).columns).toEqual(all.task.columns)
    }
  })

  it('say the same whoever comes first, and fit every one of them', () => {
    const values = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(values, values, (a, b) => {
        fc.pre(a.some(value => !b.includes(value)) && b.some(value => !a.includes(value)))
        fc.pre(spelledAlike(new Set([...a, ...b])) === undefined)
        const sites = [a, b].map((list, i) => site(`${i}`, { columns: [age, colours(...list), label] }))
        const [one, other] = sites as [SiteTask, SiteTask]
        const united = uniteTasks([one, other])
        expect(united).toEqual(uniteTasks([other, one]))
        const agreed = { header: true, columns: united.columns! }
        for (const { task } of sites)
          expect(() => checkTable({ header: true, columns: task.columns! }, agreed, 'x')).not.toThrow()
      }),
      {
        examples: [
          [
            ['0', '1'],
            ['00', '1'],
          ],
        ],
      },
    )
  })

  it.each<[string, Partial<Task>, string]>([
    ['lacks a column', { columns: [colours('red'), label] }, 'b.yaml: lacks the column "age"'],
    [
      'has another column',
      { columns: [age, colours('red'), { name: 'id', kind: 'number' }, label] },
      'b.yaml: has the column "id"',
    ],
    [
      'holds something else in one',
      { columns: [{ name: 'age', kind: 'category', values: ['old'] }, colours('red'), label] },
      'b.yaml: column "age" holds category, in a.yaml numbers in "a"',
    ],
    [
      'measures in another unit',
      { columns: [{ ...age, unit: 'months' }, colours('red'), label] },
      'b.yaml: column "age" holds numbers in "months", in a.yaml numbers in "a"',
    ],
    ['has pixels', { columns: undefined, header: undefined, pixels: true }, 'b.yaml: pixels is true, in a.yaml false'],
    ['is no table', { columns: undefined, header: undefined }, 'b.yaml: is no table, unlike a.yaml'],
    ['restores', { objective: { kind: 'super-resolution', factor: 2 } }, 'b.yaml: objective is'],
    [
      'has more categories than a column may have together',
      { columns: [age, colours(...Array.from({ length: 256 }, (_, i) => `${i}`)), label] },
      'a.yaml, b.yaml: together: columns.1.values: must be at most 256',
    ],
  ])('are refused where one %s', (_, task, message) => {
    const unite = (): unknown => uniteTasks([site('a.yaml'), site('b.yaml', task)])
    expect(unite).toThrow(HearsayError)
    expect(unite).toThrow(message)
  })

  it('of images have the classes of all, and one shape', () => {
    const images = (source: string, ...classes: string[]): SiteTask => ({
      source,
      task: { pixels: true, inputShape: [28, 28, 1], classes },
    })
    expect(uniteTasks([images('a', 'cat', 'dog'), images('b', 'cat', 'bird')])).toEqual({
      pixels: true,
      inputShape: [28, 28, 1],
      classes: ['bird', 'cat', 'dog'],
    })
    const { task, source } = images('b', 'cat', 'dog')
    expect(() =>
      uniteTasks([images('a', 'cat', 'dog'), { source, task: { ...task, inputShape: [32, 32, 3] } }]),
    ).toThrow('b: inputShape is [32,32,3], in a [28,28,1]')
  })
})
