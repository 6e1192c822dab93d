import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { wideTable } from '../../src/watch/index.js'

const head = ['peer', 'samples', ...Array.from({ length: 30 }, (_, k) => `class ${k}`)]
const row = (name: string): string[] => [name, '1,000', ...head.slice(2).map((_, k) => `${name}/${k}`)]
const lines = (text: string): string[] => stripVTControlCharacters(text).split('\n')

it('a table wider than the terminal goes on below, with its first column again', () => {
  const text = lines(wideTable(head, [row('a'), row('b')], 80))
  for (const line of text) expect(line.length).toBeLessThanOrEqual(80)
  for (const line of text) expect(line).toBe(line.trimEnd())
  expect(text.filter(line => line.trimStart().startsWith('peer')).length).toBeGreaterThan(3)
  for (const name of [...head.slice(1), ...row('a').slice(1), ...row('b').slice(1)]) {
    expect(text.some(line => `${line} `.includes(` ${name} `))).toBe(true)
  }
})

it('a file has it in one', () => {
  expect(lines(wideTable(head, [row('a')]))).toHaveLength(2)
})

it('every width has room for one column at least', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 500 }), width => {
      const text = wideTable(head, [row('a')], width)
      return head.every(name => text.includes(name))
    }),
    { numRuns: 30 },
  )
})
