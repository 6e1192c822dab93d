import { describe, expect, it } from 'vitest'
import type { Separation } from '../../src/audit/index.js'
import { foundText, separationVerdict } from '../../src/audit/text.js'

const of = (auc: number, low: number, high: number): Separation => ({ auc, interval: [low, high], advantage: 0.1 })

describe('what an AUC is called', () => {
  it.each([
    [of(0.5, 0.46, 0.54), 'no better than guessing'],
    [of(0.35, 0.3, 0.4), 'no better than guessing'],
    [of(0.55, 0.51, 0.59), 'slightly better than guessing'],
    [of(0.65, 0.55, 0.75), 'often tells who was there'],
    [of(0.9, 0.8, 1), 'tells who was there'],
    // With so few records nothing is cleared.
    [of(0.7, 0.46, 0.94), 'too few records to tell: from guessing to “tells who was there”'],
    [of(0.52, 0.36, 0.68), 'too few records to tell: from guessing to “often tells who was there”'],
    [of(0.45, 0.3, 0.6), 'too few records to tell: from guessing to “often tells who was there”'],
  ])('%j: %s', (separation, says) => {
    expect(separationVerdict(separation)).toBe(says)
  })
})

it('a share of finds that nobody can know is a dash', () => {
  expect(foundText(of(0.5, 0.4, 0.6))).toBe('–')
  expect(foundText({ ...of(0.5, 0.4, 0.6), found: 0.031 })).toBe('3.1 %')
})
