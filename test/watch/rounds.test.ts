import { describe, expect, it } from 'vitest'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import type { RoundFigures } from '../../src/watch/index.js'
import { createRoundBook, type RoundBook, spreadOf } from '../../src/watch/index.js'

const layout = layoutOf([
  { name: 'body/kernel', shape: [1] },
  { name: 'head/kernel', shape: [2] },
])

interface Stage {
  readonly book: RoundBook
  /** What each peer's model is at this moment. */
  readonly models: Float32Array[]
  /** Averaged models that were evaluated, as they were then. */
  readonly means: Float32Array[]
  /** One peer's whole round, ending with this model and accuracy. */
  play(peer: number, round: number, model: readonly number[], accuracy: number, absent?: number): void
}

function stageOf(peers: number, evaluateMean?: (mean: Float32Array) => Promise<number>): Stage {
  const models = Array.from({ length: peers }, () => new Float32Array(layout.size))
  const means: Float32Array[] = []
  const book = createRoundBook({
    peers,
    head: headSection(layout, 'head'),
    parametersOf: peer => models[peer]!,
    evaluateMean:
      evaluateMean ??
      (async mean => {
        means.push(mean.slice())
        return 0.5
      }),
    sentBytes: () => 1000,
  })
  return {
    book,
    models,
    means,
    play(peer, round, model, accuracy, absent = 0) {
      const missing = Array.from({ length: absent }, (_, other) => ({ peer: other, reason: 'late' as const }))
      book.add({ type: 'trained', peer, round, loss: peer + 1, samples: 10, seconds: 1 })
      book.add({ type: 'exchanged', peer, round, step: 0, received: [], absent: missing, waitSeconds: 0 })
      models[peer]!.set(model)
      book.add({ type: 'evaluated', peer, round, accuracy, loss: 1 })
    },
  }
}

const roundsOf = (figures: readonly RoundFigures[]): number[] => figures.map(({ round }) => round)

describe('the book of rounds', () => {
  it('makes the figures of a round when its last peer has evaluated', async () => {
    const { book, play, means } = stageOf(2)
    play(0, 0, [9, 1, 0], 0.4, 1)
    expect(await book.settle()).toEqual([])
    play(1, 0, [7, 3, 4], 0.8)
    expect(await book.settle()).toEqual([
      {
        type: 'round',
        round: 0,
        peers: 2,
        accuracy: { mean: expect.closeTo(0.6, 12), min: 0.4, max: 0.8, ofMean: 0.5 },
        loss: 1.5,
        // Over the head alone: (1/2)·(|(1,0) − (2,2)|² + |(3,4) − (2,2)|²).
        consensusDistance: 5,
        absent: 1,
        samples: 20,
        sentBytes: 1000,
        seconds: expect.any(Number),
      },
    ])
    expect(means).toEqual([Float32Array.of(8, 2, 2)])
    expect(book.last()).toMatchObject({ round: 0 })
    expect(book.ready()).toEqual([])
  })

  it('copies a model when it is evaluated: its peer goes on before the round is whole', async () => {
    const { book, play, means } = stageOf(2)
    play(0, 0, [0, 2, 2], 0.1)
    play(0, 1, [0, 50, 50], 0.2)
    play(1, 0, [0, 4, 4], 0.1)
    await book.settle()
    expect(means).toEqual([Float32Array.of(0, 3, 3)])
    play(1, 1, [0, 52, 52], 0.2)
    await book.settle()
    expect(means[1]).toEqual(Float32Array.of(0, 51, 51))
  })

  it('tells rounds in order, however far peers are apart and however long the averaged model takes', async () => {
    const held: (() => void)[] = []
    const { book, play } = stageOf(3, async mean => {
      await new Promise<void>(resolve => held.push(resolve))
      return mean[1]!
    })
    for (const round of [0, 1, 2]) play(0, round, [0, round, 0], 0.1)
    for (const round of [0, 1]) play(1, round, [0, round, 0], 0.1)
    play(2, 0, [0, 0, 0], 0.1)
    play(2, 1, [0, 1, 0], 0.1)
    expect(held).toHaveLength(2)
    held[1]!()
    await new Promise(resolve => setImmediate(resolve))
    expect(book.ready()).toEqual([])
    held[0]!()
    const told = await book.settle()
    expect(roundsOf(told)).toEqual([0, 1])
    expect(told.map(({ accuracy }) => accuracy.ofMean)).toEqual([0, 1])
    play(1, 2, [0, 2, 0], 0.1)
    play(2, 2, [0, 2, 0], 0.1)
    held[2]!()
    expect(roundsOf(await book.settle())).toEqual([2])
  })

  it('goes on without a peer that is lost, in the round it was in and later', async () => {
    const { book, play } = stageOf(3)
    for (const peer of [0, 1, 2]) play(peer, 0, [0, 0, 0], 0.1)
    play(0, 1, [0, 1, 0], 0.4)
    play(1, 1, [0, 3, 0], 0.6)
    book.add({ type: 'trained', peer: 2, round: 1, loss: 1, samples: 10, seconds: 1 })
    expect(roundsOf(await book.settle())).toEqual([0])
    book.lose(2)
    const [second] = await book.settle()
    expect(second).toMatchObject({ round: 1, peers: 2, accuracy: { mean: 0.5 }, consensusDistance: 1 })
    play(0, 2, [0, 1, 0], 0.4)
    play(1, 2, [0, 3, 0], 0.6)
    expect((await book.settle())[0]).toMatchObject({ round: 2, peers: 2 })
  })

  it('keeps a lost peer’s model in rounds that it had finished', async () => {
    const { book, play } = stageOf(2)
    play(1, 0, [0, 4, 0], 0.6)
    book.lose(1)
    play(0, 0, [0, 0, 0], 0.4)
    expect((await book.settle())[0]).toMatchObject({ round: 0, peers: 2, consensusDistance: 4 })
  })

  it('closes no round when everybody is lost', async () => {
    const { book, play } = stageOf(2)
    play(0, 0, [0, 0, 0], 0.4)
    book.lose(0)
    book.lose(1)
    expect(await book.settle()).toEqual([])
    expect(book.last()).toBeUndefined()
  })

  it('passes on what went wrong with the averaged model', async () => {
    const { book, play } = stageOf(1, async () => {
      throw new Error('the learner has ended')
    })
    play(0, 0, [0, 0, 0], 0.4)
    await expect(book.settle()).rejects.toThrow('the learner has ended')
  })

  it('holds no more memory after many rounds than after one', async () => {
    const { book, play, models } = stageOf(2)
    const held = new Set<unknown>()
    const seen = createRoundBook({
      peers: 1,
      head: headSection(layout, 'head'),
      parametersOf: () => models[0]!,
      evaluateMean: async mean => {
        held.add(mean.buffer)
        return 0
      },
      sentBytes: () => 0,
    })
    for (let round = 0; round < 20; round++) {
      play(0, round, [0, 0, 0], 0)
      play(1, round, [0, 0, 0], 0)
      seen.add({ type: 'trained', peer: 0, round, loss: 1, samples: 1, seconds: 1 })
      seen.add({ type: 'evaluated', peer: 0, round, accuracy: 0, loss: 1 })
      await seen.settle()
      await book.settle()
    }
    expect(held.size).toBeLessThanOrEqual(2)
  })
})

describe('the spread of some numbers', () => {
  it('is lowest, mean and highest', () => {
    expect(spreadOf([0.25, 0.5, 0.75])).toEqual({ mean: 0.5, min: 0.25, max: 0.75 })
    expect(spreadOf([0.3])).toEqual({ mean: 0.3, min: 0.3, max: 0.3 })
  })
})
