import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BatchReader, batches } from '../../src/learner/batches.js'

const order = { seed: 1, peer: 0, round: 0 }

describe('mini-batches', () => {
  it('an epoch goes through all samples once; the last batch holds what is left', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(1000),
        (size, batch, epochs, seed) => {
          const drawn = [...batches({ ...order, size, batch, length: { epochs }, seed })]
          const perEpoch = Math.ceil(size / batch)
          expect(drawn.length).toBe(epochs * perEpoch)
          for (let epoch = 0; epoch < epochs; epoch++) {
            const own = drawn.slice(epoch * perEpoch, (epoch + 1) * perEpoch)
            expect(own.slice(0, -1).every(({ length }) => length === batch)).toBe(true)
            expect(own.flatMap(indices => [...indices]).sort((a, b) => a - b)).toEqual([...Array(size).keys()])
          }
        },
      ),
    )
  })

  it('steps run over the end of an epoch', () => {
    const drawn = [...batches({ ...order, size: 10, batch: 4, length: { steps: 7 } })]
    expect(drawn.map(({ length }) => length)).toEqual([4, 4, 2, 4, 4, 2, 4])
    expect([...batches({ ...order, size: 10, batch: 4, length: { steps: 1 } })].length).toBe(1)
  })

  it('seed, peer and round each decide the order', () => {
    const drawn = (change: object) =>
      [...batches({ ...order, size: 50, batch: 50, length: { epochs: 1 }, ...change })][0]
    expect(drawn({})).toEqual(drawn({}))
    for (const change of [{ seed: 2 }, { peer: 1 }, { round: 1 }]) expect(drawn(change)).not.toEqual(drawn({}))
    const [first, second] = [...batches({ ...order, size: 50, batch: 50, length: { epochs: 2 } })]
    expect(first).not.toEqual(second)
  })

  it('there are none of nothing', () => {
    expect([...batches({ ...order, size: 0, batch: 4, length: { steps: 3 } })]).toEqual([])
  })
})

it('a reader gives batches in their order, as many as asked for, and never two sizes at once', () => {
  const order = { size: 10, batch: 4, length: { epochs: 2 }, seed: 1, peer: 2, round: 3 }
  const all = [...batches(order)]
  const reader = new BatchReader(order)
  const read = [3, 5, 1, 9, 9].map(most => reader.read(most))
  expect(read.map(some => some.map(({ length }) => length))).toEqual([[4, 4], [2], [4], [4], [2]])
  expect(read.flat()).toEqual(all)
  expect(reader.read(1)).toEqual([])
})
