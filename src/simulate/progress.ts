import type { SavedFigures, SavedRun } from '../disk/index.js'
import type { Tested } from '../methods/index.js'
import type { RoundFigures, RunEvent } from '../node/index.js'

/** A run's totals so far, and those at the end of a round, though fast peers may be in later rounds. */
export interface ProgressOf {
  add(event: RunEvent): void
  readonly failed: ReadonlySet<number>
  readonly samples: number
  readonly absent: number
  tested(peer: number): Tested | undefined
  /** The last round whose heads count as received; not a dead peer's last, in which it is chance which heads arrive. */
  heardUpTo(peer: number): number
  /** Has every peer that is alive ended this round? */
  isWhole(round: number): boolean
  /** Must be called for the rounds in order, once each. */
  figuresAt(round: RoundFigures): Omit<SavedFigures, 'rejected' | 'sentBytes' | 'traffic'>
  /** Must be called for the rounds in order. */
  peersAt(round: number): { readonly failed: boolean; readonly tested: Tested | undefined }[]
}

interface Test {
  readonly round: number
  readonly tested: Tested
}

/**
 * @param ids - of the peers, in the order of their numbers
 * @param from - the kept state of a resumed run
 * @param isKept - whether the run's state is kept, and with it what peers tested in earlier rounds than their last
 */
export function createProgressOf(ids: readonly string[], from: SavedRun | undefined, isKept: boolean): ProgressOf {
  const places = new Map(ids.map((id, place) => [id, place]))
  const failed = new Set<number>()
  const diedIn = new Map<number, number>()
  const ended = new Map<number, number>()
  const tests: Test[][] = ids.map((_, peer) => {
    const before = from?.peers[peer]
    if (before?.failed === true) failed.add(peer)
    return before?.tested === undefined ? [] : [{ round: -1, tested: before.tested }]
  })
  const whole = { samples: from?.samples ?? 0, absent: from?.absent ?? 0 }
  let { samples, absent } = whole
  let lastTested = from?.lastTested

  const testedAt = (peer: number, round: number): Tested | undefined =>
    tests[peer]!.findLast(test => test.round <= round)?.tested

  return {
    failed,
    get samples() {
      return samples
    },
    get absent() {
      return absent
    },
    add(event) {
      if (event.type === 'trained') samples += event.samples
      if (event.type === 'exchanged') absent += event.absent.length
      if (event.type === 'ended') ended.set(places.get(event.peer)!, event.round)
      if (event.type === 'evaluated') {
        const { type: _, atMs: __, peer, round, ...tested } = event
        const own = tests[places.get(peer)!]!
        // A confusion matrix of 100 classes has 10,000 numbers: no more tests are held than will be asked for.
        if (!isKept) own.length = 0
        own.push({ round, tested })
      }
      if (event.type === 'failed') {
        const peer = places.get(event.peer)!
        failed.add(peer)
        diedIn.set(peer, event.round)
      }
    },
    heardUpTo: peer => (diedIn.get(peer) ?? Number.POSITIVE_INFINITY) - 1,
    tested: peer => testedAt(peer, Number.POSITIVE_INFINITY),
    isWhole: round => tests.every((_, peer) => failed.has(peer) || (ended.get(peer) ?? -1) >= round),
    figuresAt(figures) {
      whole.samples += figures.samples
      whole.absent += figures.absent
      if (figures.accuracy !== undefined) lastTested = figures
      const { round, seconds } = figures
      return { rounds: round + 1, last: figures, lastTested, ...whole, seconds }
    },
    peersAt: round =>
      tests.map((own, peer) => {
        const before = own.findLastIndex(test => test.round <= round)
        if (before > 0) own.splice(0, before)
        return { failed: failed.has(peer) && (diedIn.get(peer) ?? -1) <= round, tested: testedAt(peer, round) }
      }),
  }
}
