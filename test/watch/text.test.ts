import { expect, it } from 'vitest'
import { topologyKinds } from '../../src/topology/index.js'
import { countOf, duration, firstOf, graphNames, range } from '../../src/watch/index.js'

it('counts one and many', () => {
  expect(countOf(1, 'round')).toBe('1 round')
  expect(countOf(0, 'round')).toBe('0 rounds')
  expect(countOf(1438, 'sample')).toBe('1,438 samples')
})

it('says a range, and one number where all are alike', () => {
  expect(range([240, 1805, 185])).toBe('185 to 1,805')
  expect(range([1240, 1240])).toBe('1,240')
})

it('names the first of many, and counts the others', () => {
  expect(firstOf(['a', 'b'])).toBe('a, b')
  expect(firstOf(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e')
  expect(firstOf(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d, e and 1 more')
  expect(
    firstOf(
      Array.from({ length: 1501 }, () => '2@1'),
      1,
    ),
  ).toBe('2@1 and 1,500 more')
})

it.each([
  [59.6, '60 s'],
  [89.6, '1 min 30 s'],
  [119.6, '2 min 0 s'],
  [5399.6, '1 h 30 min'],
])('%d seconds are %s: no minute has sixty', (seconds, text) => expect(duration(seconds)).toBe(text))

it('has a name in a sentence for every topology', () => {
  expect(Object.keys(graphNames).sort()).toEqual([...topologyKinds].sort())
})
