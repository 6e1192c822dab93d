import { expect, it } from 'vitest'
import { reportAfter } from '../../src/node/round-report.js'

const before = { round: 2, samples: 0, localDistance: 0.5 }
const trained = { type: 'trained', round: 3, loss: 0.7, samples: 290, seconds: 1 } as const
const evaluated = { type: 'evaluated', round: 3, loss: 0.6, accuracy: 0.8 } as const

it('a report has loss and accuracy', () => {
  const rule = { measure: 'accuracy', isPrivate: false, records: 310, isMasked: false } as const
  const report = reportAfter(reportAfter(before, trained, rule), evaluated, rule)
  expect(report).toEqual({ round: 3, samples: 290, loss: 0.7, accuracy: 0.8 })
})

it('with a budget of privacy it has no figure of own samples, which would have no noise', () => {
  const rule = { measure: 'accuracy', isPrivate: true, records: 310, isMasked: false } as const
  const report = reportAfter(reportAfter(before, trained, rule), evaluated, rule)
  expect(report).toEqual({ round: 3, samples: 310 })
})

it('with masks it has no distance, which would be that of one head to a sum', () => {
  const rule = { measure: 'accuracy', isPrivate: false, records: 310, isMasked: true } as const
  const merged = { type: 'merged', round: 3, localDistance: 0.25 } as const
  const report = reportAfter(reportAfter(before, trained, rule), merged, rule)
  expect(report).toEqual({ round: 3, samples: 290, loss: 0.7 })
  expect(reportAfter(before, merged, { ...rule, isMasked: false }).localDistance).toBe(0.25)
})
