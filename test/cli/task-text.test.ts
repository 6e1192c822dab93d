import { expect, it } from 'vitest'
import { taskText, withoutNumbers } from '../../src/cli/task-text.js'
import { parseManifest } from '../../src/node/index.js'

it('tells which columns tables need, with categories, units and what is learned', () => {
  expect(
    taskText({
      classes: ['price'],
      columns: [
        { name: 'kind', kind: 'category', values: ['flat', 'house'] },
        { name: 'area', kind: 'number', unit: 'm²' },
        { name: 'price', kind: 'target', unit: 'EUR' },
      ],
    }),
  ).toBe('kind (flat, house), area (in m²); to learn: price (in EUR); found by their names')
})

it('tells what is found by its place, without what is not used', () => {
  expect(
    taskText({
      classes: ['0', '1'],
      header: false,
      columns: [
        { name: 'column 1', kind: 'unused' },
        { name: 'column 2', kind: 'number' },
        { name: 'column 3', kind: 'label' },
      ],
    }),
  ).toBe('column 2; to learn: column 3 (0, 1); by their places, 3 columns without a header')
})

it('tells shape and classes of what is no table, and nothing where nothing is agreed', () => {
  expect(taskText({ inputShape: [28, 28, 1], pixels: true, classes: ['ill', 'well'] })).toBe(
    '28×28×1 pixels, classes ill, well',
  )
  const pixels = [
    { name: 'column 1', kind: 'number' as const },
    { name: 'column 2', kind: 'label' as const },
  ]
  expect(taskText({ inputShape: [1, 1, 1], pixels: false, classes: ['0', '1'], header: false, columns: pixels })).toBe(
    '1×1×1 numbers, classes 0, 1',
  )
  expect(taskText({ classes: ['image'] })).toBeUndefined()
})

it('is short and harmless, whatever a stranger calls things', () => {
  const values = Array.from({ length: 256 }, (_, i) => `${'x'.repeat(900)}\u001b[2J\n${i}`)
  const columns = Array.from({ length: 300 }, (_, i) => ({ name: `c${i}\u202e`, kind: 'category' as const, values }))
  const text = taskText({ classes: values, columns: [...columns, { name: 'y', kind: 'label' }] })!
  expect(text.length).toBeLessThan(5000)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(text).not.toMatch(/[\u0000-\u001f\u202e]/)
  expect(text).toContain('and 292 more; to learn: y (')
})

it('leaves a line for each pixel out of the manifest that is shown, and nothing that has a name', () => {
  const numbers = Array.from({ length: 64 }, (_, i) => ({ name: `column ${i + 1}`, kind: 'number' as const }))
  const label = { name: 'column 65', kind: 'label' as const }
  const task = { pixels: false, header: false, classes: ['0', '1'], columns: [...numbers, label] }
  const manifest = parseManifest({ data: { set: 'own.csv' }, task })
  expect(withoutNumbers(manifest)).toEqual({ ...manifest, task: { pixels: false, header: false, classes: ['0', '1'] } })
  const sex = { name: 'column 1', kind: 'category' as const, values: ['f', 'm'] }
  const named = [
    { ...task, columns: [sex, ...numbers.slice(1), label] },
    { ...task, header: true },
  ].map(task => parseManifest({ data: { set: 'own.csv' }, task }))
  for (const manifest of named) expect(withoutNumbers(manifest)).toBe(manifest)
})
