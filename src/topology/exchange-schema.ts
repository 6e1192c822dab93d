import * as z from 'zod'
import { orOneWord } from '../validation.js'
import { peersLimit, topologySchema } from './schema.js'

/** Each gets every model: more would be a full graph. */
const aggregatorsLimit = 16

/** A longer pause than this is no exchange at all: `once` says so. */
const pauseLimit = 1_000_000

const rounds = z
  .int()
  .min(1)
  .max(pauseLimit)
  .default(1)
  .meta({ says: 'Exchange in every so many rounds, after the last of them; the others train alone' })

const drawn = {
  // Left out, nothing is drawn: a number that stands for that would differ with the graph.
  partners: z.number().min(0).max(peersLimit).optional().meta({
    says: 'Of how many neighbours, drawn anew, a peer takes heads: 0.2 is of one, in one round of five; left out, of all',
    example: 0.2,
  }),
  pairs: z.boolean().default(false).meta({
    says: 'With partners of up to 1: those drawn take from each other, so that the mean of all models stays',
  }),
}

const final = z.boolean().default(false).meta({
  says: 'At the end of the last round all merge into one model; each keeps its own beside it',
})

const usual = 'every'

/** A sample is drawn anew in each round, of one aggregator at least: more of either than peers mean all of them. */
const sampled = {
  // The numbers of arXiv 2302.13837.
  participants: z.int().min(1).max(peersLimit).default(10).meta({ says: 'How many train in a round; the others wait' }),
  aggregators: z.int().min(1).max(aggregatorsLimit).default(1).meta({
    says: 'How many average what they have trained, each all of it; 2 where peers may die',
  }),
  fraction: z.number().gt(0).max(1).default(1).meta({
    says: 'Share of the participants whose models an aggregator waits for',
  }),
  inactivity: z.int().min(1).max(pauseLimit).optional().meta({
    says: 'Rounds after which a peer of which nothing is heard is asked no more; left out, by peers and participants',
    example: 50,
  }),
}

const kinds = [
  z
    .strictObject({ when: z.literal(usual).meta({ implied: true }), rounds, ...drawn, final })
    .superRefine(pairsGoWithPartners)
    .meta({ says: 'Every round, or every so many' }),
  z
    .strictObject({
      when: z.literal('window'),
      // arXiv 2507.06542: a late window of a twentieth of the rounds does best at equal bytes.
      from: z.number().min(0).lt(1).default(0.9).meta({ says: 'Share of the rounds that are over when it begins' }),
      length: z.number().gt(0).max(1).default(0.05).meta({ says: 'Share of the rounds in it, one at least' }),
      dense: topologySchema.prefault('full').meta({ says: 'The graph in it; outside it is that of topology' }),
      rounds: rounds.meta({ says: 'Outside it, exchange in every so many rounds' }),
      ...drawn,
      final,
    })
    .superRefine(pairsGoWithPartners)
    .meta({ says: 'Densely in a part of the run, sparsely outside' }),
  z
    .strictObject({
      when: z.literal('adaptive'),
      // 1 is nearly every round. Measured: docs/exchange.md.
      moved: z.number().gt(0).max(1000).default(2).meta({
        says: 'A head is news once it lies so many times as far from the one heard last as it moves in a usual round',
      }),
      final,
    })
    .meta({ says: 'Along the edges at either end of which there is news' }),
  z
    .strictObject({ when: z.literal('once') })
    .meta({ says: 'Never until the end of the last round, and then all with all' }),
  z.strictObject({ when: z.literal('sampled'), ...sampled }).meta({
    says: 'A few that are drawn train in a round, and one of the next round averages their models',
    paper: 'Decentralized Learning Made Practical with Client Sampling, arXiv 2302.13837',
  }),
] as const

function pairsGoWithPartners(
  { partners, pairs }: { readonly partners?: number | undefined; readonly pairs: boolean },
  context: z.RefinementCtx,
): void {
  if (!pairs || (partners !== undefined && partners <= 1)) return
  const message =
    partners === undefined
      ? 'goes with partners, which draws them; set it, or remove pairs'
      : 'goes with partners of up to 1; lower it, or remove pairs'
  context.addIssue({ code: 'custom', path: ['pairs'], message })
}

/**
 * The manifest's section `exchange`: in which rounds peers exchange (ALGORITHMS-2.md 7). A word such as `once`, or an
 * object with that word as `when`, `every` where it is left out, and its options.
 */
export const exchangeSchema = orOneWord('when', z.discriminatedUnion('when', kinds), usual)

/** When a run's peers exchange, with all its numbers. */
export type ExchangeSpec = z.output<typeof exchangeSchema>

/** Rounds from one usual exchange to the next; infinite where there is none. */
export function roundsBetween(exchange: ExchangeSpec): number {
  if (exchange.when === 'once') return Number.POSITIVE_INFINITY
  return exchange.when === 'adaptive' || exchange.when === 'sampled' ? 1 : exchange.rounds
}

/** Sampled participants, with all numbers. */
export type SampledSpec = Omit<Extract<ExchangeSpec, { when: 'sampled' }>, 'inactivity'> & {
  readonly inactivity: number
}

/** As many rounds as nobody that is there is left out of by chance: 10 times what lies between two of its own, or more. */
const inactivityLeast = 50
const inactivityTimes = 10

/** The section with every number that decides the run's. */
export function settledExchange(exchange: ExchangeSpec, peers: number): ExchangeSpec {
  if (exchange.when !== 'sampled') return exchange
  const between = Math.ceil(peers / exchange.participants)
  const { inactivity = Math.max(inactivityLeast, inactivityTimes * between) } = exchange
  return { ...exchange, inactivity }
}

/** The sample of a settled section. @returns undefined where peers are not sampled */
export function sampledIn(exchange: ExchangeSpec): SampledSpec | undefined {
  return exchange.when === 'sampled' ? (exchange as SampledSpec) : undefined
}

/** Of how many neighbours a peer takes heads in a usual exchange, where these are drawn. */
export function drawnIn(exchange: ExchangeSpec): { readonly partners?: number | undefined; readonly pairs: boolean } {
  return 'pairs' in exchange ? exchange : { pairs: false }
}

/** Are there rounds in which some peers exchange nothing? */
export function hasSilence(exchange: ExchangeSpec): boolean {
  if (exchange.when === 'adaptive' || exchange.when === 'sampled') return true
  return roundsBetween(exchange) > 1 || drawnIn(exchange).partners !== undefined
}

/** Does the last round end with a final merge of all? */
export function endsMerged(exchange: ExchangeSpec): boolean {
  return exchange.when === 'once' || (exchange.when !== 'sampled' && exchange.final)
}
