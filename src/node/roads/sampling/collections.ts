import type { PeerIdStr } from '../../../gossip/index.js'
import type { SampledSpec } from '../../../topology/index.js'

/** A mean of fewer models than this is no step of the run: the round is dropped (arXiv 2302.13837's number). */
const leastHeads = 3

/** Rounds that an aggregator collects at once: the one that is due, and one that peers have begun anew. */
const roundsLimit = 4

/** What has come for one round at its aggregator. */
export class Collection {
  readonly heads = new Map<PeerIdStr, Float32Array>()
  private sampled = 1

  constructor(private readonly fraction: number) {}

  /** How many have trained, as one of them says. */
  expect(sampled: number): void {
    this.sampled = Math.max(this.sampled, sampled)
  }

  /** @returns whether it is the first of this sender */
  add(from: PeerIdStr, head: Float32Array): boolean {
    if (this.heads.has(from)) return false
    this.heads.set(from, head)
    return true
  }

  /** So many are waited for. */
  get wanted(): number {
    return Math.max(1, Math.floor(this.sampled * this.fraction))
  }

  get isComplete(): boolean {
    return this.heads.size >= this.wanted
  }

  /** Are there enough to go on with when the wait is over? */
  get isEnough(): boolean {
    return this.heads.size >= Math.min(leastHeads, this.wanted)
  }

  /** Those that are averaged, of all that came: no more than are waited for. @param order - the first first */
  chosen(order: readonly PeerIdStr[]): PeerIdStr[] {
    return order.slice(0, this.wanted)
  }
}

/** What a peer collects as an aggregator, by round. */
export class Collections {
  private readonly open = new Map<number, Collection>()
  /** No round up to this one is collected any more. */
  private over = 0

  constructor(private readonly settings: Pick<SampledSpec, 'fraction'>) {}

  isOver(round: number): boolean {
    return round <= this.over
  }

  of(round: number): Collection {
    const known = this.open.get(round)
    if (known !== undefined) return known
    const fresh = new Collection(this.settings.fraction)
    this.open.set(round, fresh)
    // The oldest makes room, so that calls for ever later rounds fill no memory.
    if (this.open.size > roundsLimit) this.open.delete(Math.min(...this.open.keys()))
    return fresh
  }

  /** Has anything come for this round? */
  has(round: number): boolean {
    return (this.open.get(round)?.heads.size ?? 0) > 0
  }

  /** Ends this round and those before it. @returns the heads that came, which are not needed any more */
  end(round: number): Float32Array[] {
    this.over = Math.max(this.over, round)
    const past = [...this.open].filter(([other]) => other <= round)
    for (const [other] of past) this.open.delete(other)
    return past.flatMap(([, { heads }]) => [...heads.values()])
  }
}
