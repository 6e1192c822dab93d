import { equals } from 'uint8arrays/equals'
import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import type { CopyLink, PeerIdStr } from '../../gossip/index.js'
import { type Kept, partOf } from '../../methods/index.js'
import { areFinite, reserveVector, squaredNorm } from '../../tensors/index.js'
import { copyInSlices, inSlices } from '../../turns.js'
import { validate } from '../../validation.js'
import type { WholeVectors } from './whole-vectors.js'

/** A vector as its owner's neighbours know it: the sum of all that it was heard to say. */
export interface Copy {
  readonly values: Float32Array
  /** SHA-256 of it, whole; undefined where it was restored and not asked for yet. */
  digest: Uint8Array<ArrayBuffer> | undefined
  /** The round of what was added last; −1 before the first. */
  round: number
}

export interface CopiesInit {
  readonly self: PeerIdStr
  /** Where all peers begin that begin alike. Not kept. */
  readonly start: Float32Array
  readonly whole: Pick<WholeVectors, 'digestOf'>
  /** Largest Euclidean norm of a copy. */
  readonly normLimit: number
  /** Of the whole run. */
  readonly rounds: number
}

/** More neighbours than any run gives a peer. */
const copiesLimit = 4096
const prefix = 'copy:'
const roundsBelow = (rounds: number) =>
  z
    .array(
      z
        .int()
        .min(-1)
        .max(rounds - 1),
    )
    .min(1)
    .max(copiesLimit)

/**
 * The state of a run with memory (ALGORITHMS-2.md 5.1): the public copy of the own vector, and that of each neighbour's.
 * Both ends add the same decoded numbers in float32, so that a copy has the same bits at its owner and at all of its
 * neighbours.
 */
export class Copies {
  readonly own: Copy
  private readonly others = new Map<PeerIdStr, Copy>()

  constructor(private readonly init: CopiesInit) {
    this.own = { values: copyOf(init.start), digest: undefined, round: -1 }
  }

  of(peer: PeerIdStr): Copy | undefined {
    return this.others.get(peer)
  }

  /** All neighbours begin where this peer does. Those that do not are found out by their first message. */
  begin(neighbours: Iterable<PeerIdStr>): void {
    for (const peer of neighbours) {
      if (!this.others.has(peer)) this.others.set(peer, { ...this.own, values: copyOf(this.own.values) })
    }
  }

  /** Drops the copies of all others: memory is bounded by the number of neighbours. */
  keepOnly(neighbours: ReadonlySet<PeerIdStr>): void {
    for (const peer of this.others.keys()) if (!neighbours.has(peer)) this.others.delete(peer)
  }

  drop(peer: PeerIdStr): void {
    this.others.delete(peer)
  }

  /** The digest of a copy, computed where it is not known. */
  async digestOf(copy: Copy): Promise<Uint8Array<ArrayBuffer>> {
    copy.digest ??= await this.init.whole.digestOf(copy.values)
    return copy.digest
  }

  /** Writes what a vector has and the copy of it has not. */
  async lacking(out: Float32Array, values: Float32Array): Promise<void> {
    const copy = this.own.values
    await inSlices(out.length, 3, (from, to) => {
      for (let k = from; k < to; k++) out[k] = values[k]! - copy[k]!
    })
  }

  /** Adds what was said. @returns whether the copy is still a vector that anybody would take */
  async add(copy: Copy, said: Float32Array): Promise<boolean> {
    const { values } = copy
    let squares = 0
    await inSlices(values.length, 3, (from, to) => {
      for (let k = from; k < to; k++) values[k]! += said[k]!
      squares += squaredNorm(values, from, to)
    })
    copy.digest = undefined
    return squares <= this.init.normLimit ** 2
  }

  /** Puts a whole vector in place of a copy. */
  async replace(
    peer: PeerIdStr,
    values: Float32Array,
    { digest, round }: Pick<Copy, 'digest' | 'round'>,
  ): Promise<void> {
    const copy = this.others.get(peer) ?? { values: reserveVector(values.length), digest, round }
    await copyInSlices(copy.values, values)
    this.others.set(peer, Object.assign(copy, { digest, round }))
  }

  /** Adds it to what the method keeps. */
  kept(method: Kept): Kept {
    const ids = [...this.others.keys()].sort()
    const all = [[this.init.self, this.own] as const, ...ids.map(id => [id, this.others.get(id)!] as const)]
    const tensors = all.map(([id, { values }]) => ({ name: `${prefix}${id}`, shape: [values.length], values }))
    const copies = all.map(([, { round }]) => round)
    return { ...method, tensors: [...method.tensors, ...tensors], numbers: { ...method.numbers, copies } }
  }

  /**
   * Goes on from what was kept.
   *
   * @param restoreMethod - is given the rest of it, which is the method's, and throws where it does not fit
   * @throws {@link HearsayError} `PARAMETERS` where it does not fit, or what that throws: nothing is restored then
   */
  restore(kept: Kept, source: string, restoreMethod: (rest: Kept) => void): void {
    const { tensors, numbers: copies, rest } = partOf(kept, prefix, 'copies')
    if (tensors.length === 0 && copies === undefined) {
      restoreMethod(rest)
      return
    }
    const rounds = validate(roundsBelow(this.init.rounds), copies, `${source}: copies`, 'PARAMETERS')
    const size = this.own.values.length
    const broken = tensors.find(({ values }) => values.length !== size || !areFinite(values))
    if (broken !== undefined || rounds.length !== tensors.length || tensors[0]!.name !== `${prefix}${this.init.self}`) {
      const what = broken?.name ?? 'the copies'
      throw new HearsayError('PARAMETERS', `${what} of the run’s memory do not fit; was it written by another peer?`, {
        source,
      })
    }
    restoreMethod(rest)
    this.others.clear()
    for (const [at, { name, values }] of tensors.entries()) {
      const round = rounds[at]!
      if (at > 0) {
        this.others.set(name.slice(prefix.length), { values: copyOf(values), digest: undefined, round })
        continue
      }
      this.own.values.set(values)
      Object.assign(this.own, { digest: undefined, round })
    }
  }
}

/** Does a message that has this link go on from the copy that is held? */
export function follows(link: CopyLink, digest: Uint8Array): boolean {
  return equals(link.follows, digest)
}

/** Is the copy that is held the one that a message with this link leads to? */
export function isReached(link: CopyLink, digest: Uint8Array | undefined): boolean {
  return digest !== undefined && equals(link.becomes, digest)
}

function copyOf(values: Float32Array): Float32Array {
  const copy = reserveVector(values.length)
  copy.set(values)
  return copy
}
