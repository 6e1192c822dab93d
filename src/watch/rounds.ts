import { consensusDistance, meanOf } from '../merge/index.js'
import type { PeerEvent } from '../node/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import type { RoundFigures, Spread } from './events.js'

export interface RoundBookInit {
  readonly peers: number
  readonly head: HeadSection
  /** The peer's whole model as it is now. */
  readonly parametersOf: (peer: number) => Float32Array
  /** Accuracy of the averaged model. */
  readonly evaluateMean: (mean: Float32Array) => Promise<number>
  /** Bytes that all peers have sent so far. */
  readonly sentBytes: () => number
}

/** Puts the peers' events together into figures of whole rounds. */
export interface RoundBook {
  /** Notes an event. At `evaluated` the peer's model is copied: it will change as soon as the peer goes on. */
  add(event: PeerEvent): void
  /** This peer takes part in no later round, nor in the one it was in. */
  lose(peer: number): void
  /** The rounds whose figures have come out since the last call, in order. */
  ready(): RoundFigures[]
  /** The same, after waiting for all that is under way. */
  settle(): Promise<RoundFigures[]>
  /** The last round whose figures have come out. */
  last(): RoundFigures | undefined
}

interface OpenRound {
  readonly models: Map<number, Float32Array>
  readonly accuracies: Map<number, number>
  readonly losses: Map<number, number>
  samples: number
  absent: number
}

export function createRoundBook(init: RoundBookInit): RoundBook {
  const live = new Set(Array.from({ length: init.peers }, (_, peer) => peer))
  const open = new Map<number, OpenRound>()
  const spare: Float32Array[] = []
  const finished: RoundFigures[] = []
  const underWay = new Set<Promise<void>>()
  let failure: unknown
  let startedAt: number | undefined
  let queue: Promise<void> = Promise.resolve()
  let latest: RoundFigures | undefined

  function roundOf(round: number): OpenRound {
    const known = open.get(round)
    if (known !== undefined) return known
    const fresh = { models: new Map(), accuracies: new Map(), losses: new Map(), samples: 0, absent: 0 }
    open.set(round, fresh)
    return fresh
  }

  function closeWhatIsWhole(): void {
    for (const [round, figures] of [...open].sort(([a], [b]) => a - b)) {
      if (live.size === 0 || [...live].some(peer => !figures.accuracies.has(peer))) return
      open.delete(round)
      close(round, figures)
    }
  }

  function close(round: number, { models, accuracies, losses, samples, absent }: OpenRound): void {
    const peers = [...models.keys()].sort((a, b) => a - b)
    const vectors = peers.map(peer => models.get(peer)!)
    const mean = spare.pop() ?? new Float32Array(new SharedArrayBuffer(vectors[0]!.byteLength))
    meanOf(mean, vectors)
    const distance = consensusDistance(
      vectors.map(values => headOf(values, init.head)),
      headOf(mean, init.head),
    )
    spare.push(...vectors)
    const sentBytes = init.sentBytes()
    const seconds = (performance.now() - (startedAt ?? 0)) / 1000
    const before = queue
    const work = (async () => {
      const ofMean = await init.evaluateMean(mean)
      await before
      spare.push(mean)
      latest = {
        type: 'round',
        round,
        peers: peers.length,
        accuracy: { ...spreadOf(peers.map(peer => accuracies.get(peer)!)), ofMean },
        loss: spreadOf(peers.map(peer => losses.get(peer)!)).mean,
        consensusDistance: distance,
        absent,
        samples,
        sentBytes,
        seconds,
      }
      finished.push(latest)
    })()
    queue = work.catch(error => {
      failure ??= error
    })
    const settled = queue
    underWay.add(settled)
    settled.finally(() => underWay.delete(settled))
  }

  function ready(): RoundFigures[] {
    if (failure !== undefined) throw failure
    return finished.splice(0)
  }

  return {
    add(event) {
      startedAt ??= performance.now()
      if (event.type === 'trained') {
        const round = roundOf(event.round)
        round.losses.set(event.peer, event.loss)
        round.samples += event.samples
      } else if (event.type === 'exchanged') {
        roundOf(event.round).absent += event.absent.length
      } else if (event.type === 'evaluated') {
        const round = roundOf(event.round)
        const values = init.parametersOf(event.peer)
        const copy = spare.pop() ?? new Float32Array(new SharedArrayBuffer(values.byteLength))
        copy.set(values)
        round.models.set(event.peer, copy)
        round.accuracies.set(event.peer, event.accuracy)
        closeWhatIsWhole()
      }
    },
    lose(peer) {
      live.delete(peer)
      closeWhatIsWhole()
    },
    ready,
    async settle() {
      while (underWay.size > 0) await Promise.all(underWay)
      return ready()
    },
    last: () => latest,
  }
}

/** Lowest, mean and highest of some numbers. */
export function spreadOf(values: readonly number[]): Spread {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
  }
}
