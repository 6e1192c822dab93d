import { expect, it } from 'vitest'
import { figureText, reportedText } from '../../src/watch/figures-text.js'

it.each([
  ['measure', 0.5, '0.500'],
  ['share', 0.5, '50.0 %'],
  ['number', 0.5, '0.500'],
  ['number', undefined, '–'],
] as const)('a figure in the unit %s of %s reads %s', (unit, value, text) => {
  expect(figureText(value, { label: 'drift', unit }, 'r2')).toBe(text)
})

it('a line has figures and weights with a text, and only those', () => {
  const reported = {
    figures: { drift: 0.25, silent: 1 },
    perPeer: { trust: { A: 0.75, B: 0.25 }, silent: { A: 1 } },
  }
  const texts = {
    figures: { drift: { label: 'drift', unit: 'number' } },
    perPeer: { trust: { label: 'trusts', own: 'itself', other: 'other', of: 'its trust' } },
  } as const
  expect(reportedText(reported, texts, 'A', 'accuracy')).toBe('drift 0.250, itself 75.0 %, 1 other')
  expect(reportedText({}, texts, 'A', 'accuracy')).toBe('')
  expect(reportedText(reported, {}, 'A', 'accuracy')).toBe('')
})
