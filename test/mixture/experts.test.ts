import { describe, expect, it } from 'vitest'
import { type Expert, selectExperts } from '../../src/mixture/experts.js'

const head = new Float32Array(new SharedArrayBuffer(4))
const expert = (peer: string, round: number): Expert => ({ peer, round, head })

describe('top experts', () => {
  const all = ['a', 'b', 'c', 'd', 'e'].map(peer => expert(peer, 0))
  const weights = new Map([
    ['a', 0.1],
    ['b', 0.4],
    ['c', 0.4],
    ['d', 0.05],
  ])
  const chosen = (limit: number, newcomers: 'first' | 'last'): string =>
    selectExperts([...all].reverse(), weights, limit, newcomers)
      .map(({ peer }) => peer)
      .join('')

  it('are the new ones in training, then those with the largest weights, in the order of their ids', () => {
    expect(chosen(1, 'first')).toBe('e')
    expect(chosen(2, 'first')).toBe('be')
    expect(chosen(3, 'first')).toBe('bce')
    expect(chosen(9, 'first')).toBe('abcde')
    expect(chosen(Number.POSITIVE_INFINITY, 'first')).toBe('abcde')
  })

  it('are new ones last in prediction', () => {
    expect(chosen(2, 'last')).toBe('bc')
    expect(chosen(4, 'last')).toBe('abcd')
  })
})
