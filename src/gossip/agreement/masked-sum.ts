import { randomBytes } from 'node:crypto'
import type { PeerIdStr } from '../peer-id.js'
import { addModular, createMaskKey, maskOf, sha256 } from './masks.js'

/*
 * The sum of peers' numbers, of which nobody learns more than the sum. As one peer lives it, without network and clock:
 *
 *     keys ── everybody who is there has said its key ──> masked ── all masked numbers of the group are here ──>
 *     open ── all seeds are here ──> summed
 *
 * The group is whoever is there, so all who see the same peers form the same one without asking. What a peer says for a
 * group are its numbers plus a mask with each other member, which the sum cancels, plus one of its own, whose seed it
 * tells only once it has the numbers of all. So what was said for a group that loses a member before that stays masked
 * for good, and the others begin again without it: of two groups that differ by one peer, both sums would give its
 * numbers away. Who has told its seed stays with the group until it is summed, or a member is gone that has not told its
 * own; and whoever has all seeds passes them on, so that none of the others is left without.
 *
 * A seed counts for whoever has the same masked numbers of all (`transcript`): a member that says different numbers to
 * different peers can stop a group, and is then left out, but not bring about two sums.
 */

/** What a peer says to all. */
export type Statement =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | {
      readonly kind: 'masked'
      readonly group: Uint8Array
      /** SHA-256 of its seed for the group. */
      readonly commitment: Uint8Array
      readonly part: number
      readonly bytes: Uint8Array
    }
  | {
      readonly kind: 'seeds'
      readonly group: Uint8Array
      readonly transcript: Uint8Array
      readonly seeds: readonly Uint8Array[]
    }

/** Why a statement was not taken. */
export type StatementRejection =
  | 'MALFORMED' // a part that there is not, or of another length; a key that is none
  | 'CONFLICT' // another than its author has said before for the same group
  | 'TOO_OFTEN' // more new keys than anybody needs

export interface SummedNumbers {
  /** Peer ids, sorted. */
  readonly members: readonly PeerIdStr[]
  readonly total: Uint8Array
}

export interface MaskedSumInit {
  readonly self: PeerIdStr
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Little-endian, one after another; everybody has as many. */
  readonly own: Uint8Array
  /** See {@link addModular}. */
  readonly widths: readonly number[]
  /** Longest part of the masked numbers that is said at once. */
  readonly partBytes: number
  /** No sum of fewer peers. */
  readonly smallest: number
}

export interface MaskedSum {
  /** What others are to hear, again and again until it is over; and afterwards, from who asks by still speaking. */
  says(): Statement[]
  hear(author: PeerIdStr, statement: Statement): StatementRejection | undefined
  /** Who of the others is there. */
  see(live: readonly PeerIdStr[]): void
  /** Whose word is missing just now. */
  waitsFor(): PeerIdStr[]
  /** Goes on without it: it is there and says nothing. */
  leaveOut(peer: PeerIdStr): void
  /** Once it is there it stays as it is. */
  readonly sum: SummedNumbers | undefined
}

/** Groups of one author that are remembered: those that it formed last, as peers came and went. */
const groupsKept = 4
/** New keys that one author may say: it has one for each start of its process. */
const keysPerAuthor = 16

interface Said {
  readonly commitment: Uint8Array
  readonly parts: (Uint8Array | undefined)[]
}

interface Group {
  readonly id: string
  readonly digest: Uint8Array
  readonly members: readonly PeerIdStr[]
  readonly seed: Uint8Array
  readonly masked: Uint8Array
  /** Seeds that were told, by member; our own once the group is open to us. */
  readonly seeds: Map<PeerIdStr, Uint8Array>
  /** Set once the masked numbers of all are here. */
  transcript?: Uint8Array
}

export function createMaskedSum(init: MaskedSumInit): MaskedSum {
  const { self, own, widths, partBytes } = init
  const key = createMaskKey()
  const parts = Math.max(1, Math.ceil(own.length / partBytes))
  const keys = new Map<PeerIdStr, { readonly key: Uint8Array; readonly secret: Uint8Array; readonly changes: number }>()
  const said = new Map<PeerIdStr, Map<string, Said>>()
  /** Ours, the latest last: what was said for a group is not to be said otherwise when it is formed again. */
  const groups = new Map<string, Group>()
  const leftOut = new Set<PeerIdStr>()
  let live: readonly PeerIdStr[] = []
  let current: Group | undefined
  let sum: SummedNumbers | undefined

  const others = (): PeerIdStr[] => live.filter(peer => !leftOut.has(peer))
  const isThere = (peer: PeerIdStr): boolean => peer === self || others().includes(peer)

  function form(): void {
    if (sum !== undefined) return
    if (current?.transcript !== undefined) {
      const { members, seeds } = current
      if (members.every(member => seeds.has(member) || isThere(member))) return
    }
    current = undefined
    const there = others()
    if (there.some(peer => !keys.has(peer)) || there.length + 1 < init.smallest) return
    const members = [self, ...there].sort()
    const keyOf = (peer: PeerIdStr): Uint8Array => (peer === self ? key.publicKey : keys.get(peer)!.key)
    const named = members.map(peer => `${peer} ${Buffer.from(keyOf(peer)).toString('hex')}\n`)
    const digest = sha256('hearsay agreement 1\n', init.runId, ...named)
    const id = hex(digest)
    current = groups.get(id) ?? maskedFor(id, digest, members)
    groups.delete(id)
    groups.set(id, current)
    for (const old of groups.keys()) if (groups.size > groupsKept) groups.delete(old)
  }

  function maskedFor(id: string, digest: Uint8Array, members: readonly PeerIdStr[]): Group {
    const seed = Uint8Array.from(randomBytes(32))
    const masked = own.slice()
    addModular(masked, maskOf(seed, digest, own.length), widths, 1)
    for (const member of members) {
      if (member === self) continue
      addModular(masked, maskOf(keys.get(member)!.secret, digest, own.length), widths, self < member ? 1 : -1)
    }
    return { id, digest, members, seed, masked, seeds: new Map() }
  }

  function saidBy(member: PeerIdStr, group: Group): { commitment: Uint8Array; masked: Uint8Array } | undefined {
    if (member === self) return { commitment: sha256(group.seed), masked: group.masked }
    const { commitment, parts: whole } = said.get(member)?.get(group.id) ?? {}
    if (commitment === undefined || whole!.includes(undefined)) return undefined
    return { commitment, masked: Buffer.concat(whole as Uint8Array[]) }
  }

  /** Opens the current group and sums what is complete, as far as that goes. */
  function advance(): void {
    form()
    if (sum !== undefined || current === undefined) return
    if (current.transcript === undefined) {
      const all = current.members.map(member => saidBy(member, current!))
      if (all.includes(undefined)) return
      current.transcript = sha256(...all.flatMap(one => [one!.commitment, one!.masked]))
      current.seeds.set(self, current.seed)
    }
    finish(current)
  }

  function finish(group: Group): void {
    const { members, seeds, digest } = group
    if (sum !== undefined || members.some(member => !seeds.has(member))) return
    const total = new Uint8Array(own.length)
    for (const member of members) {
      addModular(total, saidBy(member, group)!.masked, widths, 1)
      addModular(total, maskOf(seeds.get(member)!, digest, own.length), widths, -1)
    }
    current = group
    sum = { members, total }
  }

  function hearKey(author: PeerIdStr, theirs: Uint8Array): StatementRejection | undefined {
    const before = keys.get(author)
    if (before !== undefined && same(before.key, theirs)) return undefined
    const changes = (before?.changes ?? 0) + 1
    if (changes > keysPerAuthor) return 'TOO_OFTEN'
    const secret = theirs.length === 32 ? key.secretWith(theirs) : undefined
    if (secret === undefined) return 'MALFORMED'
    keys.set(author, { key: Uint8Array.from(theirs), secret, changes })
    return undefined
  }

  function hearMasked(
    author: PeerIdStr,
    { group, commitment, part, bytes }: Extract<Statement, { kind: 'masked' }>,
  ): StatementRejection | undefined {
    const length = Math.min(partBytes, own.length - part * partBytes)
    if (group.length !== 32 || commitment.length !== 32 || part >= parts || bytes.length !== length) return 'MALFORMED'
    const id = hex(group)
    const byGroup = said.get(author) ?? new Map<string, Said>()
    said.set(author, byGroup)
    const before = byGroup.get(id) ?? {
      commitment: Uint8Array.from(commitment),
      parts: new Array(parts).fill(undefined),
    }
    byGroup.set(id, before)
    const known = before.parts[part]
    if (!same(before.commitment, commitment) || (known !== undefined && !same(known, bytes))) {
      // Its author says one thing here and another there.
      leftOut.add(author)
      return 'CONFLICT'
    }
    before.parts[part] ??= Uint8Array.from(bytes)
    // What an open group is made of is kept.
    for (const old of byGroup.keys()) {
      if (byGroup.size > groupsKept && groups.get(old)?.transcript === undefined) byGroup.delete(old)
    }
    return undefined
  }

  /** Whoever has a seed may pass it on: its commitment says whose it is. */
  function hearSeeds({
    group,
    transcript,
    seeds,
  }: Extract<Statement, { kind: 'seeds' }>): StatementRejection | undefined {
    const open = groups.get(hex(group))
    if (open?.transcript === undefined || !same(open.transcript, transcript)) return undefined
    for (const seed of seeds.slice(0, open.members.length)) {
      const commitment = sha256(seed)
      const owner = open.members.find(member => same(saidBy(member, open)!.commitment, commitment))
      if (owner === undefined) return 'MALFORMED'
      open.seeds.set(owner, Uint8Array.from(seed))
    }
    finish(open)
    return undefined
  }

  return {
    says() {
      if (current === undefined) return [{ kind: 'key', key: key.publicKey }]
      const { digest: group, seed, masked, transcript, seeds } = current
      const told: Statement[] =
        transcript === undefined ? [] : [{ kind: 'seeds', group, transcript, seeds: [...seeds.values()] }]
      // Who has opened the group has heard all the rest.
      if (sum !== undefined) return told
      const commitment = sha256(seed)
      const numbers = Array.from({ length: parts }, (_, part): Statement => {
        return {
          kind: 'masked',
          group,
          commitment,
          part,
          bytes: masked.subarray(part * partBytes, (part + 1) * partBytes),
        }
      })
      return [{ kind: 'key', key: key.publicKey }, ...numbers, ...told]
    },
    hear(author, statement) {
      if (author === self) return undefined
      const reason =
        statement.kind === 'key'
          ? hearKey(author, statement.key)
          : statement.kind === 'masked'
            ? hearMasked(author, statement)
            : hearSeeds(statement)
      advance()
      return reason
    },
    see(now) {
      live = now.filter(peer => peer !== self)
      advance()
    },
    waitsFor() {
      if (sum !== undefined) return []
      if (current === undefined) return others().filter(peer => !keys.has(peer))
      const { members, seeds, transcript } = current
      return members.filter(member =>
        transcript === undefined ? saidBy(member, current!) === undefined : !seeds.has(member),
      )
    },
    leaveOut(peer) {
      leftOut.add(peer)
      advance()
    },
    get sum() {
      return sum
    },
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
