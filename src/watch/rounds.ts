import { consensusDistance, meanOf } from '../merge/index.js'
import type { Tested } from '../methods/index.js'
import type { RoundFigures, RoundHappening } from '../node/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import { copyInSlices, inSlices } from '../turns.js'
import { createCopies } from './copies.js'
import { besideOf, spreadOf } from './spread.js'

export interface ComparedModels {
  readonly head: HeadSection
  /** The peer's whole model as it is now. */
  readonly parametersOf: (peer: number) => Float32Array
  /** Accuracy of the averaged model. */
  readonly evaluateMean: (mean: Float32Array) => Promise<number>
}

export interface RoundBookInit {
  readonly peers: number
  /** The models, to be compared. Left out where they differ on purpose. */
  readonly models?: ComparedModels
  /** Bytes that all peers have sent so far. */
  readonly sentBytes: () => number
  /**
   * Copies of models that are held, in bytes, before peers that are ahead of others have to wait for these. One round's
   * copies have room whatever this says.
   * @default 512 MiB
   */
  readonly copyBytes?: number
  /** Of a run that goes on: what its whole rounds came to, and who has died in them. @default nothing */
  readonly before?: {
    readonly last: RoundFigures
    readonly lastTested: RoundFigures | undefined
    readonly lost: readonly number[]
  }
}

/**
 * Peers that exchange heads are at most a few rounds apart and should never meet this: one that waits here is late
 * elsewhere. But without exchange a peer with few samples runs through all its rounds while the largest trains in its
 * first, and would leave a copy of its model in each.
 */
const bookDefaults = { copyBytes: 512 * 2 ** 20 }

/** What there is to compare of a model that is not compared. */
const nothing = new Float32Array(0)

/** Puts the peers' events together into figures of whole rounds. */
export interface RoundBook {
  /**
   * Notes an event of a peer. The peer must not go on before this resolves: at `ended` its model is copied, in the
   * turns of the event loop that have room. Where the copies held are many, that waits until an earlier round is whole.
   *
   * @throws the signal's reason
   */
  add(peer: number, event: RoundHappening, signal: AbortSignal): Promise<void>
  /** This peer takes part in no later round, nor in the one it was in. */
  lose(peer: number): void
  /** The rounds whose figures have come out since the last call, in order. */
  ready(): RoundFigures[]
  /** The same, after waiting for all that is under way. The run is over then: memory is given back. */
  settle(): Promise<RoundFigures[]>
  /** The last round whose figures have come out. */
  last(): RoundFigures | undefined
  /** The last of them that was tested. */
  lastTested(): RoundFigures | undefined
}

interface OpenRound {
  /** Of each peer that has ended it: the whole model where the round was tested, otherwise what is shared. */
  readonly models: Map<number, Float32Array>
  readonly tested: Map<number, Tested>
  readonly losses: Map<number, number>
  samples: number
  absent: number
}

export function createRoundBook(init: RoundBookInit): RoundBook {
  const live = new Set(Array.from({ length: init.peers }, (_, peer) => peer))
  for (const peer of init.before?.lost ?? []) live.delete(peer)
  const open = new Map<number, OpenRound>()
  const copies = createCopies()
  const { copyBytes } = { ...bookDefaults, ...init }
  const finished: RoundFigures[] = []
  const underWay = new Set<Promise<void>>()
  let summing: Promise<unknown> = Promise.resolve()
  let sumsUnderWay = 0
  let telling: Promise<unknown> = Promise.resolve()
  let failure: unknown
  let startedAt: number | undefined
  let latest = init.before?.last
  let latestTested = init.before?.lastTested

  function roundOf(round: number): OpenRound {
    const known = open.get(round)
    if (known !== undefined) return known
    const fresh = { models: new Map(), tested: new Map(), losses: new Map(), samples: 0, absent: 0 }
    open.set(round, fresh)
    return fresh
  }

  async function end(peer: number, round: number, signal: AbortSignal): Promise<void> {
    const entry = roundOf(round)
    if (init.models === undefined) {
      entry.models.set(peer, nothing)
      return closeWhatIsWhole()
    }
    const whole = init.models.parametersOf(peer)
    const values = entry.tested.has(peer) ? whole : headOf(whole, init.models.head)
    const limit = Math.max(copyBytes, init.peers * values.byteLength)
    // Those of the round that is to be whole next never wait, or it never would be whole; but for a round before it
    // whose copies are being summed up, which waits for nobody.
    const isNext = (): boolean => sumsUnderWay === 0 && round === Math.min(...open.keys())
    const copy = await copies.takeWithin(limit, values.length, isNext, signal)
    await copyInSlices(copy, values)
    entry.models.set(peer, copy)
    closeWhatIsWhole()
  }

  function closeWhatIsWhole(): void {
    for (const [round, entry] of [...open].sort(([a], [b]) => a - b)) {
      if (live.size === 0 || [...live].some(peer => !entry.models.has(peer))) return
      open.delete(round)
      copies.ask()
      const work = close(round, entry).catch(error => {
        failure ??= error
      })
      underWay.add(work)
      work.finally(() => underWay.delete(work))
    }
  }

  async function close(round: number, entry: OpenRound): Promise<void> {
    const { models, losses, samples, absent } = entry
    const peers = [...models.keys()].sort((a, b) => a - b)
    const tested = peers.flatMap(peer => entry.tested.get(peer) ?? [])
    const sentBytes = init.sentBytes()
    const seconds = (init.before?.last.seconds ?? 0) + (performance.now() - (startedAt ?? 0)) / 1000
    // One round's sums after the other's: they would only share the same turns, and each holds its peers' models.
    sumsUnderWay += 1
    const compared = init.models
    const sums = summing
      .then(
        () =>
          compared &&
          sumUp(
            compared.head,
            peers.map(peer => models.get(peer)!),
          ),
      )
      .finally(() => {
        sumsUnderWay -= 1
        copies.ask()
      })
    // Waited for alone: `work` is told how it ended, and `closeWhatIsWhole` keeps that.
    summing = sums.catch(() => {})
    const told = telling
    const work = (async () => {
      const summed = await sums
      const ofMean = tested.length === 0 || summed === undefined ? undefined : await compared!.evaluateMean(summed.mean)
      if (summed !== undefined) copies.give(summed.mean)
      await told
      latest = {
        type: 'round',
        round,
        peers: peers.length,
        ...(tested.length > 0 && {
          accuracy: {
            ...spreadOf(tested.map(({ accuracy }) => accuracy)),
            ...(ofMean !== undefined && { ofMean }),
          },
          beside: besideOf(tested),
        }),
        loss: spreadOf(peers.map(peer => losses.get(peer)!)).mean,
        ...(summed && { consensusDistance: summed.distance }),
        absent,
        samples,
        sentBytes,
        seconds,
      }
      if (latest.accuracy !== undefined) latestTested = latest
      finished.push(latest)
    })()
    telling = work.catch(() => {})
    return work
  }

  /** The averaged model and how far the peers' are from it; gives the peers' copies back. */
  async function sumUp(
    head: HeadSection,
    vectors: readonly Float32Array[],
  ): Promise<{ mean: Float32Array; distance: number }> {
    const mean = copies.take(vectors[0]!.length)
    const { start, end } = mean.length > head.layout.size ? head : { start: 0, end: mean.length }
    const distances = consensusDistance(
      vectors.map(values => values.subarray(start, end)),
      mean.subarray(start, end),
    )
    // Each number is read twice: for the mean, then, still in the cache, for the distance.
    await inSlices(mean.length, 2 * vectors.length, (from, to) => {
      meanOf(mean, vectors, from, to)
      distances.add(Math.max(from, start) - start, Math.min(to, end) - start)
    })
    for (const values of vectors) copies.give(values)
    return { mean, distance: distances.total() }
  }

  function ready(): RoundFigures[] {
    if (failure !== undefined) throw failure
    return finished.splice(0)
  }

  return {
    async add(peer, event, signal) {
      startedAt ??= performance.now()
      if (event.type === 'trained') {
        const round = roundOf(event.round)
        round.losses.set(peer, event.loss)
        round.samples += event.samples
      } else if (event.type === 'exchanged') {
        roundOf(event.round).absent += event.absent.length
      } else if (event.type === 'evaluated') {
        roundOf(event.round).tested.set(peer, event)
      } else if (event.type === 'ended') {
        await end(peer, event.round, signal)
      }
    },
    lose(peer) {
      live.delete(peer)
      closeWhatIsWhole()
    },
    ready,
    async settle() {
      while (underWay.size > 0) await Promise.all(underWay)
      copies.clear()
      return ready()
    },
    last: () => latest,
    lastTested: () => latestTested,
  }
}
