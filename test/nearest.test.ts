import fc from 'fast-check'
import { expect, it } from 'vitest'
import { didYouMean, nearest } from '../src/nearest.js'

it('a misspelt word is known by most of its letters, whatever their case', () => {
  expect(nearest('rign', ['ring', 'grid'])).toBe('ring')
  expect(nearest('fedavg', ['none', 'dfedavg', 'dfedavgm'])).toBe('dfedavg')
  expect(nearest('RING', ['ring'])).toBe('ring')
  expect(nearest('star', ['ring', 'full'])).toBeUndefined()
  expect(didYouMean('rign', ['ring'])).toBe('; did you mean "ring"?')
  expect(didYouMean(3, ['ring'])).toBe('')
})

it('a word of any length is answered at once', () => {
  expect(nearest('r'.repeat(10_000_000), ['ring'])).toBeUndefined()
  fc.assert(fc.property(fc.string(), word => ['ring', 'full', undefined].includes(nearest(word, ['ring', 'full']))))
})
