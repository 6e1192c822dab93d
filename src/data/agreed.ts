import * as z from 'zod'
import {
  channelsOf,
  type Dataset,
  inputNames,
  type Samples,
  type Standardisation,
  type StandardiseRule,
} from './dataset.js'
import { addMoments, isPossible, type Moments, momentsOf, spreadOf } from './moments.js'
import { shortList } from './notes.js'
import { lonelyStandardisation, type Scale, scaleOf, standardisationBy, unitOf, unknownSpread } from './standardise.js'

/*
 * One mean and one deviation of each column for all peers, from the sums over all peers and nothing else: where each
 * peer standardises by its own, a weight means something else at each, and their average means nothing.
 *
 * Sums alone do not show which peer contributed what, so a peer that lies can move them as it likes. What it can do with
 * that is bounded by the ranges that the run's manifest names: see `agree`.
 */

/** What is agreed on column by column. */
export interface AgreedColumn {
  readonly name: string
  readonly role: 'number' | 'category' | 'target'
}

/** Which columns peers must see on one scale: inputs where the rule is `agreed`, and a number that is to be predicted. */
export function agreedColumns(dataset: Dataset): AgreedColumn[] {
  const { objective } = dataset
  const inputs = ruleOf(dataset) === 'agreed' ? inputNames(dataset) : []
  return [
    ...inputs.map(({ name, isCategory }) => ({ name, role: isCategory ? 'category' : 'number' }) as const),
    ...(objective?.kind === 'regression' ? [{ name: objective.target, role: 'target' } as const] : []),
  ]
}

function ruleOf({ standardise, inputShape }: Dataset): StandardiseRule {
  return standardise ?? (inputShape.length === 1 ? 'agreed' : 'own')
}

/** A peer's part of the sums, of its training samples: one for each of {@link agreedColumns}. */
export function contributionOf(dataset: Dataset, samples: Samples): Moments[] {
  const inputs = ruleOf(dataset) === 'agreed' ? momentsOf(samples, channelsOf(dataset.inputShape)) : []
  if (dataset.objective?.kind !== 'regression') return inputs
  return [...inputs, ...momentsOf({ inputs: samples.targets! }, 1)]
}

/**
 * How large a column is, but for a factor: its deviation rounded up to a power of two, and its mean to a multiple of
 * that. `category` is 0 or 1 and has the same range everywhere; of an `unknown` one nothing is said.
 */
export const rangeSchema = z.union([
  z.enum(['category', 'unknown']),
  z.strictObject({ centre: z.number(), spread: z.number().positive() }),
])
export type ColumnRange = z.output<typeof rangeSchema>

/** What a manifest states about the columns, from the data of the peer that wrote it. */
export function rangesOf(columns: readonly AgreedColumn[], contribution: readonly Moments[]): ColumnRange[] {
  return columns.map(({ role }, column) => {
    if (role === 'category') return 'category'
    const { mean, std } = scaleOf(contribution[column]!)
    if (std === unknownSpread) return 'unknown'
    const spread = 2 ** Math.ceil(Math.log2(std))
    return { centre: Math.round(mean / spread) * spread, spread }
  })
}

/** What the sums of all peers come to. */
export interface Agreement {
  /** One for each column. */
  readonly scales: readonly Scale[]
  /** Columns whose sums were too far from the manifest's range, which counts instead. */
  readonly ranged: readonly number[]
}

/** No column is seen wider than so many times its range; at a single peer wider than that it is left out there. */
const widest = 32
/** Nor narrower: a site that measures in units 60 times as large makes the column so at all others. */
const narrowest = 256
/** Within so many times its range most columns are, whatever peers take part. */
const near = 4

/**
 * Mean and deviation of each column from its sums, the same to the last bit for every peer that has the same sums and
 * ranges. Bounded, whatever sums a liar has brought about: a column beyond its range by more than `widest` or
 * `narrowest` has the range itself; and where more than one and more than half of the columns with a range are not near
 * it, all have. So at worst half of the columns are seen up to 256 times as narrow as they are, and the others up to 4
 * times. Of what the manifest has no range for, the sums alone decide, and `seenBy` keeps it from blowing up.
 */
export function agree(totals: readonly Moments[], ranges: readonly ColumnRange[] = []): Agreement {
  const scales = totals.map(scaleOf)
  const bounded = [...scales.keys()].filter(column => typeof ranges[column] === 'object')
  const rangeAt = (column: number): Exclude<ColumnRange, string> => ranges[column] as Exclude<ColumnRange, string>
  const far = bounded.filter(column => !isWithin(scales[column]!, rangeAt(column), near, near))
  const isTrusted = far.length <= Math.max(1, bounded.length / 2)
  const ranged = bounded.filter(column => !isTrusted || !isWithin(scales[column]!, rangeAt(column), widest, narrowest))
  return {
    scales: scales.map((scale, column) => {
      if (ranges[column] === 'category') return categoryScale(scale)
      if (!ranged.includes(column)) return scale
      const { centre, spread } = rangeAt(column)
      return { mean: centre, std: spread }
    }),
    ranged,
  }
}

/** The range was rounded up, to twice the deviation at most. */
function isWithin({ mean, std }: Scale, range: Exclude<ColumnRange, string>, wide: number, narrow: number): boolean {
  if (range.spread > 2 * wide * std || std > narrow * range.spread) return false
  return Math.abs(mean - range.centre) <= wide * Math.max(std, range.spread)
}

/** 0 or 1, whatever the sums are: the first peer that has a category must not see it at an unbounded distance. */
function categoryScale({ mean, std }: Scale): Scale {
  return {
    mean: Math.min(1, Math.max(0, mean)),
    std: std === unknownSpread ? 1 / widest : Math.min(1, Math.max(1 / widest, std)),
  }
}

/**
 * The standardisation that all peers have in common.
 *
 * @param samples - a peer's own: only they count where the rule of the inputs is not to agree
 */
export function agreedStandardisation(dataset: Dataset, samples: Samples, { scales }: Agreement): Standardisation {
  const rule = ruleOf(dataset)
  const inputs =
    rule === 'agreed'
      ? standardisationBy(scales.slice(0, channelsOf(dataset.inputShape)), unitOf(samples))
      : lonelyStandardisation(rule, dataset, samples)
  if (dataset.objective?.kind !== 'regression') return inputs
  const { mean, std } = scales.at(-1)!
  // A number that does not vary is predicted by its mean.
  return { ...inputs, target: { mean, std: std === unknownSpread ? 1 : std } }
}

/** How a peer sees the agreed numbers beside its own. */
export interface Sight {
  /** As agreed, without the columns that are left out here. */
  readonly standardisation: Standardisation
  /** A sentence each. */
  readonly notes: readonly string[]
}

/** A late peer is warned of a column whose spread here is so many times the agreed one, or a so many-th of it. */
const strikingFactor = 8

/**
 * Holds what was agreed on against a peer's own samples. A column whose values lie more than `widest` agreed deviations
 * off is left out at this peer, as if all its values were missing: with honest sums that is so only where this peer has
 * less than a thousandth of all rows, and otherwise the first step of training would throw the model away.
 *
 * @param own - the peer's part of the sums
 * @param totals - given where that part is in them: what no other rows make of it was not honestly added up
 */
export function seenBy(
  columns: readonly AgreedColumn[],
  common: Standardisation,
  { scales, ranged }: Agreement,
  own: readonly Moments[],
  totals?: readonly Moments[],
): Sight {
  const far = { out: [] as number[], striking: [] as number[], impossible: [] as number[] }
  for (const [column, moments] of own.entries()) {
    const here = spreadOf(moments)
    const { mean, std } = scales[column]!
    if (totals !== undefined && !isPossible(withoutOwn(totals[column]!, moments))) far.impossible.push(column)
    if (here === undefined || columns[column]!.role === 'target') continue
    const distance = Math.hypot(here.deviation, here.mean - mean) / std
    // Whose rows are in the sums has had its say.
    const isNew = totals === undefined && columns[column]!.role === 'number'
    const isNarrow = here.deviation > 0 && std !== unknownSpread && std > strikingFactor * here.deviation
    if (distance > widest) far.out.push(column)
    else if (isNew && (distance > strikingFactor || isNarrow)) far.striking.push(column)
  }
  const named = (at: readonly number[]): string => namesOf(at.map(column => columns[column]!.name))
  const note = (at: readonly number[], what: string): string[] => (at.length === 0 ? [] : [`${named(at)}: ${what}`])
  return {
    standardisation: far.out.length === 0 ? common : without(common, far.out),
    notes: [
      ...note(ranged, "the sums of all peers are too far from the run's range, which counts instead"),
      ...note(
        far.impossible,
        'the sums of all peers cannot hold the rows of this one; a peer has lied, or these rows have changed since',
      ),
      ...note(
        far.out,
        `more than ${widest} agreed deviations off here, so left out at this peer; are the units the same?`,
      ),
      ...note(
        far.striking,
        `more than ${strikingFactor} times as wide or as narrow here as agreed; are the units the same?`,
      ),
    ],
  }
}

function withoutOwn(total: Moments, own: Moments): Moments {
  return { count: total.count - own.count, sum: total.sum - own.sum, squares: total.squares - own.squares }
}

function without(common: Standardisation, columns: readonly number[]): Standardisation {
  const std = common.std.slice()
  for (const column of columns) std[column] = unknownSpread
  return { ...common, std }
}

function namesOf(names: readonly string[]): string {
  return `${names.length === 1 ? 'column' : 'columns'} ${shortList(names)}`
}

/** A peer of one process among others. */
export interface SharedSight extends Sight {
  /** What all have in common, whatever is left out at one of them; nothing where each goes by its own. */
  readonly common?: Standardisation
}

/**
 * What peers of one process agree on: the same sums, the same ranges and so the same bits as in the field, where the
 * first of them writes the manifest.
 *
 * @param parts - each peer's training samples
 */
export function agreeTogether(dataset: Dataset, parts: readonly Samples[]): SharedSight[] {
  const columns = agreedColumns(dataset)
  const contributions = parts.map(samples => contributionOf(dataset, samples))
  const totals = addMoments(contributions)
  const agreement = agree(totals, rangesOf(columns, contributions[0]!))
  // One object for all peers: workers keep a test set on their device once for each standardisation.
  const common = ruleOf(dataset) === 'own' ? undefined : agreedStandardisation(dataset, parts[0]!, agreement)
  return parts.map((samples, peer) => {
    const seen = common ?? agreedStandardisation(dataset, samples, agreement)
    return { ...seenBy(columns, seen, agreement, contributions[peer]!, totals), ...(common && { common }) }
  })
}
