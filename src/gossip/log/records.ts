import type { PeerIdStr } from '../peer-id.js'
import type { SignedMessage } from '../pubsub/signed-message.js'
import type { LogRejection, MeasuredRecord } from './record.js'

/** A record that is here, as its author signed it. */
export interface SignedRecord extends MeasuredRecord {
  readonly author: PeerIdStr
  readonly signed: SignedMessage
}

export interface RecordsInit {
  /** Number of rounds of the run: a record of that round is its author's last word. */
  readonly rounds: number
  readonly authors: number
  /** Records of one author, at most. */
  readonly perAuthor: number
}

/**
 * The records of a run from some round on: a set that only grows, until its beginning moves on. Any order and any
 * duplication of the same records gives one set, so that peers that have heard the same of each other count the same.
 *
 * Of two records of one author and round, which only a liar or a peer that went back signs, the one with the smaller bytes
 * counts, at every peer. Of last words, which are not counted, the one that was signed later.
 */
export class Records {
  /** By round, then by author. */
  private readonly held = new Map<number, Map<PeerIdStr, SignedRecord>>()
  /** Number of records by author. */
  private readonly authors = new Map<PeerIdStr, number>()
  private members: ReadonlySet<PeerIdStr> | undefined
  private first = 0
  private changed = Number.POSITIVE_INFINITY

  constructor(private readonly init: RecordsInit) {}

  /** @returns why it is not taken, if it is not */
  add(record: SignedRecord): LogRejection | undefined {
    const { author, round } = record
    if (this.members?.has(author) === false) return 'NOT_A_MEMBER'
    if (round < this.first) return 'STALE_ROUND'
    const before = this.of(round).get(author)
    if (before !== undefined && !this.displaces(record, before)) return 'DUPLICATE'
    if (before === undefined) {
      const count = this.authors.get(author) ?? 0
      if (count === 0 && this.authors.size >= Math.max(this.init.authors, this.members?.size ?? 0)) {
        return 'TOO_MANY_PEERS'
      }
      if (count >= this.init.perAuthor) return 'TOO_MANY_RECORDS'
      this.authors.set(author, count + 1)
    }
    const all = this.held.get(round) ?? new Map<PeerIdStr, SignedRecord>()
    this.held.set(round, all.set(author, record))
    if (round < this.init.rounds) this.changed = Math.min(this.changed, round)
    return undefined
  }

  of(round: number): ReadonlyMap<PeerIdStr, SignedRecord> {
    return this.held.get(round) ?? new Map()
  }

  /** In the order of the authors' ids, by code units, so that it does not depend on a machine's locale. */
  sorted(round: number): SignedRecord[] {
    return [...this.of(round).values()].sort((a, b) => (a.author < b.author ? -1 : 1))
  }

  /** From the first round to the last. */
  all(): SignedRecord[] {
    return [...this.held.keys()].sort((a, b) => a - b).flatMap(round => this.sorted(round))
  }

  /** Is there any such round as {@link takeChanged} returns? */
  get hasChanged(): boolean {
    return this.changed !== Number.POSITIVE_INFINITY
  }

  /** The first round whose records are others than at the last call; infinite where all are the same. */
  takeChanged(): number {
    const { changed } = this
    this.changed = Number.POSITIVE_INFINITY
    return changed
  }

  /** The records of earlier rounds are dropped, and no longer taken. */
  beginWith(round: number): void {
    this.first = round
    for (const [at, records] of this.held) {
      if (at >= round) continue
      this.held.delete(at)
      for (const author of records.keys()) this.uncount(author)
    }
  }

  /** From now on only records of these are taken; those of others are dropped. */
  keepOnly(members: ReadonlySet<PeerIdStr>): void {
    this.members = members
    for (const [round, records] of this.held) {
      for (const author of [...records.keys()].filter(author => !members.has(author))) {
        records.delete(author)
        this.uncount(author)
        this.changed = Math.min(this.changed, round)
      }
    }
  }

  private displaces(record: SignedRecord, before: SignedRecord): boolean {
    if (record.round === this.init.rounds) return record.signed.sequence > before.signed.sequence
    return Buffer.compare(record.signed.data, before.signed.data) < 0
  }

  private uncount(author: PeerIdStr): void {
    const left = this.authors.get(author)! - 1
    if (left === 0) this.authors.delete(author)
    else this.authors.set(author, left)
  }
}
