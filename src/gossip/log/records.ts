import { equals } from 'uint8arrays/equals'
import type { PeerIdStr } from '../peer-id.js'
import type { SignedMessage } from '../pubsub/signed-message.js'
import { isBehind, type LogPlace } from './place.js'
import type { LogRejection, MeasuredRecord } from './record.js'

/** A record that is here, as its author signed it. */
export interface SignedRecord extends MeasuredRecord {
  readonly author: PeerIdStr
  readonly signed: SignedMessage
  /** As it is passed on: made once, as each checkpoint and each peer that asks has it. */
  readonly entry: Uint8Array<ArrayBuffer>
}

export interface RecordsInit {
  /** Number of rounds of the run: a record of that round is its author's last word. */
  readonly rounds: number
  readonly authors: number
  /** How many rounds are kept, from the first on. */
  readonly reach: number
}

/** What one author has said of one round: a record, or two that contradict each other. */
type Statement = readonly [SignedRecord, SignedRecord?]

/**
 * The records of a run from some round on: a set that only grows, until its beginning moves on. Any order and any
 * duplication of the same records gives one set, so that peers that have heard the same of each other count the same.
 *
 * Where one author has signed two records for one round, which only a liar or a peer that went back does, none of them
 * counts, at any peer that has both. Both are kept, and prove it to others; a third is not needed. So what an author says
 * of a round changes the set twice at most. Of last words, which are not counted, the latest by its author's count is kept.
 */
export class Records {
  /** By round, then by author. */
  private readonly held = new Map<number, Map<PeerIdStr, Statement>>()
  /** Number of rounds by author. */
  private readonly authors = new Map<PeerIdStr, number>()
  private members: ReadonlySet<PeerIdStr> | undefined
  private first = 0
  private changed = Number.POSITIVE_INFINITY

  constructor(private readonly init: RecordsInit) {}

  /** @returns why it is not taken, if it is not */
  add(record: SignedRecord): LogRejection | undefined {
    const refusal = this.refusalOf(record)
    if (refusal !== undefined) return refusal
    const { author, round } = record
    const isLastWord = round === this.init.rounds
    const before = this.held.get(round)?.get(author)
    if (before === undefined) {
      const count = this.authors.get(author) ?? 0
      if (count === 0 && this.authors.size >= Math.max(this.init.authors, this.members?.size ?? 0)) {
        return 'TOO_MANY_PEERS'
      }
      this.authors.set(author, count + 1)
    }
    const all = this.held.get(round) ?? new Map<PeerIdStr, Statement>()
    this.held.set(round, all.set(author, before === undefined || isLastWord ? [record] : [before[0], record]))
    if (!isLastWord) this.changed = Math.min(this.changed, round)
    return undefined
  }

  /**
   * Why there is no use for a record. It asks nothing of the signature, so that none has to be verified in vain.
   *
   * @returns undefined where there is one
   */
  refusalOf(record: Omit<SignedRecord, 'entry'>): LogRejection | undefined {
    const { author, round } = record
    if (this.members?.has(author) === false) return 'NOT_A_MEMBER'
    if (round < this.first) return 'STALE_ROUND'
    const isLastWord = round === this.init.rounds
    // No number of records of one author is a limit then, and what is kept does not depend on which came first.
    if (!isLastWord && round >= this.first + this.init.reach) return 'TOO_EARLY'
    const before = this.held.get(round)?.get(author)
    if (before === undefined || (isLastWord ? isLater : contradicts)(record, before)) return undefined
    return 'DUPLICATE'
  }

  /** Entries that another peer's log has at most: two of each author and round, and its last word. */
  get most(): number {
    return Math.max(this.init.authors, this.members?.size ?? 0) * (2 * this.init.reach + 1)
  }

  /** What counts of this author and round. */
  of(round: number, author: PeerIdStr): SignedRecord | undefined {
    const [record, other] = this.held.get(round)?.get(author) ?? []
    return other === undefined ? record : undefined
  }

  /** Has this author signed two records for one round? */
  isVoid(round: number, author: PeerIdStr): boolean {
    return this.held.get(round)?.get(author)?.[1] !== undefined
  }

  /** What counts, in the order of the authors' ids, by code units, so that it does not depend on a machine's locale. */
  sorted(round: number): SignedRecord[] {
    return this.statements(round).flatMap(([record, other]) => (other === undefined ? [record] : []))
  }

  /**
   * What each author has said of each round, by round and then by author: one record, or two that contradict each other.
   *
   * @param place - what stands behind it. @default all
   */
  *behind(place?: LogPlace): Generator<readonly SignedRecord[], void, undefined> {
    const first = place?.round ?? 0
    for (const round of [...this.held.keys()].filter(round => round >= first).sort((a, b) => a - b)) {
      for (const statement of this.statements(round)) {
        const [record, other] = statement
        if (place === undefined || isBehind(record, place)) yield other === undefined ? [record] : [record, other]
      }
    }
  }

  /** From the first round to the last, what contradicts itself too. */
  all(): SignedRecord[] {
    return [...this.behind()].flat()
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
        if (round < this.init.rounds) this.changed = Math.min(this.changed, round)
      }
    }
  }

  private statements(round: number): Statement[] {
    return [...(this.held.get(round) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, statement]) => statement)
  }

  private uncount(author: PeerIdStr): void {
    const left = this.authors.get(author)! - 1
    if (left === 0) this.authors.delete(author)
    else this.authors.set(author, left)
  }
}

/** By the author's own count: gossipsub and the log give one message two sequence numbers. */
function isLater({ word = 0 }: MeasuredRecord, [before]: Statement): boolean {
  return word > (before.word ?? 0)
}

function contradicts({ signed }: Pick<SignedRecord, 'signed'>, [before, other]: Statement): boolean {
  return other === undefined && !equals(signed.data, before.signed.data)
}
