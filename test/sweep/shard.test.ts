import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ofShard, parseShard } from '../../src/sweep/shard.js'

it('every run is in exactly one shard, and no shard has two more than another', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 40 }), (count, of) => {
      const runs = Array.from({ length: count }, (_, i) => i)
      const shards = Array.from({ length: of }, (_, i) => ofShard(runs, { number: i + 1, of }))
      expect(shards.flat().sort((a, b) => a - b)).toEqual(runs)
      const sizes = shards.map(({ length }) => length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

it('a shard is read as it is written', () => {
  expect(parseShard('2/8')).toEqual({ number: 2, of: 8 })
})

it.each(['0/8', '9/8', '1/0', '1', '1/8/2', '-1/8', '1/10001', '1.5/2', 'a/b', ''])('a shard is not %j', text => {
  expect(() => parseShard(text)).toThrow(`--shard${text === '' ? '' : ` ${text}`}`)
  expect(() => parseShard(text)).toThrow('must be i/n, i from 1 to n and n at most 10000, as 2/8')
})
