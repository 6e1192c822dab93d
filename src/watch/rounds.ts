import type { Tested } from '../methods/index.js'
import type { RoundFigures, RoundHappening } from '../node/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import { copyInSlices } from '../turns.js'
import { createCopies } from './copies.js'
import { type MeanModel, meanModel } from './mean-model.js'
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
  /** Numbers of the peers that attack: figures are of the others, and only counts of all. @default none */
  readonly attackers?: ReadonlySet<number>
  /** The models, to be compared. Left out where they differ on purpose. */
  readonly models?: ComparedModels
  /** Bytes that all peers have sent so far. */
  readonly sentBytes: () => number
  /**
   * Copies of models that are held, in bytes, before peers that are ahead of others have to wait for these. One round's
   * copies always have room.
   * @default 512 MiB
   */
  readonly copyBytes?: number
  /** Of a run that goes on: the figures of its whole rounds, and the peers that died in them. @default nothing */
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

/** Stands for the copy of a model that is not compared. */
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
  readonly finals: Map<number, Extract<RoundHappening, { type: 'final' }>>
  samples: number
  absent: number
  silent: number
  still: number
}

export function createRoundBook(init: RoundBookInit): RoundBook {
  return new Rounds(init)
}

class Rounds implements RoundBook {
  private readonly copyBytes
  /** Peers that take part. */
  private readonly live
  private readonly open = new Map<number, OpenRound>()
  private readonly copies = createCopies()
  private readonly finished: RoundFigures[] = []
  private readonly underWay = new Set<Promise<void>>()
  /** The sums and the figures of the round before: one round's follow the other's. */
  private summing: Promise<unknown> = Promise.resolve()
  private telling: Promise<unknown> = Promise.resolve()
  private sumsUnderWay = 0
  private failure: unknown
  private startedAt: number | undefined
  private spared
  private latest
  private latestTested

  constructor(private readonly init: RoundBookInit) {
    const { peers, before } = init
    this.copyBytes = init.copyBytes ?? bookDefaults.copyBytes
    this.live = new Set(Array.from({ length: peers }, (_, peer) => peer))
    for (const peer of before?.lost ?? []) this.live.delete(peer)
    this.latest = before?.last
    this.spared = before?.last.spared ?? 0
    this.latestTested = before?.lastTested
  }

  async add(peer: number, event: RoundHappening, signal: AbortSignal): Promise<void> {
    this.startedAt ??= performance.now()
    if (event.type === 'trained') {
      const round = this.roundOf(event.round)
      round.losses.set(peer, event.loss)
      round.samples += event.samples
    } else if (event.type === 'exchanged') {
      const round = this.roundOf(event.round)
      round.absent += event.absent.length
      round.still += event.still?.length ?? 0
    } else if (event.type === 'silent') {
      this.roundOf(event.round).silent += 1
    } else if (event.type === 'final') {
      this.roundOf(event.round).finals.set(peer, event)
    } else if (event.type === 'evaluated') {
      this.roundOf(event.round).tested.set(peer, event)
    } else if (event.type === 'ended') {
      await this.end(peer, event.round, signal)
    }
  }

  lose(peer: number): void {
    this.live.delete(peer)
    this.closeWhatIsWhole()
  }

  ready(): RoundFigures[] {
    if (this.failure !== undefined) throw this.failure
    return this.finished.splice(0)
  }

  async settle(): Promise<RoundFigures[]> {
    while (this.underWay.size > 0) await Promise.all(this.underWay)
    this.copies.clear()
    return this.ready()
  }

  last(): RoundFigures | undefined {
    return this.latest
  }

  lastTested(): RoundFigures | undefined {
    return this.latestTested
  }

  private roundOf(round: number): OpenRound {
    const known = this.open.get(round)
    if (known !== undefined) return known
    const fresh = {
      models: new Map(),
      tested: new Map(),
      losses: new Map(),
      finals: new Map(),
      samples: 0,
      absent: 0,
      silent: 0,
      still: 0,
    }
    this.open.set(round, fresh)
    return fresh
  }

  private async end(peer: number, round: number, signal: AbortSignal): Promise<void> {
    const { peers, models, attackers } = this.init
    const entry = this.roundOf(round)
    if (models === undefined || attackers?.has(peer)) {
      entry.models.set(peer, nothing)
      return this.closeWhatIsWhole()
    }
    const whole = models.parametersOf(peer)
    const values = entry.tested.has(peer) ? whole : headOf(whole, models.head)
    const limit = Math.max(this.copyBytes, peers * values.byteLength)
    // Copies of the round that is to be whole next never wait, or it never would be whole; except while copies of a
    // round before it are being summed up, which waits for no peer.
    const isNext = (): boolean => this.sumsUnderWay === 0 && round === Math.min(...this.open.keys())
    const copy = await this.copies.takeWithin(limit, values.length, isNext, signal)
    await copyInSlices(copy, values)
    entry.models.set(peer, copy)
    this.closeWhatIsWhole()
  }

  private closeWhatIsWhole(): void {
    const { open, live, underWay, init } = this
    const honest = [...live].filter(peer => !init.attackers?.has(peer))
    for (const [round, entry] of [...open].sort(([a], [b]) => a - b)) {
      if (honest.length === 0 || [...live].some(peer => !entry.models.has(peer))) return
      open.delete(round)
      this.copies.ask()
      const work = this.close(round, entry).catch(error => {
        this.failure ??= error
      })
      underWay.add(work)
      work.finally(() => underWay.delete(work))
    }
  }

  private async close(round: number, entry: OpenRound): Promise<void> {
    const { init } = this
    const sentBytes = init.sentBytes()
    this.spared += entry.still
    const spared = this.spared
    const seconds = (init.before?.last.seconds ?? 0) + (performance.now() - (this.startedAt ?? 0)) / 1000
    const honest = peersOf(entry).filter(peer => !init.attackers?.has(peer))
    const summing = this.sumUp(honest.map(peer => entry.models.get(peer)!))
    const told = this.telling
    const work = (async () => {
      const summed = await summing
      const isTested = summed !== undefined && honest.some(peer => entry.tested.has(peer))
      const ofMean = isTested ? await init.models!.evaluateMean(summed.mean) : undefined
      if (summed !== undefined) this.copies.give(summed.mean)
      await told
      this.latest = {
        ...figuresOf(round, entry, honest, init.attackers?.size ?? 0, summed?.distance, ofMean),
        ...(spared > 0 && { spared }),
        sentBytes,
        seconds,
      }
      if (this.latest.accuracy !== undefined) this.latestTested = this.latest
      this.finished.push(this.latest)
    })()
    this.telling = work.catch(() => {})
    return work
  }

  /** One round after another: side by side they would only share the same turns, and each holds its peers' models. */
  private sumUp(models: readonly Float32Array[]): Promise<MeanModel | undefined> {
    this.sumsUnderWay += 1
    const compared = this.init.models
    const sums = this.summing
      .then(() => compared && meanModel(compared.head, models, this.copies))
      .finally(() => {
        this.sumsUnderWay -= 1
        this.copies.ask()
      })
    // Only the end matters here: the caller gets the sums or their error, which `closeWhatIsWhole` keeps.
    this.summing = sums.catch(() => {})
    return sums
  }
}

function peersOf({ models }: OpenRound): number[] {
  return [...models.keys()].sort((a, b) => a - b)
}

function figuresOf(
  round: number,
  entry: OpenRound,
  peers: readonly number[],
  attackers: number,
  consensusDistance: number | undefined,
  ofMean: number | undefined,
): Omit<RoundFigures, 'sentBytes' | 'seconds'> {
  const tested = peers.flatMap(peer => entry.tested.get(peer) ?? [])
  const finals = peers.flatMap(peer => entry.finals.get(peer) ?? [])
  const backdoors = tested.flatMap(({ backdoor }) => backdoor ?? [])
  return {
    type: 'round',
    round,
    peers: peers.length,
    ...(attackers > 0 && { attackers }),
    ...(tested.length > 0 && {
      accuracy: { ...spreadOf(tested.map(({ accuracy }) => accuracy)), ...(ofMean !== undefined && { ofMean }) },
      beside: besideOf(tested),
    }),
    ...(backdoors.length > 0 && { backdoor: spreadOf(backdoors) }),
    // Of those that have trained: with a budget of privacy a peer may have none.
    loss: spreadOf(peers.flatMap(peer => entry.losses.get(peer) ?? []).filter(loss => !Number.isNaN(loss))).mean,
    ...(consensusDistance !== undefined && { consensusDistance }),
    ...(entry.silent > 0 && { silent: entry.silent }),
    ...(finals.length > 0 && {
      final: {
        own: spreadOf(finals.map(({ own }) => own)),
        merged: spreadOf(finals.map(({ merged }) => merged)),
        betterOwn: finals.filter(({ better }) => better === 'own').length,
        incomplete: finals.filter(({ isMerged, missed }) => !isMerged || missed.length > 0).length,
      },
    }),
    absent: entry.absent,
    samples: entry.samples,
  }
}
