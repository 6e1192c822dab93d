import { describe, expect, it } from 'vitest'
import { contributions, summed } from '../../../src/merge/index.js'
import {
  type BelievingInit,
  createBelieving,
  type MergeAsked,
  type MergeMade,
  type PassOf,
  probeOf,
} from '../../../src/methods/averaging/believing.js'

const never = new AbortController().signal
const limits = { headDistance: 5, headRadius: 0.5, lossIncrease: 10 }

/** A model whose loss is the square of how far it is from (1, 1). */
const lossOf = ([a, b]: Float32Array): number => ((a! - 1) ** 2 + (b! - 1) ** 2) / 2

interface Merged extends MergeMade {
  readonly head: readonly number[]
  readonly looks: number
}

/** Merges these at equal weights into (1, 1). */
async function merged(heads: readonly [number, number][], init: Partial<BelievingInit> = {}): Promise<Merged> {
  const head = Float32Array.of(1, 1)
  let looks = 0
  const believing = createBelieving({
    limits,
    uninformed: 1,
    loss: async () => {
      looks += 1
      return lossOf(head)
    },
    ...init,
  })
  believing.trained({ loss: 0.01, moved: 1 })
  const weight = 1 / (heads.length + 1)
  const row = { self: weight, from: heads.map((_, peer) => ({ peer: peer + 1, weight })) }
  const made = await believing.merge(
    {
      head,
      own: new Float32Array(2),
      heads: new Map(heads.map((values, at) => [at + 1, Float32Array.from(values)])),
      self: 0,
      passOf: (own, believed) => summed(contributions(row, 0, own, believed)),
    },
    never,
  )
  return { ...made, head: [...head], looks }
}

/** Believes any distance: only the loss says what is wrong. */
const anywhere = { limits: { ...limits, headRadius: 1e9 } }

describe('a merge', () => {
  it('of honest heads costs one look', async () => {
    const { head, refused, looks, squares } = await merged([
      [1.5, 1],
      [1.5, 1],
    ])
    expect({ refused, looks }).toEqual({ refused: [], looks: 1 })
    expect(head[0]).toBeCloseTo(4 / 3, 6)
    expect([...squares]).toEqual([
      [1, 0.25],
      [2, 0.25],
    ])
  })

  it('leaves out what is too far, and takes the others', async () => {
    const { head, refused, squares } = await merged([
      [-10, -10],
      [1.3, 1],
    ])
    expect(refused).toEqual([{ peer: 1, reason: 'TOO_FAR', times: expect.closeTo(Math.hypot(11, 11) / 5, 5) }])
    // The weight of who is left out returns to oneself.
    expect(head[0]).toBeCloseTo(1.1, 6)
    expect([...squares.keys()]).toEqual([2])
  })

  it('that only acceleration breaks is made without it, and nobody is to blame', async () => {
    const head = Float32Array.of(1, 1)
    const believing = createBelieving({ ...anywhere, uninformed: 1, loss: async () => lossOf(head) })
    believing.trained({ loss: 0.01, moved: 1 })
    const row = { self: 0.5, from: [{ peer: 1, weight: 0.5 }] }
    const mean: PassOf = (own, believed) => summed(contributions(row, 0, own, believed))
    // Three times as far as the mean.
    const beyond: PassOf = (own, believed) =>
      summed([
        { peer: 0, values: own, weight: -0.5 },
        { peer: 1, values: believed.get(1)!, weight: 1.5 },
      ])
    const ask = (at: number): MergeAsked => ({
      head,
      own: new Float32Array(2),
      heads: new Map([[1, Float32Array.of(at, 1)]]),
      self: 0,
      passOf: mean,
      fasterOf: beyond,
    })
    expect(await believing.merge(ask(7), never)).toMatchObject({ refused: [], isPlain: true })
    expect([...head]).toEqual([4, 1])
    head.fill(1)
    expect(await believing.merge(ask(2), never)).toMatchObject({ refused: [], isPlain: false })
    expect([...head]).toEqual([2.5, 1])
    head.fill(1)
    // Here the head itself is to blame, by what it does without acceleration.
    const { refused } = await believing.merge(ask(101), never)
    expect(refused).toEqual([{ peer: 1, reason: 'LOSS_TOO_HIGH', times: 125 }])
    expect([...head]).toEqual([1, 1])
  })

  it('that makes the loss explode is made again without the worst, which need not be the furthest', async () => {
    const narrow = { ...anywhere, loss: undefined }
    const head = Float32Array.of(1, 1)
    const believing = createBelieving({
      ...narrow,
      uninformed: 1,
      // Steep to one side, flat to the other.
      loss: async () => (head[0]! > 1.5 ? 1e6 : 0.1),
    })
    believing.trained({ loss: 0.01, moved: 1 })
    const row = { self: 0.5, from: [1, 2].map(peer => ({ peer, weight: 0.25 })) }
    const heads = new Map([
      [1, Float32Array.of(1, 40)],
      [2, Float32Array.of(9, 1)],
    ])
    const asked = {
      head,
      own: new Float32Array(2),
      heads,
      self: 0,
      passOf: (own: Float32Array, believed: ReadonlyMap<number, Float32Array>) =>
        summed(contributions(row, 0, own, believed)),
    }
    const { refused } = await believing.merge(asked, never)
    expect(refused).toEqual([{ peer: 2, reason: 'LOSS_TOO_HIGH', times: 1e5 }])
    expect([...head]).toEqual([1, 10.75])
  })

  it('that nothing mends is undone: the own head stays as it was, to the bit', async () => {
    const { head, refused, squares } = await merged(
      [
        [90, 90],
        [-80, -80],
      ],
      { ...anywhere, loss: async () => Number.NaN },
    )
    expect(refused.map(({ peer, reason, times }) => [peer, reason, times])).toEqual([
      [1, 'LOSS_TOO_HIGH', Number.POSITIVE_INFINITY],
      [2, 'LOSS_TOO_HIGH', Number.POSITIVE_INFINITY],
    ])
    expect(head).toEqual([1, 1])
    expect(squares.size).toBe(0)
  })

  it('whose numbers overflow is broken, whatever a backend makes of them', async () => {
    const head = Float32Array.of(1, 1)
    const believing = createBelieving({
      limits: { ...limits, headRadius: 1e60 },
      uninformed: 1,
      loss: async () => 0,
    })
    const asked = {
      head,
      own: new Float32Array(2),
      heads: new Map([[1, Float32Array.of(3e38, 1)]]),
      // As Chebyshev gossip weighs: above 1.
      self: 0,
      passOf: (own: Float32Array, believed: ReadonlyMap<number, Float32Array>) =>
        summed(
          [...believed]
            .map(([peer, values]) => ({ peer, weight: 1.5, values }))
            .concat({ peer: 0, weight: 1, values: own }),
        ),
    }
    const { refused } = await believing.merge(asked, never)
    expect(refused).toEqual([{ peer: 1, reason: 'LOSS_TOO_HIGH', times: Number.POSITIVE_INFINITY }])
    expect([...head]).toEqual([1, 1])
  })

  it('is not judged by training alone: a peer that has learnt by heart lets the others raise its loss', async () => {
    // 9 times an answer that knows nothing, 900 times its own loss of training.
    const { refused } = await merged([[1.5, 1]], { loss: async () => 9 })
    expect(refused).toEqual([])
    expect((await merged([[1.5, 1]], { loss: async () => 11 })).refused).toHaveLength(1)
  })

  it('that is interrupted leaves the head as it was', async () => {
    const stop = new Error('stop')
    const head = Float32Array.of(1, 1)
    const believing = createBelieving({
      ...anywhere,
      uninformed: 1,
      loss: () => Promise.reject(stop),
    })
    const merging = believing.merge(
      {
        head,
        own: new Float32Array(2),
        heads: new Map([[1, Float32Array.of(2, 2)]]),
        self: 0,
        passOf: (own, believed) =>
          summed(contributions({ self: 0.5, from: [{ peer: 1, weight: 0.5 }] }, 0, own, believed)),
      },
      never,
    )
    await expect(merging).rejects.toBe(stop)
    expect([...head]).toEqual([1, 1])
  })
})

describe('the samples that merges are looked at on', () => {
  it('come from all over, and are all where there are few', () => {
    const samples = (size: number) => ({
      inputs: Float32Array.from({ length: size }, (_, at) => at),
      labels: new Int32Array(size),
      size,
    })
    expect([...probeOf(samples(3)).inputs]).toEqual([0, 1, 2])
    const many = probeOf(samples(640))
    expect(many.size).toBe(64)
    expect([...many.inputs.slice(0, 3), many.inputs.at(-1)]).toEqual([0, 10, 20, 630])
  })
})
