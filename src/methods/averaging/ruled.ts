import { contributions, type PublicCopy, type Ruled, type Ruling, summed, towards } from '../../merge/index.js'
import type { MixingRow } from '../../topology/index.js'
import { inPieces, inSlices } from '../../turns.js'
import { normOf } from '../norm.js'
import type { RefusedHead } from '../session.js'
import type { MergeAsked, PassOf } from './believing.js'

/** Where a rule is asked: one exchange, as one peer sees it. */
export interface RuleAt {
  readonly row: MixingRow
  readonly self: number
  /** Which of the round's gossip steps. */
  readonly step: number
  /** The share of the run's rounds that are over. */
  readonly progress: number
  /** How many vectors came: those that are not believed may be a liar's. */
  readonly received: number
}

/** A rule's merge of heads: what `Believing.merge` is asked with, and what it came to. */
export interface RuledHeads extends Pick<MergeAsked, 'passOf' | 'measure' | 'aloneOf'> {
  /** The last merge that was made, where there was any head to merge. */
  last(): Ruled | undefined
}

/**
 * How heads are merged by a rule. Of a single head it would make nothing, which shows no harm: that is averaged.
 *
 * @param copy - with CHOCO: as in a `Swap`, of the head
 */
export function ruledHeads(ruling: Ruling, at: RuleAt, copy?: PublicCopy): RuledHeads {
  const { row, self, received } = at
  let last: Ruled | undefined
  const meanOf: PassOf = (own, believed) => summed(contributions(row, self, own, believed))
  const passOf: PassOf = async (own, believed, seen) => {
    const parts = contributions(row, self, own, believed)
    last = await ruling.rule({ ...at, ...seen, parts, found: received - believed.size, inPieces })
    return last
  }
  return {
    passOf: copy === undefined ? passOf : stepping(passOf, copy),
    measure: vectors => ruling.measure(vectors),
    aloneOf: copy === undefined ? meanOf : stepping(meanOf, copy),
    last: () => last,
  }
}

/** Called once a rule's merge stands: what the rule keeps is made again, as with CHOCO it is not what was merged into. */
export async function settle(ruled: Ruled): Promise<void> {
  const centre = ruled.settle()
  if (centre !== undefined) await inSlices(centre.length, ruled.vectors, (from, to) => ruled.write(centre, from, to))
}

/** With CHOCO: the merge is of copies, and the own vector goes towards it. */
export function stepping(passOf: PassOf, copy: PublicCopy): PassOf {
  return async (own, believed, seen) => towards(await passOf(copy.values, believed, seen), own, copy)
}

/**
 * A rule's merge of vectors that came beside the heads.
 *
 * @param copy - with CHOCO: as in a `Swap`, of this vector
 */
export async function mergeRuled(
  out: Float32Array,
  vector: Float32Array,
  others: ReadonlyMap<number, Float32Array>,
  ruling: Ruling,
  at: RuleAt,
  copy?: PublicCopy,
): Promise<void> {
  const own = copy?.values ?? vector
  const { row, self, received } = at
  const measure = ruling.measure({ self, own, others })
  await inSlices(own.length, measure.vectors, ...measure.rows)
  const parts = contributions(row, self, own, others)
  const found = received - others.size
  const norm = await normOf(own)
  const ruled = await ruling.rule({ ...at, parts, measure, found, norm, moved: 0, lossOf: noLoss, inPieces })
  const pass = copy === undefined ? ruled : towards(ruled, vector, copy)
  await inSlices(own.length, pass.vectors, (from, to) => pass.write(out, from, to))
  await settle(ruled)
}

const noLoss = (): never => {
  throw new RangeError('no loss but that of a head')
}

/** The heads that a rule left without any weight, or could not judge, and why. */
export function outvoted(
  { given, needed }: Ruled,
  { row, self }: Pick<RuleAt, 'row' | 'self'>,
  believed: Iterable<number>,
): Omit<RefusedHead, 'name'>[] {
  const asked = new Map(row.from.map(({ peer, weight }) => [peer, weight]))
  return [...believed].flatMap((peer): Omit<RefusedHead, 'name'>[] => {
    if (peer === self || (needed === undefined && given.get(peer) !== 0)) return []
    if (needed !== undefined) return [{ peer, reason: 'TOO_FEW', needed }]
    return [{ peer, reason: 'OUTVOTED', asked: asked.get(peer)! }]
  })
}
