import { reserveVector } from '../../tensors/index.js'
import { type Contribution, type Pass, summed } from '../mix.js'
import { rankedMean, rankShares } from '../ranks.js'
import { keptBound } from './bound.js'
import { type Measure, type Measured, measure } from './measure.js'
import { ruleOf } from './registry.js'
import type { Council, Radius, RankingRule, RuleSection, WeighingRule } from './rule.js'

/** One merge that a rule is asked for. */
export interface MergeToRule extends Pick<Council, 'norm' | 'moved' | 'progress' | 'inPieces'> {
  /** As `contributions` gives them. */
  readonly parts: readonly Contribution[]
  readonly self: number
  /** Of the vectors in `parts`, and maybe of more. */
  readonly measure: Measure
  /** Which of the round's gossip steps. */
  readonly step: number
  /**
   * Vectors that came and were refused already. `tolerate` is less by as many, and 1 at least where it is not 0: who was
   * refused may have been honest.
   */
  readonly found: number
  /** See `Council`; by peer. */
  lossOf(peer: number): Promise<number>
}

/** A merge as the rule will have it. */
export interface Ruled extends Pass {
  /** The weight of each vector by peer; of ranks, the share of the numbers that are taken of it. */
  readonly given: ReadonlyMap<number, number>
  /** How many vectors the rule needs, where it has fewer: the own one stays. */
  readonly needed?: number
  /** Of a rule that believes whoever lies within a radius. */
  readonly radius?: Radius
  /**
   * Called once this merge stands: the next one goes on from it.
   *
   * @returns a vector that is to receive the merged one, where the rule keeps it
   */
  settle(): Float32Array | undefined
}

/** A rule at work on one vector of a peer, with what it keeps from round to round. */
export interface Ruling {
  /** See `Rule`. */
  readonly keepsWeights: boolean
  /** Begins to measure what the rule sees. */
  measure(vectors: Pick<Measured, 'self' | 'own' | 'others'>): Measure
  rule(merge: MergeToRule): Promise<Ruled>
  /** What is kept of τ by gossip step, 0 where there is none yet. */
  bounds(): readonly number[]
  /** The result of the last merge, where the rule keeps it and there was one. */
  centre(): Float32Array | undefined
  /** Goes on from what was kept. */
  restore(bounds: readonly number[], centre?: Float32Array): void
  /** Discards the result of the last merge: training diverged on it. */
  forget(): void
}

type Writer = Pass & Pick<Ruled, 'given' | 'radius'> & { readonly bound?: number }

/** A rule as the manifest has it, for vectors of one length. */
export function createRuling(section: RuleSection): Ruling {
  const rule = ruleOf(section)
  const { tolerate = 0 } = section
  const keepsCentre = 'weigh' in rule && rule.keepsCentre === true
  let bounds: number[] = []
  let centre: Float32Array | undefined
  return {
    keepsWeights: rule.keepsWeights === true,
    measure: vectors =>
      measure({
        ...vectors,
        pairs: 'weigh' in rule && rule.measures === 'pairs',
        ...(keepsCentre && { centre: centre ?? vectors.own }),
      }),
    async rule(merge) {
      const { parts, self, step, found } = merge
      const liars = Math.max(Math.min(1, tolerate), tolerate - found)
      const needed = rule.needed(section, liars)
      const own = parts.find(({ peer }) => peer === self)!
      // Alone, a peer keeps what it has, whatever the rule keeps of the others.
      if (parts.length < Math.max(2, needed)) {
        return { ...sumOf([{ ...own, weight: 1 }]), needed, settle: () => undefined }
      }
      const writer =
        'weigh' in rule
          ? await weighed(
              rule,
              section,
              merge,
              { liars, bound: bounds[step] || undefined },
              keepsCentre ? (centre ?? own.values) : undefined,
            )
          : await ranked(rule, section, merge, liars)
      return {
        ...writer,
        settle() {
          if (writer.bound !== undefined) {
            for (let before = bounds.length; before < step; before++) bounds[before] = 0
            bounds[step] = keptBound(writer.bound, bounds[step]) ?? 0
          }
          if (keepsCentre) centre ??= reserveVector(own.values.length)
          return centre
        },
      }
    },
    bounds: () => [...bounds],
    centre: () => centre,
    restore(before, last) {
      bounds = [...before]
      centre = last
    },
    forget() {
      centre = undefined
    },
  }
}

async function weighed(
  rule: WeighingRule,
  section: RuleSection,
  { parts, self, measure, norm, moved, progress, lossOf, inPieces }: MergeToRule,
  state: Pick<Council, 'liars' | 'bound'>,
  centre: Float32Array | undefined,
): Promise<Writer> {
  const near = measure.near()
  const { weights, ...chosen } = await rule.weigh(section, {
    ...state,
    self: parts.findIndex(({ peer }) => peer === self),
    asked: parts.map(({ weight }) => weight),
    near: parts.map(({ peer }) => Math.sqrt(near.get(peer) ?? 0)),
    norm,
    moved,
    squares:
      rule.measures === 'pairs'
        ? await measure.squares(
            parts.map(({ peer }) => peer),
            inPieces,
          )
        : [],
    progress,
    lossOf: place => lossOf(parts[place]!.peer),
    inPieces,
  })
  const given = parts.map((part, place) => ({ ...part, weight: weights[place]! }))
  const all = centre === undefined ? given : [...given, { peer: self, weight: weights[parts.length]!, values: centre }]
  return { ...sumOf(all), ...chosen }
}

/** The weighted sum. What has no weight is left out, so that what is left alone is copied bit for bit. */
function sumOf(all: readonly Contribution[]): Writer {
  const some = all.filter(({ weight }) => weight !== 0)
  const parts = some.length === 1 ? [{ ...some[0]!, weight: 1 }] : some
  const given = new Map<number, number>(all.map(({ peer }) => [peer, 0]))
  for (const { peer, weight } of parts) given.set(peer, given.get(peer)! + weight)
  return { ...summed(parts), given }
}

async function ranked(
  rule: RankingRule,
  section: RuleSection,
  { parts, inPieces }: MergeToRule,
  liars: number,
): Promise<Writer> {
  const vectors = parts.map(({ values }) => values)
  const ranks = rule.ranks(section, vectors.length, liars)
  const shares = await rankShares(vectors, ranks, inPieces)
  return {
    ...rankedMean(vectors, ranks),
    given: new Map(parts.map(({ peer }, place) => [peer, shares[place]!])),
  }
}

/** @returns the same rule's requirement, for graphs: see `Rule.needed` */
export function vectorsNeeded(section: RuleSection): number {
  return ruleOf(section).needed(section, section.tolerate ?? 0)
}
