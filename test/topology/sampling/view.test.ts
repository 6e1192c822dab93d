import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Activity, activeIn, mergedView, type View } from '../../../src/topology/index.js'

const activity: fc.Arbitrary<Activity> = fc.record({
  lastActive: fc.nat(9),
  counter: fc.nat(3),
  membership: fc.constantFrom('join', 'leave'),
})
const view: fc.Arbitrary<View> = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), activity)
  .map(all => new Map(Object.entries(all)))

const sorted = (all: View): unknown[] => [...all].sort(([a], [b]) => (a < b ? -1 : 1))

describe('P24 the merge of views', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(view, view, (a, b) => {
        expect(sorted(mergedView(a, b))).toEqual(sorted(mergedView(b, a)))
      }),
    )
  })

  it('is associative', () => {
    fc.assert(
      fc.property(view, view, view, (a, b, c) => {
        expect(sorted(mergedView(mergedView(a, b), c))).toEqual(sorted(mergedView(a, mergedView(b, c))))
      }),
    )
  })

  it('is idempotent', () => {
    fc.assert(
      fc.property(view, a => {
        expect(sorted(mergedView(a, a))).toEqual(sorted(a))
      }),
    )
  })

  it('takes the membership of the higher counter, and leave on a tie', () => {
    const of = (counter: number, membership: Activity['membership']): View =>
      new Map([['a', { lastActive: 0, counter, membership }]])
    expect(mergedView(of(1, 'leave'), of(2, 'join')).get('a')!.membership).toBe('join')
    expect(mergedView(of(2, 'leave'), of(1, 'join')).get('a')!.membership).toBe('leave')
    expect(mergedView(of(1, 'join'), of(1, 'leave')).get('a')!.membership).toBe('leave')
  })
})

it('asks those that are there and were active of late', () => {
  const all: View = new Map([
    ['c', { lastActive: 50, counter: 0, membership: 'join' }],
    ['b', { lastActive: 49, counter: 0, membership: 'join' }],
    ['a', { lastActive: 99, counter: 1, membership: 'leave' }],
    ['d', { lastActive: 0, counter: 0, membership: 'join' }],
  ])
  expect(activeIn(all, 99, 50)).toEqual(['b', 'c'])
  expect(activeIn(all, 100, 50)).toEqual(['c'])
})
