import { randomBytes } from 'node:crypto'
import { equals } from 'uint8arrays/equals'
import { sha256 } from '../digest.js'
import { adds, createMaskKey, maskOf } from '../masks/mask.js'
import type { PeerIdStr } from '../peer-id.js'
import { addModular } from './modular.js'
import type { Statement, StatementRejection } from './statement.js'
import type { SummedNumbers } from './sum.js'

/*
 * The sum of peers' numbers, of which no peer learns more than the sum. The states of one peer:
 *
 *     keys ── the keys of all live peers are here ──> masked ── all masked numbers of the group are here ──>
 *     open ── all seeds are here ──> summed
 *
 * The group is the set of live peers, so that all peers that see the same ones form the same group without a request.
 * For a group a peer publishes its numbers plus a mask with each other member, which the sum cancels, plus one of its
 * own, whose seed it publishes only once it has the numbers of all. If the group loses a member before that, what was
 * published for it stays masked for good, and the others form a new one: the sums of two groups that differ by one peer
 * would give its numbers away. A peer that has published its seed stays with the group until it is summed, or a member
 * that has not published its own is gone; and a peer that has all seeds passes them on, so that none of the others is
 * left without.
 *
 * A seed counts for a peer that has the same masked numbers of all (`transcript`): a member that publishes different
 * numbers to different peers can stop a group, and is then left out, but not bring about two sums.
 */

export interface MaskedSumInit {
  readonly self: PeerIdStr
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Little-endian, one after another; every peer has as many. */
  readonly own: Uint8Array
  /** See {@link addModular}. */
  readonly widths: readonly number[]
  /** Longest part of the masked numbers in one statement. */
  readonly partBytes: number
  /** The fewest peers of a sum. */
  readonly smallest: number
}

/** Groups kept of one author: those that it formed last, as peers came and went. */
const groupsKept = 4
/** New keys that one author may publish: it has one for each start of its process. */
const keysPerAuthor = 16

/** The masked numbers of one author for one group, part by part. */
interface Published {
  readonly commitment: Uint8Array
  readonly parts: (Uint8Array | undefined)[]
}

/** The same once all parts are here. */
interface Whole {
  readonly commitment: Uint8Array
  readonly parts: readonly Uint8Array[]
}

interface Group {
  readonly id: string
  readonly digest: Uint8Array
  readonly members: readonly PeerIdStr[]
  readonly seed: Uint8Array
  readonly masked: Uint8Array
  /** Published seeds, by member; our own once all masked numbers are here. */
  readonly seeds: Map<PeerIdStr, Uint8Array>
  /** Set once the masked numbers of all are here. */
  transcript?: Uint8Array
}

/** One peer's part in the sum: a state machine without network and clock. */
export class MaskedSum {
  readonly #init: MaskedSumInit
  readonly #key = createMaskKey()
  readonly #parts: number
  readonly #keys = new Map<
    PeerIdStr,
    { readonly key: Uint8Array; readonly secret: Uint8Array; readonly changes: number }
  >()
  readonly #published = new Map<PeerIdStr, Map<string, Published>>()
  /** Our groups, the latest last: what was published for a group must stay the same when it is formed again. */
  readonly #groups = new Map<string, Group>()
  readonly #leftOut = new Set<PeerIdStr>()
  #live: readonly PeerIdStr[] = []
  #current: Group | undefined
  #sum: SummedNumbers | undefined

  constructor(init: MaskedSumInit) {
    this.#init = init
    this.#parts = Math.max(1, Math.ceil(init.own.length / init.partBytes))
  }

  /** Once it is there it does not change. */
  get sum(): SummedNumbers | undefined {
    return this.#sum
  }

  /** What others are to receive: repeated until there is a sum; afterwards, whenever a peer has none yet. */
  statements(): Statement[] {
    const key: Statement = { kind: 'key', key: this.#key.publicKey }
    if (this.#current === undefined) return [key]
    const { digest: group, seed, masked, transcript, seeds } = this.#current
    const opened: Statement[] =
      transcript === undefined ? [] : [{ kind: 'seeds', group, transcript, seeds: [...seeds.values()] }]
    // A peer that has opened the group has received all the rest.
    if (this.#sum !== undefined) return opened
    const commitment = sha256(seed)
    const { partBytes } = this.#init
    const numbers = Array.from({ length: this.#parts }, (_, part): Statement => {
      const bytes = masked.subarray(part * partBytes, (part + 1) * partBytes)
      return { kind: 'masked', group, commitment, part, bytes }
    })
    return [key, ...numbers, ...opened]
  }

  /** @returns why the statement was refused */
  receive(author: PeerIdStr, statement: Statement): StatementRejection | undefined {
    if (author === this.#init.self) return undefined
    const reason = this.#add(author, statement)
    this.#advance()
    return reason
  }

  /** The other peers that are live now. */
  setLive(live: readonly PeerIdStr[]): void {
    this.#live = live.filter(peer => peer !== this.#init.self)
    this.#advance()
  }

  /** Peers whose statement is missing now. */
  missing(): PeerIdStr[] {
    if (this.#sum !== undefined) return []
    const current = this.#current
    if (current === undefined) return this.#others().filter(peer => !this.#keys.has(peer))
    const { members, seeds, transcript } = current
    return members.filter(member =>
      transcript === undefined ? this.#wholeOf(member, current) === undefined : !seeds.has(member),
    )
  }

  /** Goes on without a peer that is live and silent. */
  leaveOut(peer: PeerIdStr): void {
    this.#leftOut.add(peer)
    this.#advance()
  }

  #others(): PeerIdStr[] {
    return this.#live.filter(peer => !this.#leftOut.has(peer))
  }

  #form(): void {
    if (this.#sum !== undefined) return
    const others = this.#others()
    const { self, smallest, runId } = this.#init
    if (this.#current?.transcript !== undefined) {
      const { members, seeds } = this.#current
      if (members.every(member => seeds.has(member) || member === self || others.includes(member))) return
    }
    this.#current = undefined
    if (others.some(peer => !this.#keys.has(peer)) || others.length + 1 < smallest) return
    const members = [self, ...others].sort()
    const keyOf = (peer: PeerIdStr): Uint8Array => (peer === self ? this.#key.publicKey : this.#keys.get(peer)!.key)
    const lines = members.map(peer => `${peer} ${Buffer.from(keyOf(peer)).toString('hex')}\n`)
    const digest = sha256('hearsay agreement 2\n', runId, ...lines)
    const id = hex(digest)
    this.#current = this.#groups.get(id) ?? this.#maskedFor(id, digest, members)
    this.#groups.delete(id)
    this.#groups.set(id, this.#current)
    for (const old of this.#groups.keys()) if (this.#groups.size > groupsKept) this.#groups.delete(old)
  }

  #maskedFor(id: string, digest: Uint8Array, members: readonly PeerIdStr[]): Group {
    const { self, own, widths } = this.#init
    const seed = Uint8Array.from(randomBytes(32))
    const masked = own.slice()
    addModular(masked, maskOf(seed, digest, own.length), widths, 1)
    for (const member of members) {
      if (member === self) continue
      const mask = maskOf(this.#keys.get(member)!.secret, digest, own.length, [self, member])
      addModular(masked, mask, widths, adds(self, member) ? 1 : -1)
    }
    return { id, digest, members, seed, masked, seeds: new Map() }
  }

  /** What a member has published for a group, once it is whole. No copy: every statement looks at each member. */
  #wholeOf(member: PeerIdStr, group: Group): Whole | undefined {
    if (member === this.#init.self) return { commitment: sha256(group.seed), parts: [group.masked] }
    const published = this.#published.get(member)?.get(group.id)
    return published?.parts.includes(undefined) === false ? (published as Whole) : undefined
  }

  /** Opens the current group and sums what is complete, as far as that goes. */
  #advance(): void {
    this.#form()
    const current = this.#current
    if (this.#sum !== undefined || current === undefined) return
    if (current.transcript === undefined) {
      const all = current.members.map(member => this.#wholeOf(member, current))
      if (all.includes(undefined)) return
      current.transcript = sha256(...all.flatMap(one => [one!.commitment, ...one!.parts]))
      current.seeds.set(this.#init.self, current.seed)
    }
    this.#finish(current)
  }

  #finish(group: Group): void {
    const { members, seeds, digest } = group
    if (this.#sum !== undefined || members.some(member => !seeds.has(member))) return
    const { own, widths } = this.#init
    const total = new Uint8Array(own.length)
    for (const member of members) {
      addModular(total, Buffer.concat(this.#wholeOf(member, group)!.parts), widths, 1)
      addModular(total, maskOf(seeds.get(member)!, digest, own.length), widths, -1)
    }
    this.#current = group
    this.#sum = { members, total }
  }

  #add(author: PeerIdStr, statement: Statement): StatementRejection | undefined {
    switch (statement.kind) {
      case 'key':
        return this.#addKey(author, statement.key)
      case 'masked':
        return this.#addMasked(author, statement)
      case 'seeds':
        return this.#addSeeds(statement)
    }
  }

  #addKey(author: PeerIdStr, theirs: Uint8Array): StatementRejection | undefined {
    const before = this.#keys.get(author)
    if (before !== undefined && equals(before.key, theirs)) return undefined
    const changes = (before?.changes ?? 0) + 1
    if (changes > keysPerAuthor) return 'TOO_OFTEN'
    const secret = theirs.length === 32 ? this.#key.secretWith(theirs) : undefined
    if (secret === undefined) return 'MALFORMED'
    this.#keys.set(author, { key: Uint8Array.from(theirs), secret, changes })
    return undefined
  }

  #addMasked(
    author: PeerIdStr,
    { group, commitment, part, bytes }: Extract<Statement, { kind: 'masked' }>,
  ): StatementRejection | undefined {
    const { own, partBytes } = this.#init
    const length = Math.min(partBytes, own.length - part * partBytes)
    const fits = group.length === 32 && commitment.length === 32 && part < this.#parts && bytes.length === length
    if (!fits) return 'MALFORMED'
    const id = hex(group)
    const byGroup = this.#published.get(author) ?? new Map<string, Published>()
    this.#published.set(author, byGroup)
    const before = byGroup.get(id) ?? {
      commitment: Uint8Array.from(commitment),
      parts: new Array(this.#parts).fill(undefined),
    }
    byGroup.set(id, before)
    const known = before.parts[part]
    if (!equals(before.commitment, commitment) || (known !== undefined && !equals(known, bytes))) {
      // Its author publishes different numbers to different peers.
      this.#leftOut.add(author)
      return 'CONFLICT'
    }
    before.parts[part] ??= Uint8Array.from(bytes)
    // The masked numbers of an open group are kept.
    for (const old of byGroup.keys()) {
      if (byGroup.size > groupsKept && this.#groups.get(old)?.transcript === undefined) byGroup.delete(old)
    }
    return undefined
  }

  /** Any peer that has a seed may pass it on: its commitment shows whose it is. */
  #addSeeds({ group, transcript, seeds }: Extract<Statement, { kind: 'seeds' }>): StatementRejection | undefined {
    const open = this.#groups.get(hex(group))
    if (open?.transcript === undefined || !equals(open.transcript, transcript)) return undefined
    for (const seed of seeds.slice(0, open.members.length)) {
      const commitment = sha256(seed)
      const owner = open.members.find(member => equals(this.#wholeOf(member, open)!.commitment, commitment))
      if (owner === undefined) return 'MALFORMED'
      open.seeds.set(owner, Uint8Array.from(seed))
    }
    this.#finish(open)
    return undefined
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
