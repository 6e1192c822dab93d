import { describe, expect, it, vi } from 'vitest'
import { consensusDistance, meanOf } from '../../src/merge/index.js'
import type { RoundFigures } from '../../src/node/index.js'
import { bytesOf, headSection, layoutOf } from '../../src/tensors/index.js'
import { sliceLength } from '../../src/turns.js'
import {
  type ComparedModels,
  createRoundBook,
  type RoundBook,
  type RoundBookInit,
  spreadOf,
} from '../../src/watch/index.js'
import { until } from '../gossip/hosts.js'
import { vectors } from '../merge/rounds.js'

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
  /** One peer's whole round, ending with this model and, if it is tested, this accuracy. */
  play(peer: number, round: number, model: readonly number[], accuracy?: number, absent?: number): Promise<void>
}

const never = new AbortController().signal

function stageOf(
  peers: number,
  { copyBytes, attackers, ...changes }: Partial<ComparedModels> & Pick<RoundBookInit, 'copyBytes' | 'attackers'> = {},
): Stage {
  const models = Array.from({ length: peers }, () => new Float32Array(layout.size))
  const means: Float32Array[] = []
  const book = createRoundBook({
    peers,
    models: {
      head: headSection(layout, 'head'),
      parametersOf: peer => models[peer]!,
      evaluateMean: async mean => {
        means.push(mean.slice())
        return 0.5
      },
      ...changes,
    },
    sentBytes: () => 1000,
    ...(copyBytes === undefined ? {} : { copyBytes }),
    ...(attackers && { attackers }),
  })
  return {
    book,
    models,
    means,
    async play(peer, round, model, accuracy, absent = 0) {
      const missing = Array.from({ length: absent }, (_, other) => ({ peer: `peer ${other}`, reason: 'late' as const }))
      await book.add(peer, { type: 'trained', round, loss: peer + 1, samples: 10, seconds: 1 }, never)
      await book.add(peer, { type: 'exchanged', round, step: 0, received: [], absent: missing, waitSeconds: 0 }, never)
      models[peer]!.set(model)
      if (accuracy !== undefined) await book.add(peer, { type: 'evaluated', round, accuracy, loss: 1 }, never)
      await book.add(peer, { type: 'ended', round, seconds: 1 }, never)
    },
  }
}

const roundsOf = (figures: readonly RoundFigures[]): number[] => figures.map(({ round }) => round)

describe('the book of rounds', () => {
  it('makes the figures of a round when its last peer has ended it', async () => {
    const { book, play, means } = stageOf(2)
    await play(0, 0, [9, 1, 0], 0.4, 1)
    expect(await book.settle()).toEqual([])
    await play(1, 0, [7, 3, 4], 0.8)
    expect(await book.settle()).toEqual([
      {
        type: 'round',
        round: 0,
        peers: 2,
        accuracy: { mean: expect.closeTo(0.6, 12), min: 0.4, max: 0.8, ofMean: 0.5 },
        beside: {},
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

  it('leaves peers that attack out of all figures, but not out of the counts, and waits for them', async () => {
    const { book, play, means } = stageOf(3, { attackers: new Set([1]) })
    await play(0, 0, [9, 1, 0], 0.4, 1)
    await play(2, 0, [7, 3, 4], 0.8)
    expect(await book.settle()).toEqual([])
    await play(1, 0, [1e6, 1e6, 1e6], 0.01, 2)
    const [figures] = await book.settle()
    expect(figures).toMatchObject({ peers: 2, attackers: 1, loss: 2, consensusDistance: 5, absent: 3, samples: 30 })
    expect(figures!.accuracy).toEqual({ mean: expect.closeTo(0.6, 12), min: 0.4, max: 0.8, ofMean: 0.5 })
    expect(means).toEqual([Float32Array.of(8, 2, 2)])
    // When the last honest peer is dead there is nothing left to tell.
    book.lose(0)
    book.lose(2)
    await play(1, 1, [0, 0, 0], 0.01)
    expect(await book.settle()).toEqual([])
  })

  it('copies a model at the end of its round: its peer goes on before the round is whole', async () => {
    const { book, play, means } = stageOf(2)
    await play(0, 0, [0, 2, 2], 0.1)
    await play(0, 1, [0, 50, 50], 0.2)
    await play(1, 0, [0, 4, 4], 0.1)
    await book.settle()
    expect(means).toEqual([Float32Array.of(0, 3, 3)])
    await play(1, 1, [0, 52, 52], 0.2)
    await book.settle()
    expect(means[1]).toEqual(Float32Array.of(0, 51, 51))
  })

  it('tells rounds in order, however far peers are apart and however long the averaged model takes', async () => {
    const held: (() => void)[] = []
    const evaluateMean = async (mean: Float32Array): Promise<number> => {
      const value = mean[1]!
      await new Promise<void>(resolve => held.push(resolve))
      return value
    }
    const { book, play } = stageOf(3, { evaluateMean })
    for (const round of [0, 1, 2]) await play(0, round, [0, round, 0], 0.1)
    for (const round of [0, 1]) await play(1, round, [0, round, 0], 0.1)
    await play(2, 0, [0, 0, 0], 0.1)
    await play(2, 1, [0, 1, 0], 0.1)
    await until(() => held.length === 2)
    held[1]!()
    await new Promise(resolve => setImmediate(resolve))
    expect(book.ready()).toEqual([])
    held[0]!()
    const told = await book.settle()
    expect(roundsOf(told)).toEqual([0, 1])
    expect(told.map(({ accuracy }) => accuracy?.ofMean)).toEqual([0, 1])
    await play(1, 2, [0, 2, 0], 0.1)
    await play(2, 2, [0, 2, 0], 0.1)
    await until(() => held.length === 3)
    held[2]!()
    expect(roundsOf(await book.settle())).toEqual([2])
  })

  it('goes on without a peer that is lost, in the round it was in and later', async () => {
    const { book, play } = stageOf(3)
    for (const peer of [0, 1, 2]) await play(peer, 0, [0, 0, 0], 0.1)
    await play(0, 1, [0, 1, 0], 0.4)
    await play(1, 1, [0, 3, 0], 0.6)
    await book.add(2, { type: 'trained', round: 1, loss: 1, samples: 10, seconds: 1 }, never)
    expect(roundsOf(await book.settle())).toEqual([0])
    book.lose(2)
    const [second] = await book.settle()
    expect(second).toMatchObject({ round: 1, peers: 2, accuracy: { mean: 0.5 }, consensusDistance: 1 })
    await play(0, 2, [0, 1, 0], 0.4)
    await play(1, 2, [0, 3, 0], 0.6)
    expect((await book.settle())[0]).toMatchObject({ round: 2, peers: 2 })
  })

  it('keeps a lost peer’s model in rounds that it had finished', async () => {
    const { book, play } = stageOf(2)
    await play(1, 0, [0, 4, 0], 0.6)
    book.lose(1)
    await play(0, 0, [0, 0, 0], 0.4)
    expect((await book.settle())[0]).toMatchObject({ round: 0, peers: 2, consensusDistance: 4 })
  })

  it('closes no round when everybody is lost', async () => {
    const { book, play } = stageOf(2)
    await play(0, 0, [0, 0, 0], 0.4)
    book.lose(0)
    book.lose(1)
    expect(await book.settle()).toEqual([])
    expect(book.last()).toBeUndefined()
  })

  it('passes on what went wrong with the averaged model', async () => {
    const { book, play } = stageOf(1, {
      evaluateMean: async () => {
        throw new Error('the learner has ended')
      },
    })
    await play(0, 0, [0, 0, 0], 0.4)
    await expect(book.settle()).rejects.toThrow('the learner has ended')
  })

  it('holds no more memory after many rounds than after one', async () => {
    const held = new Set<unknown>()
    const { book, play } = stageOf(2, {
      evaluateMean: async mean => {
        held.add(mean.buffer)
        return 0
      },
    })
    for (let round = 0; round < 20; round++) {
      for (const peer of [0, 1]) await play(peer, round, [0, 0, 0], 0)
      while (book.ready().length === 0) await new Promise(resolve => setImmediate(resolve))
    }
    // Two peers' copies and the mean.
    expect(held.size).toBeLessThanOrEqual(3)
  })

  it('has no accuracy of a round that ended without a test, and everything else', async () => {
    const { book, play, means } = stageOf(2)
    await play(0, 0, [9, 1, 0])
    await play(1, 0, [7, 3, 4])
    const [first] = await book.settle()
    expect(first).not.toHaveProperty('accuracy')
    expect(first).toMatchObject({ round: 0, peers: 2, loss: 1.5, consensusDistance: 5, samples: 20, sentBytes: 1000 })
    expect(means).toEqual([])
    expect(book.last()).toBe(first)
    expect(book.lastTested()).toBeUndefined()
    await play(0, 1, [9, 1, 0], 0.4)
    await play(1, 1, [7, 3, 4], 0.8)
    const [second] = await book.settle()
    expect(second).toMatchObject({ accuracy: { mean: expect.closeTo(0.6, 12), ofMean: 0.5 }, consensusDistance: 5 })
    await play(0, 2, [9, 1, 0])
    await play(1, 2, [7, 3, 4])
    await book.settle()
    expect(book.last()).toMatchObject({ round: 2 })
    expect(book.lastTested()).toBe(second)
  })

  it('has the figures of a model of many slices to the bits of one go', async () => {
    const size = 2 * sliceLength() + 5
    const large = layoutOf([
      { name: 'body/kernel', shape: [1001] },
      { name: 'head/kernel', shape: [size - 1001] },
    ])
    const head = headSection(large, 'head')
    const models = vectors(3, size)
    const mean = new Float32Array(size)
    meanOf(mean, models)
    const distance = consensusDistance(
      models.map(values => values.subarray(head.start)),
      mean.subarray(head.start),
    )
    distance.add(0, head.layout.size)
    const means: Float32Array[] = []
    const { book } = stageOf(3, {
      head,
      parametersOf: (peer: number) => models[peer]!,
      evaluateMean: async (values: Float32Array) => {
        means.push(values.slice())
        return 0.5
      },
    })
    for (const peer of [2, 0, 1]) {
      await book.add(peer, { type: 'trained', round: 0, loss: 1, samples: 1, seconds: 1 }, never)
      await book.add(peer, { type: 'evaluated', round: 0, accuracy: 0.5, loss: 1 }, never)
      await book.add(peer, { type: 'ended', round: 0, seconds: 1 }, never)
    }
    const [figures] = await book.settle()
    expect(figures!.consensusDistance).toBe(distance.total())
    expect(Buffer.compare(bytesOf(means[0]!), bytesOf(mean))).toBe(0)
  })

  it('lets peers that are far ahead wait for the slowest, and not those it waits for', async () => {
    const { book, play, models } = stageOf(2, { copyBytes: 0 })
    const going: number[] = []
    const ahead = (async () => {
      for (let round = 0; round < 8; round++) {
        await play(0, round, [0, round, 0], 0.5)
        going.push(round)
      }
    })()
    // One round's copies have room: peer 0 leaves two, and no third however long it is waited for.
    await vi.waitFor(() => expect(going).toEqual([0, 1]), { timeout: 10_000 })
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(going).toEqual([0, 1])
    for (let round = 0; round < 8; round++) await play(1, round, [0, 10 + round, 0], 0.5)
    await ahead
    const told = await book.settle()
    expect(roundsOf(told)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(told.every(({ consensusDistance }) => consensusDistance === 25)).toBe(true)
    expect(models[0]![1]).toBe(7)
  })

  it('ends the wait with the signal', async () => {
    const { book } = stageOf(2, { copyBytes: 0 })
    const control = new AbortController()
    const waiting = (async () => {
      for (let round = 0; ; round++) await book.add(0, { type: 'ended', round, seconds: 1 }, control.signal)
    })()
    control.abort(new Error('Ctrl-C'))
    await expect(waiting).rejects.toThrow('Ctrl-C')
  })
})

describe('the spread of some numbers', () => {
  it('is lowest, mean and highest', () => {
    expect(spreadOf([0.25, 0.5, 0.75])).toEqual({ mean: 0.5, min: 0.25, max: 0.75 })
    expect(spreadOf([0.3])).toEqual({ mean: 0.3, min: 0.3, max: 0.3 })
  })
})
